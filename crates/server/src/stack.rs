//! Everything that a request passes before its handler, and an answer after it, on one page.
//!
//! One service around the router instead of a pile of layers: each layer would cost a boxed future
//! and a clone per request. In order:
//!
//! 1. The request gets its id, its client is told from the proxies in front, and its token is checked,
//!    in memory. A request that HTTP forbids is refused (`well_formed.rs`).
//! 2. It is charged to whoever asks; whoever asks too often is refused.
//! 3. What came over http is sent to https, where the public URL is https.
//! 4. A body that announces more than [`MAX_BODY`] is refused unread, save a form of a page: that is
//!    judged by its token first, and read no further either. Every body has a deadline.
//! 5. The router runs. A panic in it becomes a 500; what takes too long a 503, for a store may answer
//!    slowly many times in one request. What was begun goes on, as when a client has left.
//! 6. Every failure becomes problem+json with a `code`, a `type` and the `request_id`; what comes from
//!    the framework, too. A browser gets it as a page. Its cause goes into the log.
//! 7. The answer gets its headers: those of [`headers`], those of the limits, and the id of the request.

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
use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use csrf::CsrfRejection;
use headers::{
    Context as HeadersContext, Csp, Hsts, HttpsRedirect, HttpsRequired, Nonce, Policy, Scheme,
    Verdict,
};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use jwt::{AuthRejection, Authentication};
use pin_project_lite::pin_project;
use problem::Problem;
use ratelimit::{Client, Decision, TrustedProxies};
use tokio::time::{Sleep, sleep};
use tower_http::timeout::DeadlineBody;
use tower_service::Service;

use crate::app::App;
use crate::client::Clients;
use crate::code::Code;
use crate::error::{ApiError, Cause};
use crate::limits::{Asked, Charge, Deferred};
use crate::pages::{self, IsPage};
use crate::request_id::{RequestIds, X_REQUEST_ID};
use crate::router::{self, Route, router};
use crate::telemetry::{self, Finished};
use crate::well_formed;

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
    answer_time: Duration,
    clients: Clients,
    redirect: HttpsRedirect,
    request_ids: RequestIds,
    policy: Policy,
}

/// What stands between the application and the network.
#[derive(Clone, Debug)]
pub struct Edge {
    /// The proxies whose word about a client counts.
    pub proxies: TrustedProxies,
    /// What becomes of requests over http.
    pub redirect: HttpsRedirect,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    /// How long the whole answer may take.
    pub answer_time: Duration,
    /// What browsers are told to use https for, and how long.
    pub hsts: Hsts,
}

impl Stack {
    /// Builds the application.
    pub fn new(app: App, edge: Edge) -> Self {
        let router = router(app.clone());
        Self {
            router,
            shared: Arc::new(Shared {
                body_time: edge.body_time,
                answer_time: edge.answer_time,
                clients: Clients::new(edge.proxies),
                redirect: edge.redirect,
                request_ids: RequestIds::new(),
                policy: Policy::default().hsts(edge.hsts),
                app,
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
        let request = request.map(|body| in_time(body, shared.body_time));
        let now = shared.app.clock.now();
        let client = shared.clients.of(peer.ip(), request.headers(), now);
        let mut passing = Passing::new(&request, client, scheme, Arc::clone(shared));
        if let Some(fault) = well_formed::fault(&request, &client) {
            let state = State::done(ApiError::from(fault));
            return self.answering(state, passing);
        }

        let authentication = shared
            .app
            .authority
            .authenticate(request.headers(), now.as_seconds());
        let asked = Asked {
            client: client.address.ip(),
            route: passing.route,
            method: request.method(),
            now,
        };
        let limited = shared.limit(asked, &request, passing.scheme, &authentication);
        let request = Admitted {
            request,
            authentication,
            client,
            scheme: passing.scheme,
            is_form: passing
                .route
                .is_some_and(|route| route.takes_form(&passing.method)),
        };
        let state = match limited {
            Limited::Free => self.run(request),
            Limited::Charged(charge) => self.charged(charge, request, &mut passing),
            Limited::Later(deferred) => {
                passing.later = Some(deferred.clone());
                self.run(request.with(deferred))
            }
            Limited::Twice(charge, deferred) => {
                passing.later = Some(deferred.clone());
                self.charged(charge, request.with(deferred), &mut passing)
            }
        };
        self.answering(state, passing)
    }

    fn answering(&self, state: State, passing: Passing) -> Answering {
        Answering {
            state,
            passing: Some(passing),
            answer_time: self.shared.answer_time,
            end: None,
        }
    }

    fn charged(&self, charge: Charge, request: Admitted, passing: &mut Passing) -> State {
        match charge {
            Charge::Done(charged) => self.admit(request, charged, passing),
            Charge::Waiting(charge) => State::Charging {
                charge,
                waiting: Some(Box::new((self.clone(), request))),
            },
        }
    }

    /// What is said of bytes that are no request: the headers and the body.
    pub(crate) fn answer_unreadable(
        &self,
        code: Code,
        peer: Option<SocketAddr>,
        scheme: Scheme,
    ) -> (HeaderMap, Vec<u8>) {
        let id = self.shared.request_ids.fresh();
        let problem = ApiError::new(code)
            .into_problem()
            .with_type(code.type_url())
            .with_request_id(id.to_str().unwrap_or_default().to_owned());
        telemetry::unreadable(&id, peer, code.status());
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        let context = HeadersContext::new(scheme);
        self.shared.policy.apply(&mut headers, context);
        headers.insert(X_REQUEST_ID, id);
        (headers, problem.to_json())
    }

    /// Goes on with a request that was charged, or refuses it.
    fn admit(
        &self,
        request: Admitted,
        charged: Result<Decision, ApiError>,
        passing: &mut Passing,
    ) -> State {
        match charged {
            Ok(decision) => {
                let refused = decision.retry_after();
                passing.charged = Some(decision);
                match refused {
                    Some(wait) => State::done(ApiError::rate_limited(wait)),
                    None => self.run(request),
                }
            }
            Err(error) => State::done(error),
        }
    }

    fn run(&self, admitted: Admitted) -> State {
        let Admitted {
            mut request,
            authentication,
            client,
            scheme,
            is_form,
        } = admitted;
        if let Some(refusal) = self.shared.refused(&request, scheme, is_form) {
            return State::done(refusal);
        }
        request.extensions_mut().insert(authentication);
        // Where a request comes from is noted by what changes something, and by nothing else.
        if !request.method().is_safe() {
            request.extensions_mut().insert(client.address);
        }

        let mut router = self.router.clone();
        match catch_unwind(AssertUnwindSafe(|| Service::call(&mut router, request))) {
            Ok(running) => State::Running { running },
            Err(panic) => State::done(panicked(&*panic)),
        }
    }
}

/// What a request costs.
enum Limited {
    /// Nothing.
    Free,
    /// Something.
    Charged(Charge),
    /// The handler says whom to charge.
    Later(Deferred),
    /// Something, and then the handler says whom to charge besides.
    Twice(Charge, Deferred),
}

impl Shared {
    fn limit(
        &self,
        asked: Asked<'_>,
        request: &Request<Body>,
        scheme: Scheme,
        authentication: &Authentication,
    ) -> Limited {
        let Some(limits) = &self.app.limits else {
            return Limited::Free;
        };
        let route = asked.route;
        // Only what reaches its handler can be charged there.
        if route.is_some_and(Route::reads_token_from_body)
            && authentication.is_missing()
            && self.refused(request, scheme, false).is_none()
        {
            return Limited::Later(Deferred::new(limits, asked));
        }
        if route.is_some_and(|route| route.charged == router::Charged::PageOfAccount)
            && !asked.method.is_safe()
            && self.app.pages.has_session(request.headers())
        {
            let deferred = Deferred::new(limits, asked);
            return Limited::Twice(limits.charge_look(asked), deferred);
        }
        limits
            .charge(asked, authentication)
            .map_or(Limited::Free, Limited::Charged)
    }

    /// The answer to what doesn't get as far as the router. A form of a page does, whatever its size.
    fn refused(&self, request: &Request<Body>, scheme: Scheme, is_form: bool) -> Option<Response> {
        let (method, uri) = (request.method(), request.uri());
        match self.redirect.judge(scheme, method, uri) {
            Verdict::Serve => {}
            Verdict::Redirect(location) => {
                let redirect = (StatusCode::PERMANENT_REDIRECT, [(LOCATION, location)]);
                return Some(redirect.into_response());
            }
            Verdict::Refuse(HttpsRequired) => {
                return Some(ApiError::new(Code::HttpsRequired).into_response());
            }
        }
        let announced = announced_length(request.headers());
        let too_large = !is_form && announced.is_some_and(|length| length > MAX_BODY);
        too_large.then(|| ApiError::new(Code::BodyTooLarge).into_response())
    }
}

/// A request on its way to the router.
struct Admitted {
    request: Request<Body>,
    authentication: Authentication,
    client: Client,
    scheme: Scheme,
    /// Whether it sends a form of a page.
    is_form: bool,
}

impl Admitted {
    fn with(mut self, deferred: Deferred) -> Self {
        self.request.extensions_mut().insert(deferred);
        self
    }
}

pin_project! {
    /// The answer to come.
    pub struct Answering {
        #[pin]
        state: State,
        passing: Option<Passing>,
        answer_time: Duration,
        end: Option<Pin<Box<Sleep>>>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State {
        Charging {
            charge: Pin<Box<dyn Future<Output = Result<Decision, ApiError>> + Send>>,
            waiting: Option<Box<(Stack, Admitted)>>,
        },
        Running { #[pin] running: RouteFuture<Infallible> },
        Done { response: Option<Response> },
    }
}

impl State {
    fn done(answer: impl IntoResponse) -> Self {
        Self::Done {
            response: Some(answer.into_response()),
        }
    }
}

impl State {
    fn poll_response(
        mut self: Pin<&mut Self>,
        passing: &mut Option<Passing>,
        cx: &mut Context<'_>,
    ) -> Poll<Response> {
        loop {
            match self.as_mut().project() {
                StateProjection::Charging { charge, waiting } => {
                    let charged = ready!(charge.as_mut().poll(cx));
                    // A charge is answered once, and both are there until then.
                    let (Some(waiting), Some(passing)) = (waiting.take(), passing.as_mut()) else {
                        return Poll::Ready(Response::default());
                    };
                    let (stack, request) = *waiting;
                    let next = stack.admit(request, charged, passing);
                    self.set(next);
                }
                StateProjection::Running { running } => {
                    let polled = catch_unwind(AssertUnwindSafe(|| running.poll(cx)));
                    return Poll::Ready(match polled {
                        Ok(polled) => ready!(polled).unwrap_or_else(|never| match never {}),
                        Err(panic) => panicked(&*panic).into_response(),
                    });
                }
                StateProjection::Done { response } => {
                    return Poll::Ready(response.take().unwrap_or_default());
                }
            }
        }
    }
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = match this.state.as_mut().poll_response(this.passing, cx) {
            Poll::Ready(response) => response,
            Poll::Pending => {
                // What is answered at once, nearly everything, needs no timer.
                let time = *this.answer_time;
                let end = this.end.get_or_insert_with(|| Box::pin(sleep(time)));
                ready!(end.as_mut().poll(cx));
                this.state.set(State::done(ApiError::late(time)));
                ready!(this.state.as_mut().poll_response(this.passing, cx))
            }
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
    route: Option<&'static Route>,
    client: Client,
    scheme: Scheme,
    /// What came of the limits.
    charged: Option<Decision>,
    /// What comes of them with the handler.
    later: Option<Deferred>,
    /// The address, when a failure is to be shown as a page.
    page_for: Option<Uri>,
    shared: Arc<Shared>,
}

impl Passing {
    fn new<B>(
        request: &Request<B>,
        client: Client,
        connection: Scheme,
        shared: Arc<Shared>,
    ) -> Self {
        let (method, uri) = (request.method().clone(), request.uri());
        Self {
            id: shared.request_ids.of(request.headers()),
            route: Route::at(uri.path()).filter(|route| route.has(&method)),
            method,
            client,
            scheme: match client.scheme {
                Some(ratelimit::Scheme::Https) => Scheme::Https,
                Some(ratelimit::Scheme::Http) => Scheme::Http,
                None => connection,
            },
            charged: None,
            later: None,
            page_for: pages::wants_page(uri.path(), request.headers()).then(|| uri.clone()),
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
            route: self.route,
            client: self.client.address,
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
        let later = self.later.as_ref().and_then(Deferred::decision);
        if let Some(decision) = later.or(self.charged.as_ref()) {
            ratelimit::Headers::Standard.write(decision, headers);
        }
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
        match &self.page_for {
            Some(uri) => pages::error::shown(response, uri.path(), id),
            None => response,
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
