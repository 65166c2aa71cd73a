//! A failure, as a page.

use std::borrow::Cow;
use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use problem::Problem;

use super::render::{Frame, IsPage, html};
use super::wait;

#[derive(Template)]
#[template(path = "error.html")]
struct Page {
    frame: Frame,
    title: &'static str,
    message: Option<String>,
    advice: Cow<'static, str>,
    request_id: String,
    back: &'static str,
    back_label: &'static str,
}

/// Shows the problem that `response` reports as a page. Status and headers stay; a response without a
/// problem is left alone, and so is one whose page can't be made.
pub(crate) fn shown(mut response: Response, path: &str, request_id: &str) -> Response {
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let (title, advice) = words(problem);
    let (message, advice) = match wait(response.headers()) {
        // The heading has said what.
        Some(wait) if problem.status() == StatusCode::TOO_MANY_REQUESTS => {
            let when = format!("Try again in {}.", wait::in_words(wait));
            (None, Cow::Owned(when))
        }
        _ if matches!(problem.code(), "unavailable" | "registration_closed") => {
            (None, Cow::Borrowed(advice))
        }
        _ => (Some(problem.message().to_owned()), Cow::Borrowed(advice)),
    };
    let (back, back_label) = way_back(path, problem.code());
    let page = html(|frame| Page {
        frame,
        title,
        message,
        advice,
        request_id: request_id.to_owned(),
        back,
        back_label,
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

/// The heading, and what one can do.
fn words(problem: &Problem) -> (&'static str, &'static str) {
    match problem.code() {
        "not_found" => (
            "Page not found",
            "Check the address, or start from the first page.",
        ),
        "method_not_allowed" => (
            "This page can't be opened like that",
            "Start from the first page and follow its links.",
        ),
        "csrf_failed" => (
            "This form can't be accepted",
            "Nothing was changed. If it happens again, allow cookies for this site.",
        ),
        "https_required" => (
            "A secure connection is needed",
            "Ask the people who run this service for its https address.",
        ),
        "registration_closed" => (
            "Registration is closed",
            "If you have an account already, you can sign in.",
        ),
        "body_too_large" | "uri_too_long" | "headers_too_large" => {
            ("Too much was sent", "Go back and send less.")
        }
        "rate_limited" | "too_many_attempts" => (
            "Too many requests",
            "Please wait a while before you try again.",
        ),
        "unavailable" => (
            "Temporarily unavailable",
            "Try again shortly. If it goes on, contact the people who run this service, with the \
             number below.",
        ),
        _ if problem.status().is_server_error() => (
            "Something went wrong",
            "Try again in a moment. If it goes on, contact the people who run this service, with \
             the number below.",
        ),
        _ => (
            "This can't be done",
            "Go back to the page before and try again.",
        ),
    }
}

/// The page that a form stands on, or the first one.
fn way_back(path: &str, code: &str) -> (&'static str, &'static str) {
    match path {
        _ if code == "registration_closed" => ("/login", "Go to sign in"),
        "/login" => ("/login", "Back to sign in"),
        "/register" => ("/register", "Back to registration"),
        _ if path == "/account" || path.starts_with("/account/") => {
            ("/account", "Back to your account")
        }
        _ => ("/", "Go to the first page"),
    }
}
