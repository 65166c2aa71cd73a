//! `GET` and `DELETE /api/v1/sessions`, `DELETE /api/v1/sessions/{id}`

use account::Accounts;
use axum::extract::State;
use http::StatusCode;
use problem::ValidPath;
use serde::Serialize;

use super::views::SessionView;
use crate::error::ApiError;
use crate::extract::{Acting, Serving};
use crate::json::Json;

/// One's own sessions.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Sessions {
    /// The one used last first.
    sessions: Vec<SessionView>,
}

/// Lists one's own sessions.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "list_sessions", tag = "Sessions", security(("access" = [])),
    responses((status = 200, description = "The sessions", body = Sessions)),
)]
pub(crate) async fn list(
    State(accounts): State<Accounts>,
    Acting(actor): Acting,
) -> Result<Json<Sessions>, ApiError> {
    let sessions = accounts.sessions(&actor).await?;
    Ok(Json(Sessions {
        sessions: sessions.into_iter().map(SessionView::from).collect(),
    }))
}

/// Ends one of one's own sessions. Another than the present one needs a fresh token.
#[utoipa::path(
    delete, path = super::IN_ROUTES, operation_id = "end_session", tag = "Sessions", security(("access" = [])),
    params(("id" = String, Path, description = "The session")),
    responses((status = 204, description = "The session has ended")),
)]
pub(crate) async fn end(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    ValidPath(id): ValidPath<String>,
) -> Result<StatusCode, ApiError> {
    accounts.end_session(&actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of one's own sessions but the present one. Needs a fresh token.
#[utoipa::path(
    delete, path = super::IN_ROUTES, operation_id = "end_other_sessions", tag = "Sessions", security(("access" = [])),
    responses((status = 204, description = "The other sessions have ended")),
)]
pub(crate) async fn end_others(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<StatusCode, ApiError> {
    accounts.end_other_sessions(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
