//! Who asks.

use std::sync::Arc;

use account::{Actor, Principal};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::{RequestExt as _, RequestPartsExt as _};
use http::request::Parts;
use jwt::{Access, EvenExpired, Refresh, TokenError, TokenKind, Verified};
use problem::{BodyLimit, OptionalBody, input};
use secret::Secret;

use crate::app::App;
use crate::error::ApiError;
use crate::limits::Deferred;

/// The most bytes of a body that holds a refresh token and nothing else.
const MAX_REFRESH_BODY: usize = 8 * 1024;

/// The actor behind an access token. One that belongs to no session has none.
pub(crate) struct Acting(pub(crate) Actor);

/// The same, or nobody where no token was sent. One that is not good is refused here, too.
pub(crate) struct ActingIfAny(pub(crate) Option<Actor>);

/// Whoever sent an access token, to read.
pub(crate) struct Reading(pub(crate) Principal);

/// Whoever sent a refresh token, which stands in the header or in the body.
pub(crate) struct Refreshing(pub(crate) Principal);

/// Whoever sent a token of either kind; an access token may have expired.
pub(crate) struct Leaving(pub(crate) Principal);

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
        session(&token).map(Self)
    }
}

impl FromRequestParts<App> for ActingIfAny {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let sent: Option<Access> = parts.extract_with_state(app).await?;
        sent.map(|Access(token)| session(&token))
            .transpose()
            .map(Self)
    }
}

impl FromRequestParts<App> for Reading {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Access(token) = Access::from_request_parts(parts, app).await?;
        Ok(Self(caller(&token)?))
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
        Ok(Self(caller(&token)?))
    }
}

impl FromRequestParts<App> for Leaving {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let EvenExpired(token) = EvenExpired::from_request_parts(parts, app).await?;
        Ok(Self(caller(&token)?))
    }
}

/// Also moves the charge, which the client has paid for the body, to the user of the token.
async fn in_body(mut request: Request, app: &App) -> Result<Arc<Verified>, ApiError> {
    let deferred = request.extensions().get::<Deferred>().cloned();
    request.extensions_mut().insert(BodyLimit(MAX_REFRESH_BODY));
    let token = read_body(request, app).await?;
    if let Some(deferred) = deferred {
        deferred.charge(&token).await?;
    }
    Ok(token)
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

fn session(token: &Verified) -> Result<Actor, ApiError> {
    match caller(token)? {
        Principal::Session(actor) => Ok(actor),
        Principal::Legacy(_) => Err(TokenError::Revoked.into()),
    }
}

/// Whom a verified token speaks for.
pub(crate) fn caller(token: &Verified) -> Result<Principal, ApiError> {
    Ok(Principal::of(token).ok_or(TokenError::Revoked)?)
}
