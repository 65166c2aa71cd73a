//! `GET /api/v1/me`

use account::KnownUser;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use headers::Policy;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};
use jwt::{Access, Authentication, TokenKind};

use super::views::UserView;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::caller;
use crate::json;

/// Reads one's own account.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "get_me", tag = "Accounts", security(("access" = [])),
    responses((status = 200, description = "The account", body = UserView<'_>)),
)]
pub(crate) async fn me(
    State(app): State<App>,
    Access(token): Access,
) -> Result<Response, ApiError> {
    let user = app.accounts.me(caller(&token)?).await?;
    answer(&user)
}

/// The way that nearly every request goes: nothing is waited for, nothing is copied, and the router isn't asked.
pub(crate) fn at_hand(app: &App, authentication: &Authentication) -> Option<Response> {
    let token = authentication.verified().ok()?;
    if token.kind() != TokenKind::Access {
        return None;
    }
    let user = app.accounts.me_at_hand(&token.claims)?;
    answer(&user).ok()
}

/// The account as its owner reads it: written once for as long as it is known here.
struct Written(Bytes);

/// The account as JSON, with room for all headers.
fn answer(user: &KnownUser) -> Result<Response, ApiError> {
    let Written(json) = user
        .kept(|user| json::line(&UserView::from(user)).map(|json| Written(json.into())))
        .map_err(ApiError::internal)?;
    let mut response = Response::new(Body::from(json.clone()));
    let mut headers = HeaderMap::with_capacity(Policy::ROOM);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    Ok(response)
}
