//! Which handler answers what.

use account::Throttled;
use axum::Router;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use http::{HeaderMap, Method};
use jwt::Authentication;

use crate::api::{
    health, jwks, login, logout, me, openapi, password, reauthenticate, refresh, register,
    sessions, users,
};
use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::pages;

/// A route: what the log calls it, and whom its requests are charged to.
#[derive(Debug)]
pub(crate) struct Route {
    /// As it was declared: `/api/v1/users/{id}`.
    pub(crate) template: &'static str,
    /// Whether the template has parameters.
    has_parameters: bool,
    /// The methods that it has; `HEAD` goes with `GET`.
    methods: &'static [&'static str],
    /// Whose limits count.
    pub(crate) charged: Charged,
    /// What it has a password checked for, if it does for somebody who is signed in.
    pub(crate) hashes: Option<Throttled>,
    /// Answers a `GET` from memory, where nothing need be waited for.
    pub(crate) at_hand: Option<AtHand>,
}

/// An answer that is at hand, if it is.
pub(crate) type AtHand = fn(&App, &Authentication) -> Option<Response>;

/// Whom a request is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charged {
    /// It is exempt.
    Nobody,
    /// Its client, whoever that is signed in as.
    Client,
    /// The user of a valid token, else the client.
    UserElseClient,
    /// Its client, who may look at pages more often than change something by them.
    Page,
    /// Its client for looking at it; for what is done there the user whose cookie it has, else the client.
    PageOfAccount,
}

/// Every route but those of the pages, as it stands in logs and in the OpenAPI description.
pub(crate) static ROUTES: &[Route] = {
    use Charged::{Client, Nobody, UserElseClient};
    &[
        route("/livez", &["GET"], Nobody),
        route("/readyz", &["GET"], Nobody),
        route("/openapi.json", &["GET"], Nobody),
        route("/.well-known/jwks.json", &["GET"], Nobody),
        route("/api/v1/me", &["GET"], UserElseClient).or_at_hand(me::at_hand),
        route("/api/v1/register", &["POST"], Client),
        route("/api/v1/login", &["POST"], Client),
        route(REFRESH, &["POST"], UserElseClient),
        route("/api/v1/logout", &["DELETE", "POST"], UserElseClient),
        hashing(
            "/api/v1/me/reauthenticate",
            &["POST"],
            UserElseClient,
            Throttled::Reauthentication,
        ),
        hashing(
            "/api/v1/me/password",
            &["PUT"],
            UserElseClient,
            Throttled::PasswordChange,
        ),
        route(
            "/api/v1/users/{id}",
            &["GET", "PUT", "PATCH", "DELETE"],
            UserElseClient,
        ),
        route("/api/v1/sessions", &["GET", "DELETE"], UserElseClient),
        route("/api/v1/sessions/{id}", &["DELETE"], UserElseClient),
    ]
};

/// Where programs ask.
pub(crate) const API: &str = "/api/";

/// Its token may stand in the body.
const REFRESH: &str = "/api/v1/refresh";

/// Where one signs in with a password: by the API, and on a page.
const SIGN_INS: [&str; 2] = ["/api/v1/login", "/login"];

/// Declares a route.
pub(crate) const fn route(
    template: &'static str,
    methods: &'static [&'static str],
    charged: Charged,
) -> Route {
    Route {
        template,
        has_parameters: has_parameters(template),
        methods,
        charged,
        hashes: None,
        at_hand: None,
    }
}

/// Declares a route that has a password checked for somebody who is signed in, for `what`.
pub(crate) const fn hashing(
    template: &'static str,
    methods: &'static [&'static str],
    charged: Charged,
    what: Throttled,
) -> Route {
    Route {
        hashes: Some(what),
        ..route(template, methods, charged)
    }
}

const fn has_parameters(template: &str) -> bool {
    let (bytes, mut place) = (template.as_bytes(), 0);
    while place < bytes.len() {
        if bytes[place] == b'{' {
            return true;
        }
        place += 1;
    }
    false
}

/// Every route, those of the pages too.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(pages::ROUTES)
}

impl Route {
    const fn or_at_hand(self, at_hand: AtHand) -> Self {
        Self {
            at_hand: Some(at_hand),
            ..self
        }
    }

    /// The route that `path` belongs to, by whichever method.
    pub(crate) fn at(path: &str) -> Option<&'static Self> {
        all().find(|route| route.fits(path))
    }

    /// The methods that it has, but for `HEAD`.
    pub(crate) const fn methods(&self) -> &'static [&'static str] {
        self.methods
    }

    /// What it says to `OPTIONS` (RFC 9110 §9.3.7).
    pub(crate) fn allow(&self) -> String {
        let head = if self.methods.contains(&"GET") {
            "HEAD, "
        } else {
            ""
        };
        format!("{}, {head}OPTIONS", self.methods.join(", "))
    }

    /// Whether it answers `method`.
    pub(crate) fn has(&self, method: &Method) -> bool {
        let method = match *method {
            Method::HEAD => "GET",
            _ => method.as_str(),
        };
        self.methods.contains(&method)
    }

    /// Whether `method` sends it a form of a page, which the layer of `csrf` judges.
    pub(crate) fn takes_form(&self, method: &Method) -> bool {
        matches!(self.charged, Charged::Page | Charged::PageOfAccount) && !method.is_safe()
    }

    /// Whether it refuses a `POST` of the API for what its head lacks: JSON, or, where a token says who asks, a token too
    /// (it may stand in the JSON). That is all that pages of other sites can have a browser send: for anything else it
    /// asks first (CORS preflight).
    pub(crate) fn refuses_unread(
        &self,
        method: &Method,
        headers: &HeaderMap,
        authentication: &Authentication,
    ) -> bool {
        let lacks_token = match self.charged {
            Charged::Client => true, // it looks at none
            Charged::UserElseClient => authentication.is_missing(),
            Charged::Nobody | Charged::Page | Charged::PageOfAccount => return false,
        };
        *method == Method::POST && lacks_token && !problem::sends_json(headers)
    }

    /// Whether the token that says whom to charge may stand in the body.
    pub(crate) fn reads_token_from_body(&self) -> bool {
        self.template == REFRESH
    }

    /// Whether a client may get back what it was charged for `method`.
    pub(crate) fn gives_back(&self, method: &Method) -> bool {
        self.reads_token_from_body() || self.signs_in(method)
    }

    /// Whether `method` signs in with a password.
    pub(crate) fn signs_in(&self, method: &Method) -> bool {
        SIGN_INS.contains(&self.template) && *method == Method::POST
    }

    fn fits(&self, path: &str) -> bool {
        if !self.has_parameters {
            return self.template == path;
        }
        let (mut declared, mut asked) = (self.template.split('/'), path.split('/'));
        loop {
            match (declared.next(), asked.next()) {
                (None, None) => return true,
                (Some(declared), Some(asked))
                    if declared == asked || (declared.starts_with('{') && !asked.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

/// The router, with an answer for what it doesn't know.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/openapi.json", get(openapi::serve))
        .route("/.well-known/jwks.json", get(jwks::jwks))
        .route("/api/v1/register", post(register::register))
        .route("/api/v1/login", post(login::login))
        .route("/api/v1/refresh", post(refresh::refresh))
        .route(
            "/api/v1/logout",
            delete(logout::logout).post(logout::logout),
        )
        .route("/api/v1/me", get(me::me))
        .route(
            "/api/v1/me/reauthenticate",
            post(reauthenticate::reauthenticate),
        )
        .route("/api/v1/me/password", put(password::change))
        .route(
            "/api/v1/users/{id}",
            get(users::read)
                .put(users::replace)
                .patch(users::change)
                .delete(users::remove),
        )
        .route(
            "/api/v1/sessions",
            get(sessions::list).delete(sessions::end_others),
        )
        .route("/api/v1/sessions/{id}", delete(sessions::end))
        .merge(pages::router(&app.pages))
        .fallback(async || ApiError::new(Code::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(path: &str) -> Option<&'static str> {
        Route::at(path).map(|route| route.template)
    }

    #[test]
    fn a_path_belongs_to_its_route_and_an_unknown_one_to_none() {
        assert_eq!(
            template("/api/v1/users/0190-secret"),
            Some("/api/v1/users/{id}")
        );
        assert_eq!(template("/api/v1/me"), Some("/api/v1/me"));
        assert_eq!(
            template("/account/sessions/0190-secret/end"),
            Some("/account/sessions/{id}/end")
        );
        for unknown in ["/api/v1/users/a/b", "/api/v1/users/", "/etc/passwd", ""] {
            assert_eq!(template(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_head_goes_with_a_get() {
        let me = Route::at("/api/v1/me").unwrap();
        assert!(me.has(&Method::GET) && me.has(&Method::HEAD));
        assert!(!me.has(&Method::POST) && !me.has(&Method::OPTIONS));
    }
}
