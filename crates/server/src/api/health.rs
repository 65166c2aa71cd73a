//! `GET /livez` and `GET /readyz`

use axum::extract::State;
use serde::Serialize;

use crate::app::App;
use crate::error::{ApiError, STORE_RETRY};
use crate::json::Json;

/// How the server is.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

const OK: Json<Health> = Json(Health { status: "ok" });

/// Whether the process answers.
#[utoipa::path(
    get, path = super::IN_ROUTES, tag = "Health",
    responses((status = 200, description = "It does", body = Health)),
)]
pub(crate) async fn livez() -> Json<Health> {
    OK
}

/// Whether the store answers, so that requests can be sent here.
#[utoipa::path(
    get, path = super::IN_ROUTES, tag = "Health",
    responses((status = 200, description = "It does", body = Health)),
)]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    let asking = app
        .readiness()
        .check(async || app.accounts.is_ready().await);
    if asking.await? {
        Ok(OK)
    } else {
        Err(ApiError::unavailable(STORE_RETRY))
    }
}
