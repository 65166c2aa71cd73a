//! `DELETE` and `POST /api/v1/logout`

use super::views::MessageView;
use crate::error::ApiError;
use crate::extract::{Leaving, Serving};
use crate::json::Json;

/// Ends the session of the access token or refresh token that is sent, and with it both tokens. An
/// access token may have expired. Of a token that belongs to no session, which the application before
/// this one issued, that token alone ends.
#[utoipa::path(
    delete, path = super::IN_ROUTES, tag = "Sessions", security(("access" = []), ("refresh" = [])),
    responses((status = 200, description = "The session has ended", body = MessageView)),
)]
pub(crate) async fn logout(
    Serving(accounts): Serving,
    Leaving(caller): Leaving,
) -> Result<Json<MessageView>, ApiError> {
    accounts.logout(caller).await?;
    Ok(Json(MessageView {
        message: "Successfully logged out",
    }))
}

/// The same, for clients that can't send `DELETE`.
#[utoipa::path(
    post, path = super::IN_ROUTES, tag = "Sessions", security(("access" = []), ("refresh" = [])),
    responses((status = 200, description = "The session has ended", body = MessageView)),
)]
pub(crate) async fn logout_by_post(
    accounts: Serving,
    caller: Leaving,
) -> Result<Json<MessageView>, ApiError> {
    logout(accounts, caller).await
}
