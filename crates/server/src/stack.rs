//! Everything that a request passes before its handler, and an answer after it, on one page.
//!
//! One service around the router instead of a pile of layers: each layer would cost a boxed future
//! and a clone per request. In order:
//!
//! 1. The request gets its id, and its token is checked, in memory.
//! 2. What came over http is sent to https, where the public URL is https.
//! 3. A body that announces more than [`MAX_BODY`] is refused unread; any other has a deadline.
//! 4. The router runs. A panic in it becomes a 500.
//! 5. Every failure becomes problem+json with a `code`, a `type` and the `request_id`; what comes from
//!    the framework, too. A browser gets it as a page. Its cause goes into the log.
//! 6. The answer gets its headers: those of [`headers`], and the id of the request.

use std::any::Any;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::future::RouteFuture;
use csrf::CsrfRejection;
use headers::{Context as HeadersContext, Csp, HttpsRequired, Nonce, Policy, Scheme, Verdict};
use http::header::{CONTENT_LENGTH, HeaderValue, LOCATION};
use http::{HeaderMap, Method, Request, StatusCode};
use jwt::AuthRejection;
use pin_project_lite::pin_project;
use problem::Problem;
use tower_http::timeout::DeadlineBody;
use tower_service::Service;

use crate::app::App;
use crate::code::Code;
use crate::error::{ApiError, Cause};
use crate::pages::{self, IsPage};
use crate::request_id::{RequestIds, X_REQUEST_ID};
use crate::router::router;
use crate::telemetry::{self, Finished};

/// The most bytes of a body.
pub const MAX_BODY: usize = 64 * 1024;

/// The whole application: the router and what stands around it.
#[derive(Clone, Debug)]
pub struct Stack {
    router: Router,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    app: App,
    body_time: Duration,
    request_ids: RequestIds,
    policy: Policy,
}

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

impl Stack {
    /// Builds the application. A body must have arrived within `body_time`.
    pub fn new(app: App, body_time: Duration) -> Self {
        let router = router(app.clone());
        let request_ids = RequestIds::new();
        Self {
            router,
            shared: Arc::new(Shared {
                app,
                body_time,
                request_ids,
                policy: Policy::default(),
            }),
        }
    }

    /// Answers a request that came from `peer` over `scheme`.
    pub fn answer<B>(&self, request: Request<B>, peer: SocketAddr, scheme: Scheme) -> Answering
    where
        B: http_body::Body<Data = axum::body::Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let shared = &self.shared;
        let mut request = request.map(|body| in_time(body, shared.body_time));
        let id = shared.request_ids.of(request.headers());
        let passing = Passing::new(&request, id, scheme, Arc::clone(shared));

        match shared
            .app
            .redirect
            .judge(scheme, request.method(), request.uri())
        {
            Verdict::Serve => {}
            Verdict::Redirect(location) => return Answering::redirected(location, passing),
            Verdict::Refuse(HttpsRequired) => {
                return Answering::at_once(ApiError::new(Code::HttpsRequired), passing);
            }
        }
        if announced_length(request.headers()).is_some_and(|length| length > MAX_BODY) {
            return Answering::at_once(ApiError::new(Code::BodyTooLarge), passing);
        }
        let now = shared.app.clock.now().as_seconds();
        let authentication = shared.app.authority.authenticate(request.headers(), now);
        request.extensions_mut().insert(authentication);
        request.extensions_mut().insert(Peer(peer));

        let mut router = self.router.clone();
        match catch_unwind(AssertUnwindSafe(|| Service::call(&mut router, request))) {
            Ok(running) => Answering {
                state: State::Running { running },
                passing: Some(passing),
            },
            Err(panic) => Answering::at_once(panicked(&*panic), passing),
        }
    }
}

pin_project! {
    /// The answer to come.
    pub struct Answering {
        #[pin]
        state: State,
        passing: Option<Passing>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State {
        Running { #[pin] running: RouteFuture<Infallible> },
        Done { response: Option<Response> },
    }
}

impl Answering {
    fn at_once(error: ApiError, passing: Passing) -> Self {
        Self::with(error.into_response(), passing)
    }

    fn redirected(location: HeaderValue, passing: Passing) -> Self {
        let answer = (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]);
        Self::with(answer.into_response(), passing)
    }

    fn with(response: Response, passing: Passing) -> Self {
        Self {
            state: State::Done {
                response: Some(response),
            },
            passing: Some(passing),
        }
    }
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match this.state.project() {
            StateProjection::Running { running } => {
                match catch_unwind(AssertUnwindSafe(|| running.poll(cx))) {
                    Ok(polled) => ready!(polled).unwrap_or_else(|never| match never {}),
                    Err(panic) => panicked(&*panic).into_response(),
                }
            }
            StateProjection::Done { response } => response.take().unwrap_or_default(),
        };
        // A future that has answered isn't polled again.
        let answer = match this.passing.take() {
            Some(passing) => passing.finish(response),
            None => response,
        };
        Poll::Ready(Ok(answer))
    }
}

impl std::fmt::Debug for Answering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answering").finish_non_exhaustive()
    }
}

/// What is remembered of a request until it is answered.
struct Passing {
    id: HeaderValue,
    method: Method,
    uri: http::Uri,
    scheme: Scheme,
    wants_page: bool,
    shared: Arc<Shared>,
}

impl Passing {
    fn new<B>(request: &Request<B>, id: HeaderValue, scheme: Scheme, shared: Arc<Shared>) -> Self {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let wants_page = pages::wants_page(uri.path(), request.headers());
        Self {
            id,
            method,
            uri,
            scheme,
            wants_page,
            shared,
        }
    }

    fn finish(self, response: Response) -> Response {
        let status = response.status();
        let failed = status.is_client_error() || status.is_server_error();
        let mut response = if failed && response.extensions().get::<IsPage>().is_none() {
            self.explain(response)
        } else {
            response
        };
        telemetry::finished(&Finished {
            request_id: &self.id,
            method: &self.method,
            path: self.uri.path(),
            status: response.status(),
            cause: response.extensions_mut().remove::<Cause>(),
        });
        let extensions = response.extensions_mut();
        let (nonce, csp) = (extensions.remove::<Nonce>(), extensions.remove::<Csp>());
        let context = HeadersContext::new(self.scheme)
            .nonce(nonce.as_ref())
            .csp(csp.as_ref());
        let headers = response.headers_mut();
        self.shared.policy.apply(headers, context);
        headers.insert(X_REQUEST_ID, self.id);
        response
    }

    /// Gives a failure its whole body, whoever failed.
    fn explain(&self, response: Response) -> Response {
        let extensions = response.extensions();
        let response = if let Some(rejection) = extensions.get::<AuthRejection>() {
            ApiError::from(rejection).into_response()
        } else if let Some(rejection) = extensions.get::<CsrfRejection>() {
            let request_id = self.id.to_str().unwrap_or_default();
            tracing::debug!(request_id, reason = %rejection, "a form was refused");
            ApiError::from(*rejection).into_response()
        } else {
            named(response)
        };
        let id = self.id.to_str().unwrap_or_default();
        let response = problem::complete(response, |problem| {
            let type_url = format!("{}{}", crate::code::ERRORS_PAGE, problem.code());
            problem.with_type(type_url).with_request_id(id.to_owned())
        });
        if self.wants_page {
            pages::error::shown(response, self.uri.path(), id)
        } else {
            response
        }
    }
}

/// A failure that came without a problem, from the framework, with one; its headers stay (`Allow`).
fn named(response: Response) -> Response {
    if response.extensions().get::<Problem>().is_some() {
        return response;
    }
    let mut named = ApiError::new(Code::for_status(response.status())).into_response();
    if let Some(allow) = response.headers().get(http::header::ALLOW) {
        named
            .headers_mut()
            .insert(http::header::ALLOW, allow.clone());
    }
    named
}

fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    ApiError::internal(Panicked(text.to_owned()))
}

/// A handler panicked.
#[derive(Debug, thiserror::Error)]
#[error("a panic: {0}")]
struct Panicked(String);

/// The body, with a deadline if there is one to come: a timer costs.
fn in_time<B>(body: B, deadline: Duration) -> Body
where
    B: http_body::Body<Data = axum::body::Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    if body.is_end_stream() {
        Body::empty()
    } else {
        Body::new(DeadlineBody::new(deadline, Body::new(body)))
    }
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    // The HTTP implementation has refused lengths that aren't numbers; one beyond `usize` is too large.
    let text = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    Some(text.parse().unwrap_or(usize::MAX))
}
