//! `GET /livez` and `GET /readyz`

use account::Backlog;
use axum::extract::{RawQuery, State};
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

/// How ready the server is.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Readiness {
    #[schema(example = "ok")]
    status: &'static str,
    /// With `verbose` only, and not while it can't be counted
    #[serde(skip_serializing_if = "Option::is_none")]
    outbox: Option<OutboxState>,
}

/// What is left to be done later, on all servers of the store together.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OutboxState {
    /// Whether the oldest job has been due for more than five minutes. How many there are is in the log then: everybody
    /// may ask here, and a mail that waits would show who has an account
    late: bool,
}

const OK: &str = "ok";

/// Whether the process answers.
#[utoipa::path(
    get, path = super::IN_ROUTES, tag = "Health",
    responses((status = 200, description = "It does", body = Health)),
)]
pub(crate) async fn livez() -> Json<Health> {
    Json(Health { status: OK })
}

/// Whether the store answers, so that requests can be sent here.
#[utoipa::path(
    get, path = super::IN_ROUTES, tag = "Health",
    params((
        "verbose" = Option<String>, Query,
        description = "Says more, as of a second ago. The status is the same",
    )),
    responses((status = 200, description = "It does", body = Readiness)),
)]
pub(crate) async fn readyz(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Json<Readiness>, ApiError> {
    let asking = app
        .readiness()
        .check(async || app.accounts.is_ready().await);
    if !asking.await? {
        return Err(ApiError::unavailable(STORE_RETRY));
    }
    let outbox = if is_verbose(query.as_deref()) {
        outbox(&app).await
    } else {
        None
    };
    Ok(Json(Readiness { status: OK, outbox }))
}

/// What is left to do. That it can't be counted makes no server unready.
async fn outbox(app: &App) -> Option<OutboxState> {
    match app.accounts.backlog().await {
        Ok(backlog) => Some(backlog.into()),
        Err(error) => {
            tracing::debug!(%error, "jobs could not be counted");
            None
        }
    }
}

impl From<Backlog> for OutboxState {
    fn from(backlog: Backlog) -> Self {
        Self {
            late: backlog.is_late(),
        }
    }
}

/// Whether `verbose` is there, with a value or without one.
fn is_verbose(query: Option<&str>) -> bool {
    let mut names = query.into_iter().flat_map(|query| query.split('&'));
    names.any(|name| name == "verbose" || name.starts_with("verbose="))
}
