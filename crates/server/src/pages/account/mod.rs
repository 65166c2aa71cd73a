//! One's account: the page, and what each of its forms does.

mod data;
pub(crate) mod delete;
pub(super) mod done;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod factor;
pub(crate) mod page;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod resend;
pub(crate) mod sessions;

use account::Refused;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::confirm;
use super::visitor::to_login;
use crate::error::ApiError;

/// Asks whoever may not act for the password, or to sign in.
fn refused_here(refused: Refused) -> Result<Response, ApiError> {
    match refused {
        Refused::NotFresh => Ok(Redirect::to(confirm::LOCATION).into_response()),
        Refused::Revoked => Ok(to_login()),
        Refused::Storage(error) => Err(error.into()),
    }
}
