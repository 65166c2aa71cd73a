//! `GET /api/v1/me`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jwt::Access;

use super::openapi::Problems;
use super::views::UserView;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::caller;

/// Reads one's own account.
#[utoipa::path(
    get, path = "/api/v1/me", tag = "Accounts", security(("access" = [])),
    responses((status = 200, description = "The account", body = UserView<'_>), Problems),
)]
pub(crate) async fn me(
    State(app): State<App>,
    Access(token): Access,
) -> Result<Response, ApiError> {
    // The way that nearly every request goes: nothing is waited for, nothing is copied.
    if let Some(user) = app.accounts.me_at_hand(&token.claims) {
        return Ok(Json(UserView::from(&*user)).into_response());
    }
    let user = app.accounts.me(caller(&token, &app)?).await?;
    Ok(Json(UserView::from(&*user)).into_response())
}
