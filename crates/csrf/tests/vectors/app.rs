//! The application that was recorded, with this crate in Flask-WTF's place.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Form;
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use csrf::{Credential, CsrfLayer, CsrfToken, FormTokens, PublicOrigin, SessionBinding};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::edit::fill;
use crate::flask;
use crate::script::Step;

const BOUNDARY: &str = "boundary-of-the-recording";

pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Of a page that shows a token: the token alone.
    pub(crate) body: String,
}

/// What the session is known by when this request has been answered.
#[derive(Clone)]
struct Session(String);

pub(crate) fn knows(route: &str) -> bool {
    [
        "/token",
        "/meta",
        "/do",
        "/exempt",
        "/form-only",
        "/exempt-form",
    ]
    .contains(&route)
}

pub(crate) fn is_exempt(route: &str) -> bool {
    route.starts_with("/exempt")
}

pub(crate) const fn origin(https: bool) -> &'static str {
    if https {
        "https://app.example"
    } else {
        "http://app.example"
    }
}

pub(crate) async fn send(
    profile: &str,
    step: &Step,
    cookie: Option<&str>,
    tokens: &HashMap<String, String>,
) -> Reply {
    let response = router(profile, step)
        .oneshot(request(profile, step, cookie, tokens))
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Reply {
        status,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

fn field_name(profile: &str) -> &'static str {
    match profile {
        "other-names" => "_tok",
        _ => "csrf_token",
    }
}

fn router(profile: &str, step: &Step) -> Router {
    let field = field_name(profile);
    let unchecked =
        || post(async move |csrf: CsrfToken, Form(form)| is_valid(&csrf, &form, field).to_string());
    let form_inside = if profile == "check-off" {
        unchecked()
    } else {
        post(checked_form)
    };
    Router::new()
        .route("/token", get(token))
        .route("/meta", get(token))
        .route("/do", any("done"))
        .route("/exempt", any("exempt"))
        .route("/form-only", form_inside)
        .route("/exempt-form", unchecked())
        .layer(layer(profile, step))
}

async fn token(csrf: CsrfToken, Extension(session): Extension<Session>) -> String {
    csrf.bound_to(SessionBinding::new(session.0.as_bytes()))
        .render()
        .unwrap()
}

/// A `FlaskForm` in a view that the layer didn't check: it looks at its own field only.
fn is_valid(csrf: &CsrfToken, form: &HashMap<String, String>, field: &str) -> bool {
    let token = form.get(field).map_or("", String::as_str);
    has_name(form) && csrf.verify(token).is_ok()
}

/// One in a view that the layer did check.
async fn checked_form(Form(form): Form<HashMap<String, String>>) -> String {
    has_name(&form).to_string()
}

fn has_name(form: &HashMap<String, String>) -> bool {
    form.get("name").is_some_and(|name| !name.is_empty())
}

fn layer(profile: &str, step: &Step) -> CsrfLayer {
    let secret = match profile {
        "own-secret" => "another-csrf-secret-0123456789abcdef",
        _ => "csrf-session-secret-0123456789abcdef",
    };
    let tokens = FormTokens::new(secret.as_bytes()).unwrap();
    let tokens = match profile {
        "short" => tokens.time_limit(Duration::from_secs(10)),
        "no-time-limit" => tokens.without_time_limit(),
        _ => tokens,
    };
    let (now, field) = (step.at, field_name(profile));
    let credentials = move |request: &Parts| {
        if let Some(session) = session_in(request, field, now) {
            return Credential::Session(SessionBinding::new(session.as_bytes()));
        }
        match request.headers.get("authorization") {
            Some(value) if value.as_bytes().starts_with(b"Bearer ") => Credential::Explicit,
            _ => Credential::Anonymous,
        }
    };
    let origin = PublicOrigin::of(origin(step.https)).unwrap();
    let layer = CsrfLayer::new(tokens, origin, credentials, Arc::new(move || now));
    match profile {
        "check-off" => layer.with_insecure_exemption(|_| true),
        "other-names" => layer
            .with_insecure_exemption(|request| is_exempt(request.uri.path()))
            .field_name(field)
            .header_names([HeaderName::from_static("x-my-csrf")]),
        _ => layer.with_insecure_exemption(|request| is_exempt(request.uri.path())),
    }
}

fn session_in(request: &Parts, field: &str, now: u64) -> Option<String> {
    let cookie = request.headers.get("cookie")?.to_str().ok()?;
    flask::session_of(cookie.strip_prefix("session=")?, field, now)
}

fn request(
    profile: &str,
    step: &Step,
    cookie: Option<&str>,
    tokens: &HashMap<String, String>,
) -> Request<Body> {
    let held = cookie.and_then(|cookie| cookie.strip_prefix("session="));
    let session = step
        .cookie_set()
        .or(held)
        .and_then(|cookie| flask::session_of(cookie, field_name(profile), step.at))
        .unwrap_or_default();
    let fill = |text: &str| fill(text, tokens, &session);

    let mut request = Request::builder()
        .method(step.method.as_str())
        .uri(fill(&step.path))
        .header("host", "app.example");
    if !step.is_safe() {
        request = request.header("sec-fetch-site", "same-origin");
        if step.header("origin").is_none() {
            request = request.header("origin", origin(step.https));
        }
    }
    for (name, value) in &step.headers {
        if !name.eq_ignore_ascii_case("cookie") {
            request = request.header(
                name,
                HeaderValue::from_bytes(fill(value).as_bytes()).unwrap(),
            );
        }
    }
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    let (content_type, body) = body(step, fill);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    request
        .extension(Session(session.clone()))
        .body(body)
        .unwrap()
}

fn body(step: &Step, fill: impl Fn(&str) -> String) -> (Option<String>, Body) {
    if let Some(fields) = &step.form {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, &fill(value));
        }
        let content_type = "application/x-www-form-urlencoded".to_owned();
        return (Some(content_type), form.finish().into());
    }
    if let Some(fields) = &step.multipart {
        let parts = fields.iter().map(|(name, value)| {
            let disposition = format!("Content-Disposition: form-data; name=\"{name}\"");
            format!("--{BOUNDARY}\r\n{disposition}\r\n\r\n{}\r\n", fill(value))
        });
        let body = parts.collect::<String>() + &format!("--{BOUNDARY}--\r\n");
        return (
            Some(format!("multipart/form-data; boundary={BOUNDARY}")),
            body.into(),
        );
    }
    if !step.json.is_null() {
        let body = fill(&step.json.to_string());
        return (Some("application/json".to_owned()), body.into());
    }
    (None, Body::empty())
}
