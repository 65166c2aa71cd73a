//! `POST /account/profile`: another name, another address.

use account::{ChangeProfileError, NewProfile, Refused};
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use storage::UniqueField;

use super::done::{asked, done};
use super::page::{EMAIL, Filled, USERNAME, shown};
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::limits::TakenBudget;
use crate::pages::confirm;
use crate::pages::form::Form;
use crate::pages::visitor::{SignedIn, to_login};
use crate::pages::words::Words;

/// Saves what differs: an imported name or address that breaks today's rules may stay, and one that is
/// missing may stay missing.
pub(crate) async fn submit(
    Serving(accounts): Serving,
    who: SignedIn,
    words: Words,
    csrf: CsrfToken,
    taken: TakenBudget,
    mut form: Form,
) -> Result<Response, ApiError> {
    let actor = &who.browser.actor;
    let present = match accounts.me(actor).await {
        Err(Refused::Revoked) => return Ok(to_login()),
        user => user?,
    };
    let (username, email) = (form.text(&USERNAME), form.text(&EMAIL));
    form.done()?;
    let new = NewProfile {
        username: (username != present.username.as_deref().unwrap_or_default())
            .then(|| form.parse(&USERNAME, &username, fields::username))
            .flatten(),
        email: (email != present.email.as_deref().unwrap_or_default())
            .then(|| form.parse(&EMAIL, &email, fields::email))
            .flatten(),
    };
    if form.status().is_success() {
        let changing = accounts.change_profile(actor, actor.user.as_str(), new);
        match taken.spend(Some(&actor.user), changing).await? {
            Ok(changed) => {
                let Some(address) = changed.asked else {
                    return Ok(Redirect::to(&done("profile")).into_response());
                };
                let done = asked(&address, &words);
                return shown(&accounts, &who, &words, &csrf, Filled::None, Some(done)).await;
            }
            Err(ChangeProfileError::Taken(UniqueField::Username)) => {
                form.refuse(&USERNAME, Code::UsernameTaken);
            }
            Err(ChangeProfileError::Taken(UniqueField::Email)) => {
                form.refuse(&EMAIL, Code::EmailTaken);
            }
            Err(ChangeProfileError::Refused(Refused::NotFresh)) => {
                return Ok(Redirect::to(confirm::LOCATION).into_response());
            }
            Err(ChangeProfileError::Refused(Refused::Revoked)) => return Ok(to_login()),
            Err(error) => return Err(error.into()),
        }
    }
    shown(&accounts, &who, &words, &csrf, Filled::Profile(form), None).await
}
