//! `PUT /api/v1/me/password`

use account::Accounts;
use axum::extract::State;
use http::StatusCode;
use problem::{Valid, input};
use secret::Secret;

use super::fields;
use super::openapi::Problems;
use crate::error::ApiError;
use crate::extract::{Acting, Device};

input! {
    /// A change of the password.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ChangePassword {
        #[schema(value_type = String, format = Password)]
        current_password: Secret<String> = fields::typed_password,
        /// At least 8 characters and at most 1,024 bytes, and not easy to guess.
        #[schema(value_type = String, format = Password)]
        new_password: Secret<String>,
    }
}

/// Changes the password. Every other session ends, and each device must sign in once before it is known
/// again. After five wrong passwords each further one must wait.
#[utoipa::path(
    put, path = "/api/v1/me/password", tag = "Accounts", security(("access" = [])),
    request_body = ChangePassword,
    params(
        ("X-Portcullis-Device" = Option<String>, Header,
         description = "The `device_token` of an earlier sign-in: it has five tries of its own"),
    ),
    responses((status = 204, description = "Changed"), Problems),
)]
pub(crate) async fn change(
    State(accounts): State<Accounts>,
    Acting(actor): Acting,
    Device(device): Device,
    Valid(body): Valid<ChangePassword>,
) -> Result<StatusCode, ApiError> {
    accounts
        .change_password(
            &actor,
            device.as_ref(),
            body.current_password,
            body.new_password,
        )
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
