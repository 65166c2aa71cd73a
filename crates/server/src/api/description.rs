//! `GET /openapi.json`

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use crate::app::App;

/// Serves the description of the interface.
pub(crate) async fn serve(State(app): State<App>) -> impl IntoResponse {
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        app.description(),
    )
}
