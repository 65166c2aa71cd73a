//! `GET /account/factor`: one's second factor, and what can be done with it. What its forms do stands in files of their own.

mod card;
pub(crate) mod enrol;
pub(crate) mod manage;
pub(in crate::pages) mod recovery;

use account::{Accounts, Refused};
use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use http::{StatusCode, Uri};

use super::done::sentence;
use crate::error::ApiError;
use crate::pages::next::query_value;
use crate::pages::render::{Frame, page_in};
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;

use card::Remembered;

pub(super) use card::Factor;

/// Where it is.
pub(in crate::pages) const LOCATION: &str = "/account/factor";

#[derive(Template)]
#[template(path = "factor.html")]
struct Page {
    frame: Frame,
    token: String,
    /// What has just been done.
    done: Option<String>,
    factor: Factor,
    /// On how many devices it isn't asked for, since when and until when; nothing where there is none.
    remembered: Option<Remembered>,
    /// Whether the address must be confirmed before an app is set up.
    address_first: bool,
}

/// Leads to the page from the addresses of its forms, whose answers are shown once.
pub(crate) async fn lead_here() -> Redirect {
    Redirect::to(LOCATION)
}

/// Shows the page.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let actor = &who.browser.actor;
    let user = match accounts.me(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        user => user?,
    };
    let own = match accounts.own_factors(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        own => own?,
    };
    let devices = match accounts.remembered_devices(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        devices => devices?,
    };
    let token = csrf.render().map_err(ApiError::internal)?;
    page_in(&words, StatusCode::OK, |frame| Page {
        frame,
        token,
        done: query_value(&uri, "done").and_then(|code| sentence(&code, &words)),
        factor: Factor::of(own, &words),
        remembered: Remembered::of(&devices, &words),
        address_first: accounts.sends_mail() && !user.email_verified,
    })
}

/// Asks for password and factor once more, and leads back here.
fn to_confirm() -> Response {
    Redirect::to("/account/confirm?next=/account/factor").into_response()
}

/// Asks whoever may not act for what they have to prove, or to sign in.
fn refused_here(refused: Refused) -> Result<Response, ApiError> {
    match refused {
        Refused::NotFresh => Ok(to_confirm()),
        Refused::Revoked => Ok(to_login()),
        Refused::Storage(error) => Err(error.into()),
    }
}
