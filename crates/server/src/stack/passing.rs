//! What is remembered of a request until it is answered, and what its answer gets.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use csrf::CsrfRejection;
use headers::{Context as HeadersContext, Csp, Nonce, Scheme};
use http::header::HeaderValue;
use http::{Method, Request, Uri};
use jwt::AuthRejection;
use problem::Problem;
use ratelimit::{Client, Decision};

use super::Shared;
use super::deadline::BodyWait;
use crate::code::Code;
use crate::cors::Sharing;
use crate::endpoint::AtHand;
use crate::error::{ApiError, Cause};
use crate::extract::languages;
use crate::limits::{self, Deferred};
use crate::pages::{self, IsPage, Words};
use crate::request_id::X_REQUEST_ID;
use crate::route::Route;
use crate::routes;
use crate::telemetry::{self, Finished, LeftOut};

/// What the log calls the budget of guesses at a password.
const ATTEMPTS: &str = "attempts";

/// When there is room for a body again: those that are there end within seconds.
const ROOM_RETRY: Duration = Duration::from_secs(1);

/// What is remembered of a request until it is answered.
pub(super) struct Passing {
    pub(super) id: HeaderValue,
    pub(super) method: Method,
    pub(super) route: Option<&'static Route>,
    /// Whether its answer may be at hand.
    pub(super) at_hand: Option<AtHand>,
    pub(super) client: Client,
    pub(super) scheme: Scheme,
    /// How long its body is waited for, if there is one.
    pub(super) body: Option<BodyWait>,
    /// Whether it was refused before anybody could be charged for it.
    pub(super) is_uncharged: bool,
    /// What came of the limits.
    pub(super) charged: Option<Decision>,
    /// What comes of them with the handler.
    pub(super) later: Option<Deferred>,
    /// The address, and the languages of whoever asks, when a failure is to be shown as a page.
    pub(super) page_for: Option<(Uri, Option<String>)>,
    /// What other origins are told.
    pub(super) sharing: Sharing,
    pub(super) shared: Arc<Shared>,
}

impl Passing {
    pub(super) fn new<B>(
        request: &Request<B>,
        client: Client,
        (peer, connection): (IpAddr, Scheme),
        shared: Arc<Shared>,
    ) -> Self {
        let (method, uri) = (request.method().clone(), request.uri());
        let endpoint = routes::at(uri.path());
        let there = endpoint.map(|endpoint| &endpoint.route);
        Self {
            id: shared
                .request_ids
                .of(request.headers(), || shared.clients.trusts(peer)),
            route: there.filter(|route| route.has(&method)),
            at_hand: endpoint
                .filter(|_| method == Method::GET)
                .and_then(|endpoint| endpoint.at_hand),
            method,
            client,
            scheme: match client.scheme {
                Some(ratelimit::Scheme::Https) => Scheme::Https,
                Some(ratelimit::Scheme::Http) => Scheme::Http,
                None => connection,
            },
            body: None,
            is_uncharged: false,
            charged: None,
            later: None,
            sharing: shared.cors.sharing(uri.path(), there, request.headers()),
            page_for: pages::wants_page(uri.path(), request.headers()).then(|| {
                let languages = languages(request.headers());
                (uri.clone(), languages)
            }),
            shared,
        }
    }

    pub(super) fn finish(self, mut response: Response) -> Response {
        if self.body.as_ref().is_some_and(BodyWait::was_refused) {
            // Whatever the handler made of a body that broke off.
            response = ApiError::unavailable(ROOM_RETRY).into_response();
        }
        let status = response.status();
        let failed = status.is_client_error() || status.is_server_error();
        let rejection = response.extensions().get::<CsrfRejection>();
        let reason = rejection.map(ToString::to_string);
        let mut response = if failed && response.extensions().get::<IsPage>().is_none() {
            self.explain(response)
        } else {
            response
        };
        let cause = response.extensions_mut().remove::<Cause>();
        let apart: Option<Decision> = response.extensions_mut().remove();
        let later = self.later.as_ref().and_then(Deferred::decision);
        let decision = apart.as_ref().or(later).or(self.charged.as_ref());
        let code = code_of(&response);
        let is_of_attempts = code == Some(Code::TooManyAttempts.as_str());
        telemetry::finished(&Finished {
            left_out: self.left_out(code),
            code,
            reason,
            limit: match code {
                _ if is_of_attempts => Some(ATTEMPTS),
                Some(code) if code == Code::RateLimited.as_str() => {
                    decision.and_then(limits::refusing)
                }
                Some(_) | None => None,
            },
            request_id: &self.id,
            method: &self.method,
            route: self.route,
            client: self.client.address,
            status: response.status(),
            cause,
        });
        let extensions = response.extensions_mut();
        let (nonce, csp) = (extensions.remove::<Nonce>(), extensions.remove::<Csp>());
        let context = HeadersContext::new(self.scheme)
            .nonce(nonce.as_ref())
            .csp(csp.as_ref());
        let headers = response.headers_mut();
        self.shared.policy.apply(headers, context);
        // How many attempts are left at a name is shown to nobody; and what is left of other limits isn't what refused.
        if let Some(decision) = decision.filter(|_| !is_of_attempts) {
            ratelimit::Headers::Standard.write(decision, headers);
        }
        self.sharing.write(headers);
        headers.insert(X_REQUEST_ID, self.id);
        response
    }

    /// What becomes of its line, where clients could fill the log with such lines.
    fn left_out(&self, code: Option<&str>) -> Option<LeftOut> {
        let seldom = match code {
            Some(code) if code == Code::RateLimited.as_str() => &self.shared.too_often,
            _ if self.is_uncharged => &self.shared.uncharged,
            _ => return None,
        };
        let due = seldom.due(self.shared.app.clock.now().as_millis());
        Some(due.map_or(LeftOut::This, LeftOut::Before))
    }

    /// Gives a failure its whole body, whoever failed.
    fn explain(&self, response: Response) -> Response {
        let extensions = response.extensions();
        let response = if let Some(rejection) = extensions.get::<AuthRejection>() {
            ApiError::from(rejection).into_response()
        } else if let Some(rejection) = extensions.get::<CsrfRejection>() {
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
            Some((uri, languages)) => {
                let words = Words::of(&self.shared.app.texts, languages.as_deref());
                pages::error::shown(response, &words, uri.path(), id)
            }
            None => response,
        }
    }
}

/// What an answer calls its failure: a problem does, and so does a form that is shown once more.
fn code_of(response: &Response) -> Option<&'static str> {
    let extensions = response.extensions();
    let problem = extensions.get().map(Problem::code);
    problem.or_else(|| extensions.get::<Code>().map(|code| code.as_str()))
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
