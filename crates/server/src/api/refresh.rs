//! `POST /api/v1/refresh`

use account::Refreshed;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::views::TokensView;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{RefreshBody, Refreshing, RequestClient, Serving};
use crate::json::Json;

/// Trades a refresh token, in the header or in the body, for the next pair. It is used once; a lost
/// answer may be asked for again with the same token: until some answer with the pair has begun to leave
/// the server, however long that takes, and for ten seconds (`PORTCULLIS_REFRESH_GRACE`) after that. So
/// a client that gets a 503, or no answer, simply sends the token again. Any other second use ends the
/// session; so does the token before the last, also within the ten seconds. A refresh token that
/// belongs to no session, which the application before this one issued, opens one; its answer can't be
/// asked for again.
#[utoipa::path(
    post, path = super::IN_ROUTES, tag = "Sessions", security(("refresh" = []), ()),
    request_body = RefreshBody,
    responses((status = 200, description = "The next pair of tokens", body = TokensView)),
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    Serving(accounts): Serving,
    RequestClient(client): RequestClient,
    Refreshing(caller): Refreshing,
) -> Result<Response, ApiError> {
    let Refreshed { tokens, handing } = accounts.refresh(caller, client).await?;
    let answer = Json(TokensView::from(tokens)).into_response();
    Ok(app.handings().noted(accounts, handing, answer))
}
