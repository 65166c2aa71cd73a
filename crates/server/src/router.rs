//! Which handler answers what.

use axum::Router;
use axum::routing::{delete, get, post, put};

use crate::api::{
    health, jwks, login, logout, me, openapi, password, reauthenticate, refresh, register,
    sessions, users,
};
use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::pages;

/// Every route but those of the pages, as it stands in logs and in the OpenAPI description.
pub(crate) const ROUTES: &[&str] = &[
    "/livez",
    "/readyz",
    "/openapi.json",
    "/.well-known/jwks.json",
    "/api/v1/register",
    "/api/v1/login",
    "/api/v1/refresh",
    "/api/v1/logout",
    "/api/v1/me",
    "/api/v1/me/reauthenticate",
    "/api/v1/me/password",
    "/api/v1/users/{id}",
    "/api/v1/sessions",
    "/api/v1/sessions/{id}",
];

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
