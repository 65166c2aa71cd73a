//! A problem as a response.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};

use crate::{Problem, Rejection};

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Gives the problem that a response reports its last touches, such as the id of the request, and
/// writes the body anew. A response that carries no [`Problem`] is left alone.
///
/// For a service around the whole router, which sees the problems of every layer below it.
pub fn complete(mut response: Response, touch: impl FnOnce(Problem) -> Problem) -> Response {
    match response.extensions_mut().remove::<Problem>() {
        Some(problem) => replace(response, touch(problem)),
        None => response,
    }
}

/// Puts `problem` in place of what `response` says, and keeps its headers, such as the `Allow` of a
/// router's 405.
pub fn replace(mut response: Response, problem: Problem) -> Response {
    let body = problem.to_json();
    *response.status_mut() = problem.status();
    let headers = response.headers_mut();
    headers.remove(CONTENT_ENCODING);
    headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    for (name, value) in problem.headers() {
        headers.insert(name, value.clone());
    }
    *response.body_mut() = Body::from(body);
    response.extensions_mut().insert(problem);
    response
}

impl IntoResponse for Problem {
    /// The problem itself goes into the response's extensions, for [`complete`] and for logs.
    fn into_response(self) -> Response {
        replace(Response::default(), self)
    }
}

impl IntoResponse for Rejection {
    /// As its [`Problem`]; the rejection goes into the response's extensions too.
    fn into_response(self) -> Response {
        let mut response = Problem::from(self.clone()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
