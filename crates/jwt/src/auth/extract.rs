//! Extractors: what a handler wants of the token.

use std::ops::Deref;
use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::{AuthRejection, Authentication};
use crate::{TokenError, TokenKind, Verified};

/// An access token.
#[derive(Clone, Debug)]
pub struct Access(pub Arc<Verified>);

/// An access token of someone who has just authenticated (RFC 9470).
#[derive(Clone, Debug)]
pub struct FreshAccess(pub Arc<Verified>);

/// A refresh token.
#[derive(Clone, Debug)]
pub struct Refresh(pub Arc<Verified>);

/// An access or a refresh token.
#[derive(Clone, Debug)]
pub struct AnyToken(pub Arc<Verified>);

/// An access or a refresh token, also when it has expired: good for ending the session that it
/// names, and for nothing else.
#[derive(Clone, Debug)]
pub struct EvenExpired(pub Arc<Verified>);

impl Access {
    fn select(authentication: &Authentication) -> Result<Self, AuthRejection> {
        of_kind(authentication, TokenKind::Access).map(Self)
    }
}

impl FreshAccess {
    fn select(authentication: &Authentication) -> Result<Self, AuthRejection> {
        let verified = of_kind(authentication, TokenKind::Access)?;
        if verified.is_fresh(authentication.at) {
            Ok(Self(verified))
        } else {
            Err(AuthRejection::NotFresh {
                max_age: authentication.max_age,
            })
        }
    }
}

impl Refresh {
    fn select(authentication: &Authentication) -> Result<Self, AuthRejection> {
        of_kind(authentication, TokenKind::Refresh).map(Self)
    }
}

impl AnyToken {
    fn select(authentication: &Authentication) -> Result<Self, AuthRejection> {
        Ok(Self(Arc::clone(authentication.verified()?)))
    }
}

impl EvenExpired {
    fn select(authentication: &Authentication) -> Result<Self, AuthRejection> {
        Ok(Self(Arc::clone(authentication.verified_even_expired()?)))
    }
}

fn of_kind(
    authentication: &Authentication,
    kind: TokenKind,
) -> Result<Arc<Verified>, AuthRejection> {
    let verified = authentication.verified()?;
    if verified.kind() == kind {
        Ok(Arc::clone(verified))
    } else {
        Err(TokenError::WrongType.into())
    }
}

fn authentication(parts: &Parts) -> Result<&Authentication, AuthRejection> {
    parts
        .extensions
        .get::<Authentication>()
        .ok_or(AuthRejection::NotInstalled)
}

/// The traits of one extractor, which differ in nothing but `select`.
macro_rules! extractor {
    ($name:ident) => {
        impl<S: Sync> FromRequestParts<S> for $name {
            type Rejection = AuthRejection;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthRejection> {
                Self::select(authentication(parts)?)
            }
        }

        impl<S: Sync> OptionalFromRequestParts<S> for $name {
            type Rejection = AuthRejection;

            async fn from_request_parts(
                parts: &mut Parts,
                _: &S,
            ) -> Result<Option<Self>, AuthRejection> {
                let authentication = authentication(parts)?;
                if authentication.is_missing() {
                    return Ok(None);
                }
                Self::select(authentication).map(Some)
            }
        }

        impl Deref for $name {
            type Target = Verified;

            fn deref(&self) -> &Verified {
                &self.0
            }
        }
    };
}

extractor!(Access);
extractor!(FreshAccess);
extractor!(Refresh);
extractor!(AnyToken);
extractor!(EvenExpired);
