//! A route with its handlers, as `routes.rs` declares it.

use account::Throttled;
use axum::response::Response;
use axum::routing::{MethodRouter, any};
use csrf::CsrfLayer;
use jwt::Authentication;
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::pages::Pages;
use crate::route::Route;

/// A route, and who answers it.
pub(crate) struct Endpoint {
    pub(crate) route: Route,
    /// Answers a `GET` from memory, where nothing need be waited for.
    pub(crate) at_hand: Option<AtHand>,
    /// The handlers, those of a form behind the layer that judges it.
    pub(crate) mount: fn(&CsrfLayer) -> MethodRouter<App>,
    /// Whether it belongs to the pages, which can be off.
    pub(crate) is_page: bool,
    /// What the handlers say of themselves, if it is a part of the API.
    pub(crate) describe: Option<fn() -> OpenApi>,
    /// The failures that each method has besides those of all others like it.
    pub(crate) failures: &'static [(&'static str, &'static [Code])],
}

/// An answer that is at hand, if it is.
pub(crate) type AtHand = fn(&App, &Authentication) -> Option<Response>;

/// Declares routes: `KIND TEMPLATE, PAYER: METHOD handler, …;`
///
/// | kind | what it is |
/// |---|---|
/// | `api` | a part of the API. Its handlers have `#[utoipa::path]`, with `path = IN_ROUTES`; after one, `fails [Code, …]` are the failures that it adds |
/// | `file` | is served to everyone, and described nowhere |
/// | `page` | is shown to people, and takes nothing |
/// | `form` | is a page that takes a form, or one that has a form: it stands behind the layer of `csrf` |
///
/// The payer is one of [`Charged`](crate::route::Charged). After it comes what else is peculiar to the route: a method of
/// [`Endpoint`].
macro_rules! routes {
    ($($kind:ident $template:literal, $payer:ident $(, $trait:ident $(($value:expr))?)*:
       $($method:ident $($handler:ident)::+ $(fails [$($code:ident),+])?),+;)+) => {
        &[$(
            $crate::endpoint::Endpoint {
                route: $crate::route::Route::new(
                    $template,
                    &[$(stringify!($method)),+],
                    $crate::route::Charged::$payer,
                ),
                at_hand: None,
                mount: $crate::endpoint::mount!($kind $($method $($handler)::+),+),
                is_page: false,
                describe: $crate::endpoint::describe!($kind $($($handler)::+),+),
                failures: &[$((
                    stringify!($method),
                    &[$($($crate::code::Code::$code),+)?],
                )),+],
            }
            .$kind()
            $(.$trait($($value)?))*
        ),+]
    };
}

macro_rules! mount {
    (form $($method:ident $($handler:ident)::+),+) => {
        |csrf| {
            ::axum::routing::MethodRouter::new()
                $(.on(::axum::routing::MethodFilter::$method, $($handler)::+))+
                .route_layer(csrf.clone())
        }
    };
    (api $($method:ident $($handler:ident)::+),+) => {
        |_| {
            ::axum::routing::MethodRouter::new()
                $(.on(::axum::routing::MethodFilter::$method, $($handler)::+))+
        }
    };
    // No form is taken without the layer.
    ($_:ident GET $($handler:ident)::+) => {
        |_| ::axum::routing::get($($handler)::+)
    };
}

macro_rules! describe {
    (api $($($handler:ident)::+),+) => {
        Some(|| {
            #[derive(utoipa::OpenApi)]
            #[openapi(paths($($($handler)::+),+))]
            struct Described;

            <Described as utoipa::OpenApi>::openapi()
        })
    };
    ($_:ident $($($handler:ident)::+),+) => {
        None
    };
}

pub(crate) use {describe, mount, routes};

/// What a declaration may say.
impl Endpoint {
    pub(crate) const fn api(self) -> Self {
        self
    }

    pub(crate) const fn file(self) -> Self {
        self
    }

    pub(crate) const fn page(self) -> Self {
        Self {
            is_page: true,
            ..self
        }
    }

    pub(crate) const fn form(mut self) -> Self {
        self.route.has_form = true;
        self.page()
    }

    /// A `GET` is answered from memory, where nothing need be waited for.
    pub(crate) const fn at_hand(self, at_hand: AtHand) -> Self {
        Self {
            at_hand: Some(at_hand),
            ..self
        }
    }

    /// A password is checked for somebody who is signed in, for `what`.
    pub(crate) const fn hashes(mut self, what: Throttled) -> Self {
        self.route.hashes = Some(what);
        self
    }

    /// A `POST` signs in with a password.
    pub(crate) const fn signs_in(mut self) -> Self {
        self.route.signs_in = true;
        self
    }

    /// The token that says whom to charge may stand in the body.
    pub(crate) const fn token_in_body(mut self) -> Self {
        self.route.reads_token_from_body = true;
        self
    }

    /// Reading it is an event.
    pub(crate) const fn noted(mut self) -> Self {
        self.route.is_noted = true;
        self
    }

    /// Scripts of other origins may read it, though no program asks there.
    pub(crate) const fn shared(mut self) -> Self {
        self.route.is_shared = true;
        self
    }
}

impl Endpoint {
    /// The handlers, or in their place the answer that the pages need https.
    pub(crate) fn mounted(&self, pages: &Pages) -> MethodRouter<App> {
        if self.is_page && pages.are_off() {
            any(async || ApiError::new(Code::HttpsRequired))
        } else {
            (self.mount)(pages.csrf())
        }
    }
}
