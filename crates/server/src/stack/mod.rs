//! Everything that a request passes before its handler, and an answer after it, on one page.
//!
//! One service around the router instead of a pile of layers: each layer would cost a boxed future
//! and a clone per request. In order:
//!
//! 1. The request gets its id, its client is told from the proxies in front, and its token is checked,
//!    in memory. A request that HTTP forbids is refused (`well_formed.rs`).
//!    A browser that asks on behalf of another origin that may use the API is told so (`cors.rs`).
//! 2. It is charged to whoever asks; whoever asks too often is refused.
//! 3. What came over http is sent to https, where the public URL is https.
//! 4. From here on its body may be read: what all together hold of bodies is bounded (`bodies.rs`).
//!    One that announces more than [`MAX_BODY`] is refused unread, save a form of a page: that is
//!    judged by its token first, and read no further either. Every body has a deadline.
//! 5. The router runs, unless the answer is at hand, and whatever a request that changes something writes into the log has its id. A panic in it
//!    becomes a 500. A request that takes longer than it may, its charging included and the arrival of its body not,
//!    becomes a 503 (`deadline.rs`). What was begun goes on, as when a client has left.
//! 6. Every failure becomes problem+json with a `code`, a `type` and the `request_id`; what comes from
//!    the framework, too. A browser gets it as a page. Its cause goes into the log.
//! 7. The answer gets its headers: those of [`headers`], those of the limits, for other origins, and the id
//!    of the request.

mod answering;
mod bodies;
mod charging;
mod deadline;
mod passing;

use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use headers::{
    Context as HeadersContext, Hsts, HttpsRedirect, HttpsRequired, Policy, Scheme, Verdict,
};
use http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION,
};
use http::{HeaderMap, Method, Request, StatusCode};
use jwt::Authentication;
use ratelimit::{Client, Decision, TrustedProxies};
use tower_http::timeout::DeadlineBody;
use tower_service::Service;
use tracing::Span;

use crate::app::{App, AppParts};
use crate::client::Clients;
use crate::code::Code;
use crate::cors::Cors;
use crate::endpoint::AtHand;
use crate::error::ApiError;
use crate::limits::{Asked, Charge, Deferred};
use crate::openapi;
use crate::request_id::{RequestId, RequestIds, X_REQUEST_ID};
use crate::router::router;
use crate::routes;
use crate::seldom::Seldom;
use crate::telemetry;
use crate::well_formed;
use answering::{State, panicked};
use bodies::{Bodies, Held};
use charging::Limited;
use deadline::{BodyWait, Deadline, Timed};
use passing::Passing;

pub use answering::Answering;

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
    bodies: Arc<Bodies>,
    request_time: Duration,
    clients: Clients,
    redirect: HttpsRedirect,
    request_ids: RequestIds,
    /// Who asks too often is in the log once a minute.
    too_often: Seldom,
    /// So is what is refused before anybody is charged for it.
    uncharged: Seldom,
    policy: Policy,
    cors: Cors,
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
    /// How long a request may take, from its complete body to its answer.
    pub request_time: Duration,
    /// What browsers are told to use https for, and how long.
    pub hsts: Hsts,
    /// Which other origins' scripts may use the API.
    pub cors: Cors,
}

impl Stack {
    /// Builds the application.
    pub fn new(parts: AppParts, edge: Edge) -> Self {
        let app = App::new(parts, openapi::document);
        let router = router(app.clone());
        Self {
            router,
            shared: Arc::new(Shared {
                body_time: edge.body_time,
                bodies: Arc::default(),
                request_time: edge.request_time,
                clients: Clients::new(edge.proxies),
                redirect: edge.redirect,
                request_ids: RequestIds::new(),
                too_often: Seldom::default(),
                uncharged: Seldom::default(),
                policy: Policy::default().hsts(edge.hsts),
                cors: edge.cors,
                app,
            }),
        }
    }

    /// Answers a request that came from `peer` over `scheme`.
    pub fn answer<B>(&self, request: Request<B>, peer: SocketAddr, scheme: Scheme) -> Answering
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let shared = &self.shared;
        let (head, body) = request.into_parts();
        let now = shared.app.clock.now();
        let client = shared.clients.of(peer.ip(), &head.headers, now);
        let (body, waiting) = shared.bounded(body, client.address.ip());
        let request = Request::from_parts(head, body);
        let mut passing = Passing::new(&request, client, (peer.ip(), scheme), Arc::clone(shared));
        passing.body = waiting;
        if let Some(fault) = well_formed::fault(&request, &client) {
            passing.is_uncharged = true;
            let state = State::done(ApiError::from(fault));
            return self.answering(state, passing);
        }
        if let Some(preflight) = passing.sharing.preflight(&request, routes::route_at)
            && shared.refused(&request, passing.scheme, false).is_none()
        {
            return self.answering(State::done(preflight), passing);
        }

        if let Some(options) = shared.options(&request, passing.scheme) {
            return self.answering(State::done(options), passing);
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
        let limited = shared.limit(asked, request.headers(), &authentication);
        let request = Admitted {
            request,
            authentication,
            client,
            id: passing
                .route
                .is_some_and(|route| route.notes(&passing.method))
                .then(|| RequestId(passing.id.clone())),
            scheme: passing.scheme,
            at_hand: passing.at_hand,
            is_form: passing
                .route
                .is_some_and(|route| route.takes_form(&passing.method)),
        };
        let state = match limited {
            Limited::Free => self.run(request),
            Limited::Charged(charge) => self.charged(charge, request, &mut passing),
            Limited::Twice(charge, deferred) => {
                passing.later = Some(deferred.clone());
                self.charged(charge, request.with(deferred), &mut passing)
            }
        };
        self.answering(state, passing)
    }

    /// Whether `peer` is a trusted proxy.
    pub(crate) fn trusts(&self, peer: IpAddr) -> bool {
        self.shared.clients.trusts(peer)
    }

    /// Whether there are trusted proxies.
    pub(crate) fn has_proxies(&self) -> bool {
        self.shared.clients.has_proxies()
    }

    /// Waits until what answers have left behind is written, within bounds: before the store is closed.
    pub async fn settled(&self) {
        self.shared.app.handings().settled().await;
    }

    fn answering(&self, state: State, passing: Passing) -> Answering {
        let deadline = Deadline::new(self.shared.request_time, passing.body.clone());
        Answering::new(state, passing, deadline)
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
                if let Some(later) = &passing.later {
                    later.paid(&decision);
                }
                passing.charged = Some(decision);
                match refused {
                    Some(wait) => {
                        self.shared.report_throttled(&request, passing);
                        State::done(ApiError::rate_limited(wait))
                    }
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
            id,
            scheme,
            at_hand,
            is_form,
        } = admitted;
        if let Some(refusal) = self.shared.refused(&request, scheme, is_form) {
            return State::done(refusal);
        }
        if let Some(at_hand) = at_hand {
            let looking = AssertUnwindSafe(|| at_hand(&self.shared.app, &authentication));
            match catch_unwind(looking) {
                Ok(Some(answer)) => return State::done(answer),
                Ok(None) => {}
                Err(panic) => return State::done(panicked(&*panic)),
            }
        }
        request.extensions_mut().insert(authentication);
        // Where a request comes from, and which one it is, is noted where an event may come of it, and nowhere else.
        let span = id.map_or_else(Span::none, |id| {
            let span = tracing::info_span!("request", request_id = %id);
            request.extensions_mut().insert(client.address);
            let network = self.shared.clients.network(&client);
            request.extensions_mut().insert(network);
            request.extensions_mut().insert(id);
            span
        });

        let mut router = self.router.clone();
        let calling = AssertUnwindSafe(|| Service::call(&mut router, request));
        match span.in_scope(|| catch_unwind(calling)) {
            Ok(running) => State::Running { running, span },
            Err(panic) => State::done(panicked(&*panic)),
        }
    }
}

impl Shared {
    /// The body within its bounds, and what is waited for it, if there is one to come: a timer costs.
    fn bounded<B>(&self, body: B, client: IpAddr) -> (Body, Option<BodyWait>)
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        if body.is_end_stream() {
            return (Body::empty(), None);
        }
        let wait = BodyWait::default();
        let held = Held::new(body, Arc::clone(&self.bodies), client, wait.clone());
        let timed = Timed::new(Body::new(held), wait.clone());
        (
            Body::new(DeadlineBody::new(self.body_time, timed)),
            Some(wait),
        )
    }

    /// The answer to `OPTIONS`: which methods there are, at nobody's cost, since nothing is looked up. Load balancers
    /// ask so whether the process answers (`OPTIONS / HTTP/1.0`), and may ask of the server as a whole (`*`).
    /// A preflight is another question (`cors.rs`).
    fn options(&self, request: &Request<Body>, scheme: Scheme) -> Option<Response> {
        let path = request.uri().path();
        let asks = request.method() == Method::OPTIONS
            && !request
                .headers()
                .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        if !asks || self.refused(request, scheme, false).is_some() {
            return None;
        }
        if path == "*" {
            return Some(StatusCode::NO_CONTENT.into_response());
        }
        let allow = routes::route_at(path)?.allow();
        Some((StatusCode::NO_CONTENT, [(ALLOW, allow)]).into_response())
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
    /// Its id, if it changes something.
    id: Option<RequestId>,
    scheme: Scheme,
    /// Whether its answer may be at hand.
    at_hand: Option<AtHand>,
    /// Whether it sends a form of a page.
    is_form: bool,
}

impl Admitted {
    fn with(mut self, deferred: Deferred) -> Self {
        self.request.extensions_mut().insert(deferred);
        self
    }
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    // The HTTP implementation has refused lengths that aren't numbers; one beyond `usize` is too large.
    let text = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    Some(text.parse().unwrap_or(usize::MAX))
}
