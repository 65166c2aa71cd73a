//! `GET /.well-known/jwks.json`

use axum::extract::State;
use axum::response::IntoResponse;
use http::header::CACHE_CONTROL;

use crate::app::App;
use crate::json::Json;

/// Services may keep the keys for so long. A key is published as the previous one's successor before
/// anything is signed with it only when nodes are restarted one by one, so this is short.
const KEPT: &str = "public, max-age=300";

/// The public keys that verify tokens (RFC 7517 §5): empty where a shared secret signs.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "get_jwks", tag = "Keys",
    responses((status = 200, description = "A JWK Set", body = Object)),
)]
pub(crate) async fn jwks(State(app): State<App>) -> impl IntoResponse {
    ([(CACHE_CONTROL, KEPT)], Json(app.authority.jwks()))
}
