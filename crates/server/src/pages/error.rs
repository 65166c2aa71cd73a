//! A failure, as a page.

use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use problem::Problem;

use super::render::{Frame, IsPage, html, tell_language};
use super::words::Words;

#[derive(Template)]
#[template(path = "error.html")]
struct Page {
    frame: Frame,
    title: String,
    message: Option<String>,
    advice: String,
    request_id: String,
    back: &'static str,
    back_label: String,
}

/// Shows the problem that `response` reports as a page. Status and headers stay; a response without a
/// problem is left alone, and so is one whose page can't be made.
pub(crate) fn shown(
    mut response: Response,
    words: &Words,
    path: &str,
    request_id: &str,
) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let (title, advice) = title_and_advice(problem);
    let advice = words.say(advice);
    let (message, advice) = match wait(response.headers()) {
        // The heading has said what.
        Some(wait) if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
            let wait = words.wait(wait);
            let when = words.say_with("error-too-many-when", &[("wait", (&wait).into())]);
            (None, when)
        }
        _ if matches!(problem.code(), "unavailable" | "registration_closed") => (None, advice),
        _ => (Some(words.problem(problem)), advice),
    };
    let (back, back_label) = way_back(path, problem.code());
    let page = html(words, |frame| Page {
        frame,
        title: words.say(title),
        message,
        advice,
        request_id: request_id.to_owned(),
        back,
        back_label: words.say(back_label),
    });
    let Ok((text, nonce)) = page else {
        return response;
    };
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
    tell_language(words, headers);
    *response.body_mut() = Body::from(text);
    response.extensions_mut().insert(nonce);
    response.extensions_mut().insert(IsPage);
    response
}

/// How long to wait, as the answer says it to programs.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The keys of the heading, and of what one can do.
fn title_and_advice(problem: &Problem) -> (&'static str, &'static str) {
    match problem.code() {
        "not_found" => ("error-not-found-title", "error-not-found-advice"),
        "method_not_allowed" => ("error-method-title", "error-method-advice"),
        "csrf_failed" => ("error-form-title", "error-form-advice"),
        "https_required" => ("error-https-title", "error-https-advice"),
        "registration_closed" => ("error-registration-title", "error-registration-advice"),
        "body_too_large" | "uri_too_long" | "headers_too_large" => {
            ("error-too-much-title", "error-too-much-advice")
        }
        "rate_limited" | "too_many_attempts" => ("error-too-many-title", "error-too-many-advice"),
        "unavailable" => ("error-unavailable-title", "error-unavailable-advice"),
        _ if problem.status().is_server_error() => {
            ("error-internal-title", "error-internal-advice")
        }
        _ => ("error-other-title", "error-other-advice"),
    }
}

/// The page that a form stands on, or the first one, and the key of what the link to it says.
fn way_back(path: &str, code: &str) -> (&'static str, &'static str) {
    match path {
        _ if code == "registration_closed" => ("/login", "page-to-sign-in"),
        "/login" => ("/login", "page-back-to-sign-in"),
        "/register" => ("/register", "error-back-to-registration"),
        _ if path == "/account" || path.starts_with("/account/") => {
            ("/account", "page-back-to-account")
        }
        _ => ("/", "page-to-first"),
    }
}
