//! The hosted pages: what people see in a browser. One page, one file.
//!
//! - They work without a script, and load nothing but a stylesheet and an icon of their own.
//! - Who asks is told by a cookie (`cookies.rs`) and nothing else: a bearer token counts for nothing
//!   here, as cookies count for nothing in `/api/v1`.
//! - Whatever changes something passes both defences of [`csrf`]. Before a login the form token is
//!   bound to a session of its own, which dies at the login (`visitor.rs`).
//! - Over plain http to another machine they are off: a password would cross the network in the clear.

mod account;
mod agent;
mod assets;
mod confirm;
mod cookies;
pub(crate) mod error;
mod form;
mod home;
mod login;
mod logout;
mod next;
mod register;
mod render;
mod visitor;
mod wait;
mod wanted;

use std::sync::Arc;

use ::account::Throttled;
use axum::Router;
use axum::routing::{any, get, post};
use csrf::{CsrfLayer, FormTokens, InvalidPublicUrl, PublicOrigin};
use http::HeaderMap;
use model::Clock;

use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::router::{Charged, Route, hashing, route};
use cookies::Cookies;

pub(crate) use render::IsPage;
pub(crate) use wanted::wants_page;

/// Every page, as it stands in logs.
pub(crate) static ROUTES: &[Route] = {
    use Charged::{Nobody, Page, PageOfAccount};
    &[
        route("/", &["GET"], Page),
        route("/login", &["GET", "POST"], Page),
        route("/register", &["GET", "POST"], Page),
        route("/logout", &["POST"], PageOfAccount),
        route("/account", &["GET"], PageOfAccount),
        route("/account/profile", &["POST"], PageOfAccount),
        hashing(
            "/account/password",
            &["POST"],
            PageOfAccount,
            Throttled::PasswordChange,
        ),
        hashing(
            "/account/confirm",
            &["GET", "POST"],
            PageOfAccount,
            Throttled::Reauthentication,
        ),
        route("/account/sessions/end-others", &["POST"], PageOfAccount),
        route("/account/sessions/{id}/end", &["POST"], PageOfAccount),
        route(assets::STYLESHEET, &["GET"], Nobody),
        route(assets::ICON, &["GET"], Nobody),
    ]
};

/// How people reach the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over https.
    Https,
    /// Over http, from this machine only.
    Loopback,
    /// Over http, from other machines: the pages are off.
    PlainHttp,
}

/// What the pages need besides the use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pages {
    cookies: Cookies,
    origin: PublicOrigin,
    csrf: CsrfLayer,
    reach: Reach,
}

impl Pages {
    /// Pages at `public_url`, whose forms carry `tokens`.
    ///
    /// # Errors
    /// [`InvalidPublicUrl`] unless it is an http or https URL.
    pub fn new(
        public_url: &str,
        reach: Reach,
        tokens: FormTokens,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidPublicUrl> {
        let cookies = Cookies::new(reach == Reach::Https);
        let origin = PublicOrigin::of(public_url)?;
        let csrf = CsrfLayer::new(
            tokens,
            origin.clone(),
            cookies,
            Arc::new(move || clock.now().as_seconds()),
        );
        Ok(Self {
            cookies,
            origin,
            csrf,
            reach,
        })
    }

    /// Whether a form comes from a page of ours, as the layer of [`csrf`] judges it again before anything is done.
    pub(crate) fn is_own_form(&self, headers: &HeaderMap) -> bool {
        self.origin.vouches_for(headers).is_ok()
    }

    /// Whether a request carries the cookie of somebody who has signed in, or once had.
    pub(crate) fn has_session(&self, headers: &HeaderMap) -> bool {
        self.cookies.session(headers).is_some()
    }
}

/// The routes of the pages, or in their place the answer that they need https.
pub(crate) fn router(pages: &Pages) -> Router<App> {
    match pages.reach {
        Reach::Https | Reach::Loopback => served(&pages.csrf),
        Reach::PlainHttp => ROUTES.iter().fold(Router::new(), |router, route| {
            router.route(
                route.template,
                any(async || ApiError::new(Code::HttpsRequired)),
            )
        }),
    }
}

/// The layer stands around methods that exist and no others, so that 404 and 405 stay what they are.
fn served(csrf: &CsrfLayer) -> Router<App> {
    let csrf = || csrf.clone();
    Router::new()
        .route("/", get(home::show))
        .route(
            "/login",
            get(login::show).post(login::submit).route_layer(csrf()),
        )
        .route(
            "/register",
            get(register::show)
                .post(register::submit)
                .route_layer(csrf()),
        )
        .route("/logout", post(logout::submit).route_layer(csrf()))
        .route("/account", get(account::show).route_layer(csrf()))
        .route(
            "/account/profile",
            post(account::profile::submit).route_layer(csrf()),
        )
        .route(
            "/account/password",
            post(account::password::submit).route_layer(csrf()),
        )
        .route(
            "/account/confirm",
            get(confirm::show).post(confirm::submit).route_layer(csrf()),
        )
        .route(
            "/account/sessions/end-others",
            post(account::sessions::end_others).route_layer(csrf()),
        )
        .route(
            "/account/sessions/{id}/end",
            post(account::sessions::end).route_layer(csrf()),
        )
        .route(assets::STYLESHEET, get(assets::stylesheet))
        .route(assets::ICON, get(assets::icon))
}
