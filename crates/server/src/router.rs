//! From the declarations of the routes to what calls the handlers.

use axum::Router;

use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use crate::routes::endpoints;

/// The router, with an answer for what it doesn't know.
pub(crate) fn router(app: App) -> Router {
    let router = endpoints().iter().fold(Router::new(), |router, endpoint| {
        router.route(endpoint.route.template, endpoint.mounted(&app.pages))
    });
    router
        .fallback(async || ApiError::new(Code::NotFound))
        .method_not_allowed_fallback(async || ApiError::new(Code::MethodNotAllowed))
        .with_state(app)
}
