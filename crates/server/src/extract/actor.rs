//! Who asks.

use std::sync::Arc;

use account::Actor;
use axum::RequestExt as _;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::request::Parts;
use jwt::{Access, EvenExpired, Refresh, TokenError, TokenKind, Verified};
use model::{Generation, SessionId, TokenId, UserId};
use problem::{OptionalBody, input};
use secret::Secret;

use crate::app::App;
use crate::error::ApiError;
use crate::limits::Deferred;

/// The actor behind an access token.
pub(crate) struct Acting(pub(crate) Actor);

/// The actor behind a refresh token, which stands in the header or in the body.
pub(crate) struct Refreshing(pub(crate) Actor);

/// The actor behind a token of either kind; an access token may have expired.
pub(crate) struct Leaving(pub(crate) Actor);

input! {
    /// A refresh token, for clients that can't set a header.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct RefreshBody {
        #[schema(value_type = String)]
        refresh_token: Secret<String>,
    }
}

impl FromRequestParts<App> for Acting {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Access(token) = Access::from_request_parts(parts, app).await?;
        Ok(Self(actor(&token, app)?))
    }
}

impl FromRequest<App> for Refreshing {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, ApiError> {
        let in_header: Option<Refresh> = request.extract_parts_with_state(app).await?;
        let token = match in_header {
            Some(Refresh(token)) => token,
            None => in_body(request, app).await?,
        };
        Ok(Self(actor(&token, app)?))
    }
}

impl FromRequestParts<App> for Leaving {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let EvenExpired(token) = EvenExpired::from_request_parts(parts, app).await?;
        Ok(Self(actor(&token, app)?))
    }
}

/// Charges the limits too, which waited for this.
async fn in_body(request: Request, app: &App) -> Result<Arc<Verified>, ApiError> {
    let deferred = request.extensions().get::<Deferred>().cloned();
    let token = read_body(request, app).await;
    if let Some(deferred) = deferred {
        deferred.charge(token.as_ref().ok()).await?;
    }
    token
}

async fn read_body(request: Request, app: &App) -> Result<Arc<Verified>, ApiError> {
    let OptionalBody(body): OptionalBody<RefreshBody> = request.extract().await?;
    let RefreshBody { refresh_token } = body.ok_or(TokenError::Missing)?;
    let token = app
        .authority
        .verify(refresh_token.expose(), app.clock.now().as_seconds())?;
    if token.kind() == TokenKind::Refresh {
        Ok(token)
    } else {
        Err(TokenError::WrongType.into())
    }
}

/// The account and session that a verified token speaks for.
///
/// The authority has refused tokens without a session. One whose ids can't be ours is as unknown as a
/// session that has ended.
pub(crate) fn actor(token: &Verified, app: &App) -> Result<Actor, ApiError> {
    let claims = &token.claims;
    let session = claims
        .sid
        .as_deref()
        .and_then(|sid| SessionId::parse(sid).ok());
    Ok(Actor {
        user: UserId::parse(claims.sub.as_str()).map_err(|_| TokenError::Revoked)?,
        session: session.ok_or(TokenError::Revoked)?,
        token: TokenId::from_stored(claims.jti.as_deref().unwrap_or_default()),
        generation: Generation(claims.generation.unwrap_or_default()),
        fresh: token.is_fresh(app.clock.now().as_seconds()),
    })
}
