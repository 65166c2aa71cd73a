//! Which other origins' scripts may use the API (Fetch Standard, "HTTP CORS protocol").
//!
//! By default none. An origin that is named may send requests and read the answers, failures too. It is
//! allowed nothing by cookie: no answer has `Access-Control-Allow-Credentials`, and the API ignores
//! cookies. Pages are shared with nobody.
//!
//! A browser asks first (a preflight, `OPTIONS`) whether it may send a token or JSON. For a named origin
//! that is answered here, at nobody's cost: nothing is looked up. Everybody else's `OPTIONS` is a method
//! that no route has.

use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    HeaderMap, HeaderValue, ORIGIN, VARY,
};
use http::{Method, Request, StatusCode};

use crate::route::{API, Route};

/// What scripts may send besides what every form may (Fetch Standard, "CORS-safelisted request-header").
const MAY_SEND: HeaderValue =
    HeaderValue::from_static("authorization, content-type, x-portcullis-device, x-request-id");

/// What scripts may read besides `Content-Type` and the like.
const MAY_READ: HeaderValue = HeaderValue::from_static(
    "allow, ratelimit, ratelimit-policy, retry-after, www-authenticate, x-request-id",
);

/// How long the answer to a preflight is good, in seconds: two hours, the most that Chromium takes.
const MAX_AGE: HeaderValue = HeaderValue::from_static("7200");

/// The origins whose scripts may use the API.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    origins: Vec<HeaderValue>,
}

/// What an answer says of other origins.
#[derive(Clone, Debug)]
pub(crate) enum Sharing {
    /// Nothing.
    Silent,
    /// That it would be another for another origin.
    Varies,
    /// The same, and that this origin may read it.
    With(HeaderValue),
}

impl Cors {
    /// Allows these origins, each as browsers write it (RFC 6454 §6.2): `https://app.example.org`. What
    /// isn't fit for a header is nobody's origin, and left out.
    pub fn new<'a>(origins: impl IntoIterator<Item = &'a str>) -> Self {
        let origins = origins.into_iter().map(HeaderValue::from_str);
        Self {
            origins: origins.filter_map(Result::ok).collect(),
        }
    }

    /// What the answer to a request with this `path`, which belongs to `route`, and these `headers` is to say.
    pub(crate) fn sharing(
        &self,
        path: &str,
        route: Option<&Route>,
        headers: &HeaderMap,
    ) -> Sharing {
        let is_shared = || path.starts_with(API) || route.is_some_and(|route| route.is_shared);
        if self.origins.is_empty() || !is_shared() {
            return Sharing::Silent;
        }
        match origin(headers).filter(|origin| self.origins.contains(origin)) {
            Some(origin) => Sharing::With(origin.clone()),
            None => Sharing::Varies,
        }
    }
}

impl Sharing {
    /// The answer to a preflight of an origin that may use the route, which `find` finds by its path.
    pub(crate) fn preflight<B>(
        &self,
        request: &Request<B>,
        find: impl FnOnce(&str) -> Option<&'static Route>,
    ) -> Option<Response> {
        let asks = request.method() == Method::OPTIONS
            && request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || !matches!(self, Self::With(_)) {
            return None;
        }
        let methods = find(request.uri().path())?.methods().join(", ");
        let headers = [
            (ACCESS_CONTROL_ALLOW_METHODS, methods.try_into().ok()?),
            (ACCESS_CONTROL_ALLOW_HEADERS, MAY_SEND),
            (ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ];
        Some((StatusCode::NO_CONTENT, headers).into_response())
    }

    pub(crate) fn write(self, headers: &mut HeaderMap) {
        if let Self::Silent = self {
            return;
        }
        headers.append(VARY, HeaderValue::from_static("origin"));
        if let Self::With(origin) = self {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, MAY_READ);
        }
    }
}

/// The one origin that a request names.
fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut named = headers.get_all(ORIGIN).iter();
    match (named.next(), named.next()) {
        (Some(origin), None) => Some(origin),
        (_, _) => None,
    }
}
