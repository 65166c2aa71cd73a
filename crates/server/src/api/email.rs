//! `POST /api/v1/email/confirm`, `/resend`, `/change` and `/undo`

use account::{Actor, Confirm, ConfirmWith, Confirmer};
use http::StatusCode;
use model::{EmailAddress, Username};
use problem::{Fault, Faults, Valid, input};
use secret::Secret;

use super::fields;
use crate::error::ApiError;
use crate::extract::{Acting, ActingIfAny, Device, Serving};
use crate::limits::TakenBudget;

input! {
    /// What a mail carried: `token`, or the `code` and the `email` that it was mailed to.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ConfirmEmail {
        /// The `token` of the link.
        #[schema(value_type = String, required = false, max_length = 1024)]
        token: Option<Secret<String>> = fields::typed_password,
        /// The address that the code was mailed to.
        #[schema(value_type = String, required = false, format = Email, min_length = 3, max_length = 254, example = "alice@example.org")]
        email: Option<EmailAddress> = fields::email,
        /// The eight digits, with or without a space between them.
        #[schema(value_type = String, required = false, max_length = 1024, example = "1234 5678")]
        code: Option<Secret<String>> = fields::typed_password,
        /// Where the request has no access token of the account: its password; for a sign-up, the one that was chosen then.
        #[schema(value_type = String, required = false, format = Password, max_length = 1024)]
        password: Option<Secret<String>> = fields::typed_password,
        /// For a sign-up whose name is taken meanwhile: another one, together with the password.
        #[schema(value_type = String, required = false, min_length = 1, example = "alice")]
        username: Option<Username> = fields::username,
    }
    check = ConfirmEmail::carries_one;
}

impl ConfirmEmail {
    fn carries_one(&self, faults: &mut Faults) {
        let missing = |field| Fault::new("required", "This field is required.").at(field);
        match (&self.token, &self.email, &self.code) {
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            (Some(_), _, _) => {
                let message = "Send the token, or the address and the code.";
                faults.push(Fault::new("unknown_field", message).at("code"));
            }
            (None, None, None) => faults.push(missing("token")),
            (None, None, Some(_)) => faults.push(missing("email")),
            (None, Some(_), None) => faults.push(missing("code")),
        }
    }

    fn into_parts(self, actor: Option<Actor>) -> Result<(Confirm, ConfirmWith), ApiError> {
        let by = match (self.token, self.email, self.code) {
            (Some(token), _, _) => Confirm::Link(token),
            (None, Some(address), Some(code)) => Confirm::Code { address, code },
            // The check has refused it.
            (None, _, _) => return Err(ApiError::new(crate::code::Code::ValidationFailed)),
        };
        let with = ConfirmWith {
            confirmer: Confirmer {
                browser: None,
                actor,
            },
            password: self.password,
            username: self.username,
        };
        Ok((by, with))
    }
}

/// Confirms an address, a change of one, or a sign-up, by what a mail carried. Signs nobody in.
///
/// It also takes an access token of the account, or its `password` (for a sign-up, the one that was chosen then): else
/// the owner of an address could be led to confirm it for the account of a stranger. Without them the answer is 422 with
/// `/password`, and the link stays good. There are five tries at the codes of an address a day.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "confirm_email", tag = "Mail", request_body = ConfirmEmail,
    security((), ("access" = [])),
    responses((status = 204, description = "Confirmed")),
)]
pub(crate) async fn confirm(
    taken: TakenBudget,
    ActingIfAny(actor): ActingIfAny,
    Valid(body): Valid<ConfirmEmail>,
) -> Result<StatusCode, ApiError> {
    let (by, with) = body.into_parts(actor)?;
    taken.confirm(by, with).await??;
    Ok(StatusCode::NO_CONTENT)
}

input! {
    /// An address.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct Address {
        #[schema(value_type = String, format = Email, min_length = 3, max_length = 254, example = "alice@example.org")]
        email: EmailAddress = fields::email,
    }
}

impl Address {
    pub(super) fn into_email(self) -> EmailAddress {
        self.email
    }
}

/// Has the mail sent once more that confirms the address of an account. Whether there is such an account is not said.
///
/// It does nothing for a sign-up that is not confirmed yet, which is no account: sign up again. At most three mails in a
/// quarter of an hour, and ten a day, are sent to one address for one client; further mails are
/// silently dropped.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "resend_confirmation", tag = "Mail", request_body = Address,
    params(
        ("X-Portcullis-Device" = Option<String>, Header,
         description = "The `device_token` of an earlier sign-in: its mails are not bounded by what strangers ask for"),
    ),
    responses((status = 202, description = "If there is such an account, a mail is on its way")),
)]
pub(crate) async fn resend(
    Serving(accounts): Serving,
    Device(device): Device,
    Valid(body): Valid<Address>,
) -> Result<StatusCode, ApiError> {
    accounts
        .ask_for_confirmation(&body.email, device.as_ref(), None)
        .await?;
    Ok(StatusCode::ACCEPTED)
}

/// Asks for another address: it is in force once the link is confirmed that is mailed there. Needs a fresh token.
///
/// The address before is notified, with a link that takes the change back for seven days. Whether another account has the new
/// one is not said here: its owner is notified.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "change_email", tag = "Mail", security(("access" = [])),
    request_body = Address,
    responses(
        (status = 202, description = "A mail is on its way"),
        (status = 204, description = "The account has this address already; nothing is mailed"),
    ),
)]
pub(crate) async fn change(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    taken: TakenBudget,
    Valid(body): Valid<Address>,
) -> Result<StatusCode, ApiError> {
    let asking = accounts.ask_for_address(&actor, &body.email);
    let is_asked = taken.spend(Some(&actor.user), asking).await??;
    Ok(if is_asked {
        StatusCode::ACCEPTED
    } else {
        StatusCode::NO_CONTENT
    })
}

input! {
    /// What the mail to the address before carried.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct UndoEmail {
        /// The `token` of the link.
        #[schema(value_type = String, max_length = 1024)]
        token: Secret<String> = fields::typed_password,
    }
}

/// Takes a change of the address back, and all that came after it. Every session ends, there is no password any more, and a
/// link to a new one is mailed.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "undo_email", tag = "Mail", request_body = UndoEmail,
    responses((status = 204, description = "The account has the address of before")),
)]
pub(crate) async fn undo(
    Serving(accounts): Serving,
    Valid(body): Valid<UndoEmail>,
) -> Result<StatusCode, ApiError> {
    accounts.undo_address(body.token.expose()).await?;
    Ok(StatusCode::NO_CONTENT)
}
