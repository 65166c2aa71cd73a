//! The problem details of RFC 9457.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, StatusCode};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::Faults;

/// What a client reads of any failure of the server.
pub const GENERIC_MESSAGE: &str = "An error occurred.";

/// What a client reads of one that passes by itself (503).
pub const UNAVAILABLE_MESSAGE: &str = "Temporarily unavailable. Try again shortly.";

/// The names of the members that a problem has anyway: no extension member takes their place.
const MEMBERS: [&str; 7] = [
    "type",
    "title",
    "status",
    "code",
    "message",
    "request_id",
    "errors",
];

/// An answer that reports a problem: `application/problem+json` (RFC 9457).
///
/// Members, in this order: `type`, `title`, `status`, `code`, `message`, `request_id`, `errors`,
/// and whatever [`Problem::with`] adds. A problem of the server (5xx) shows
/// [`GENERIC_MESSAGE`], or [`UNAVAILABLE_MESSAGE`] for a 503, whatever it was given, and neither faults nor members.
#[derive(Clone)]
pub struct Problem(Box<Parts>);

#[derive(Clone)]
struct Parts {
    kind: Cow<'static, str>,
    title: Option<&'static str>,
    status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    request_id: Option<String>,
    errors: Faults,
    members: Vec<(&'static str, serde_json::Value)>,
    headers: HeaderMap,
}

impl Problem {
    /// A problem of the client: `status` is 4xx, `code` a stable word for programs, `message` a
    /// sentence for people that says what to mend.
    ///
    /// A status that reports no error becomes 500.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let status = if status.is_client_error() || status.is_server_error() {
            status
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self(Box::new(Parts {
            kind: Cow::Borrowed("about:blank"),
            title: None,
            status,
            code,
            message: message.into(),
            request_id: None,
            errors: Faults::new(),
            members: Vec::new(),
            headers: HeaderMap::new(),
        }))
    }

    /// A problem of the server: it has no message of its own. The cause belongs into the log.
    ///
    /// A status other than 5xx becomes 500.
    pub fn server(status: StatusCode, code: &'static str) -> Self {
        let status = if status.is_server_error() {
            status
        } else {
            StatusCode::INTERNAL_SERVER_ERROR
        };
        Self::new(status, code, of_server(status))
    }

    /// 500 `internal`
    pub fn internal() -> Self {
        Self::server(StatusCode::INTERNAL_SERVER_ERROR, "internal")
    }

    /// 503 `unavailable`, with `Retry-After`
    pub fn unavailable(retry_after: Duration) -> Self {
        Self::server(StatusCode::SERVICE_UNAVAILABLE, "unavailable").retry_after(retry_after)
    }

    /// 422 `validation_failed`, with all the faults
    pub fn invalid(faults: Faults) -> Self {
        let listed = faults.iter().count();
        let message = match (listed, faults.omitted()) {
            (1, 0) => Cow::Borrowed("The input has one fault."),
            (_, 0) => Cow::Owned(format!("The input has {listed} faults.")),
            (_, omitted) => Cow::Owned(format!(
                "The input has {} faults; the first {listed} are listed.",
                listed.saturating_add(omitted)
            )),
        };
        let mut problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_failed",
            message,
        );
        problem.0.errors = faults;
        problem
    }

    /// The problem that a bare status stands for: what a router says of unknown routes and methods.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::UNAUTHORIZED => ("missing_token", "Sign in first."),
            StatusCode::FORBIDDEN => ("forbidden", "You may not do this."),
            StatusCode::NOT_FOUND => ("not_found", "There is nothing here."),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This can't be done here."),
            StatusCode::REQUEST_TIMEOUT => {
                ("malformed_request", "The request took too long to arrive.")
            }
            StatusCode::CONFLICT => ("conflict", "This contradicts what is stored."),
            StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "The body is too large."),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => (
                "unsupported_media_type",
                "The body has a type that is not read here.",
            ),
            StatusCode::UNPROCESSABLE_ENTITY => ("validation_failed", "Some fields are invalid."),
            StatusCode::TOO_MANY_REQUESTS => {
                ("rate_limited", "Too many requests. Try again later.")
            }
            StatusCode::SERVICE_UNAVAILABLE => ("unavailable", UNAVAILABLE_MESSAGE),
            status if status.is_client_error() => {
                ("malformed_request", "The request can't be understood.")
            }
            _ => ("internal", GENERIC_MESSAGE),
        };
        Self::new(status, code, message)
    }

    /// With another title than the status's own reason phrase.
    #[must_use]
    pub fn with_title(mut self, title: &'static str) -> Self {
        self.0.title = Some(title);
        self
    }

    /// With a `type` (RFC 9457 §3.1.1): a URL where this kind of problem is explained. Without one
    /// it is `about:blank`.
    #[must_use]
    pub fn with_type(mut self, url: impl Into<Cow<'static, str>>) -> Self {
        self.0.kind = url.into();
        self
    }

    /// With the id that finds the cause in the log.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<String>) -> Self {
        self.0.request_id = Some(id.into());
        self
    }

    /// With an extension member (RFC 9457 §3.2). The names of RFC 9457 and of this crate's own
    /// members are not for it: such a member is left out.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<serde_json::Value>) -> Self {
        if !MEMBERS.contains(&name) {
            self.0.members.retain(|(taken, _)| *taken != name);
            self.0.members.push((name, value.into()));
        }
        self
    }

    /// With a header of the response, in place of one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// With `Retry-After` (RFC 9110 §10.2.3), in whole seconds, rounded up.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        let seconds = wait
            .as_secs()
            .saturating_add(u64::from(wait.subsec_nanos() > 0));
        self.with_header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// With `WWW-Authenticate` (RFC 9110 §11.6.1), such as `Bearer error="invalid_token"`.
    #[must_use]
    pub fn challenge(self, challenge: HeaderValue) -> Self {
        self.with_header(WWW_AUTHENTICATE, challenge)
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable word for programs.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The `type`: a URL, or `about:blank`.
    pub fn type_url(&self) -> &str {
        &self.0.kind
    }

    /// The title.
    pub fn title(&self) -> &'static str {
        self.0
            .title
            .or_else(|| reason(self.0.status))
            .unwrap_or("Error")
    }

    /// The sentence that is shown.
    pub fn message(&self) -> &str {
        if self.0.status.is_server_error() {
            of_server(self.0.status)
        } else {
            &self.0.message
        }
    }

    /// The faults of a 422.
    pub fn faults(&self) -> &Faults {
        &self.0.errors
    }

    /// The headers it sets, besides `Content-Type`.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The body: JSON text, and the end of its line.
    pub fn to_json(&self) -> Vec<u8> {
        // Texts, numbers and members that are JSON already: there is nothing to fail.
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n'); // for whoever reads it on a terminal
        json
    }
}

/// What RFC 9110 §15 calls a status. The crate `http` has the names of before for two of them.
fn reason(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Some("Content Too Large"),
        StatusCode::UNPROCESSABLE_ENTITY => Some("Unprocessable Content"),
        status => status.canonical_reason(),
    }
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        Self::invalid(faults)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let parts = &*self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &parts.kind)?;
        map.serialize_entry("title", self.title())?;
        map.serialize_entry("status", &parts.status.as_u16())?;
        map.serialize_entry("code", parts.code)?;
        map.serialize_entry("message", self.message())?;
        if let Some(id) = &parts.request_id {
            map.serialize_entry("request_id", id)?;
        }
        if !parts.status.is_server_error() {
            if !parts.errors.is_empty() {
                map.serialize_entry("errors", parts.errors.as_slice())?;
            }
            for (name, value) in &parts.members {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl std::error::Error for Problem {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0.status.as_u16(), self.0.code)
    }
}

impl fmt::Debug for Problem {
    /// Status and code: message, members and headers may hold what only the client should see.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Problem({self})")
    }
}

/// All that is said of a failure of the server.
fn of_server(status: StatusCode) -> &'static str {
    if status == StatusCode::SERVICE_UNAVAILABLE {
        UNAVAILABLE_MESSAGE
    } else {
        GENERIC_MESSAGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    fn text(problem: &Problem) -> String {
        let line = String::from_utf8(problem.to_json()).unwrap();
        line.strip_suffix('\n').unwrap().to_owned()
    }

    #[test]
    fn members_stand_in_a_fixed_order() {
        let problem = Problem::new(
            StatusCode::UNAUTHORIZED,
            "factor_required",
            "Enter the code.",
        )
        .with("factors", vec!["totp"])
        .with("challenge", "c-1")
        .with_request_id("r-1")
        .with_type("https://example.org/problems#factor_required");
        assert_eq!(
            text(&problem),
            concat!(
                r#"{"type":"https://example.org/problems#factor_required","title":"Unauthorized","#,
                r#""status":401,"code":"factor_required","message":"Enter the code.","#,
                r#""request_id":"r-1","factors":["totp"],"challenge":"c-1"}"#
            )
        );
    }

    #[test]
    fn a_failure_of_the_server_tells_nothing() {
        let given = Problem::new(
            StatusCode::BAD_GATEWAY,
            "internal",
            "connect to 10.0.0.7 failed",
        )
        .with("query", "select * from users");
        for problem in [
            given,
            Problem::internal().with("cause", "secret"),
            Problem::unavailable(Duration::from_millis(1_500)),
            Problem::new(StatusCode::OK, "fine", "secret"),
            Problem::server(StatusCode::NOT_FOUND, "internal"),
        ] {
            assert!(problem.status().is_server_error());
            let message = match problem.status() {
                StatusCode::SERVICE_UNAVAILABLE => "Temporarily unavailable. Try again shortly.",
                _ => "An error occurred.",
            };
            assert_eq!(problem.message(), message);
            let text = text(&problem);
            let end = format!(r#""message":"{message}"}}"#);
            assert!(text.ends_with(&end), "{text}");
        }
        let busy = Problem::unavailable(Duration::from_millis(1_500));
        assert_eq!(busy.headers()[RETRY_AFTER], "2");
    }

    #[test]
    fn a_member_never_takes_the_place_of_another() {
        let problem = Problem::new(StatusCode::CONFLICT, "taken", "Choose another.")
            .with("status", 200)
            .with("request_id", "forged")
            .with("name", "old")
            .with("name", "new");
        assert_eq!(
            text(&problem),
            concat!(
                r#"{"type":"about:blank","title":"Conflict","status":409,"code":"taken","#,
                r#""message":"Choose another.","name":"new"}"#
            )
        );
    }

    #[test]
    fn faults_beyond_the_bound_are_counted() {
        let mut faults = Faults::new();
        for _ in 0..40 {
            faults.push(Fault::required());
        }
        assert_eq!(
            Problem::invalid(faults).message(),
            "The input has 40 faults; the first 32 are listed."
        );
    }

    #[test]
    fn debug_shows_status_and_code_only() {
        let problem =
            Problem::new(StatusCode::CONFLICT, "taken", "alice is taken").with("name", "alice");
        assert_eq!(
            format!("{problem:?} {problem}"),
            "Problem(409 taken) 409 taken"
        );
    }
}
