//! `POST /api/v1/refresh`

use account::Accounts;
use axum::Json;
use axum::extract::State;

use super::openapi::Problems;
use super::views::TokensView;
use crate::error::ApiError;
use crate::extract::{RefreshBody, Refreshing, RequestOrigin};

/// Trades a refresh token, in the header or in the body, for the next pair. It is used once; a lost
/// answer may be asked for again within ten seconds. A refresh token that belongs to no session, which
/// the application before this one issued, opens one; its answer can't be asked for again.
#[utoipa::path(
    post, path = "/api/v1/refresh", tag = "Sessions", security(("refresh" = []), ()),
    request_body(content = Option<RefreshBody>),
    responses((status = 200, description = "The next pair of tokens", body = TokensView), Problems),
)]
pub(crate) async fn refresh(
    State(accounts): State<Accounts>,
    RequestOrigin(origin): RequestOrigin,
    Refreshing(caller): Refreshing,
) -> Result<Json<TokensView>, ApiError> {
    Ok(Json(accounts.refresh(caller, origin).await?.into()))
}
