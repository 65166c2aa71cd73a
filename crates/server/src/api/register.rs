//! `POST /api/v1/register`

use account::{Accounts, Registration, Verification};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use model::{EmailAddress, Username};
use problem::{Rejection, Valid, input};
use secret::Secret;

use super::fields;
use super::views::UserView;
use crate::error::{ApiError, push_password_faults};
use crate::extract::Serving;
use crate::json::Json;
use crate::limits::TakenBudget;

input! {
    /// A new account.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct Register {
        /// 1 to 64 characters, without `@`; unique regardless of case and of look-alikes.
        #[schema(value_type = String, min_length = 1, example = "alice")]
        username: Username = fields::username,
        /// Unique regardless of case.
        #[schema(value_type = String, format = Email, min_length = 3, max_length = 254, example = "alice@example.org")]
        email: EmailAddress = fields::email,
        /// At least 8 characters and at most 1,024 bytes, and not easy to guess.
        #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024, example = "correct horse battery staple")]
        password: Secret<String>,
    }
    parts = RegisterParts;
}

/// What is said where an address must be confirmed first.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(crate) struct VerificationSent {
    #[schema(example = "verification_sent")]
    status: &'static str,
}

const VERIFICATION_SENT: VerificationSent = VerificationSent {
    status: "verification_sent",
};

/// Makes an account.
#[utoipa::path(
    post, path = super::IN_ROUTES, tag = "Accounts", request_body = Register,
    responses(
        (status = 201, description = "The account", body = UserView<'_>),
        (status = 202, description = "Where an address must be confirmed first: a mail is on its way, whoever has the address", body = VerificationSent),
    ),
)]
pub(crate) async fn register(
    Serving(accounts): Serving,
    taken: TakenBudget,
    Valid(parts): Valid<RegisterParts>,
) -> Result<Response, ApiError> {
    let Register {
        username,
        email,
        password,
    } = match parts.whole() {
        Ok(whole) => whole,
        Err(parts) => return Err(refused(&accounts, parts).await),
    };
    let registration = Registration {
        username,
        email,
        password,
    };
    if accounts.verification() == Verification::Required {
        let asking = accounts.ask_for_account(registration);
        taken.spend(None, asking).await??; // what a browser would keep is of no use here
        return Ok((StatusCode::ACCEPTED, Json(VERIFICATION_SENT)).into_response());
    }
    let user = taken.spend(None, accounts.register(registration)).await??;
    Ok((StatusCode::CREATED, Json(UserView::from(&user))).into_response())
}

/// All faults at once: those of the password, too, which the use case finds.
async fn refused(accounts: &Accounts, parts: RegisterParts) -> ApiError {
    let mut faults = parts.faults;
    if let Some(password) = parts.password {
        let judging =
            accounts.judge_password(password, parts.username.as_ref(), parts.email.as_ref());
        match judging.await {
            Ok(found) => push_password_faults(&mut faults, "password", &found),
            Err(error) => return error.into(),
        }
    }
    Rejection::Invalid(faults).into()
}
