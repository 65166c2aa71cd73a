//! `POST /api/v1/password/forgot` and `/reset`

use http::StatusCode;
use problem::{Valid, input};
use secret::Secret;

use super::email::Address;
use super::fields;
use super::views::DeviceView;
use crate::error::ApiError;
use crate::extract::{Device, Serving};
use crate::json::Json;
use crate::to_the_end::to_the_end;

/// Has a link mailed by which a new password is set. Whether there is an account with this address is not said.
///
/// At most three mails in a quarter of an hour, and ten a day, are sent to one address for one client; further mails
/// are silently dropped.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "forgot_password", tag = "Mail", request_body = Address,
    params(
        ("X-Portcullis-Device" = Option<String>, Header,
         description = "The `device_token` of an earlier sign-in: its mails are not bounded by what strangers ask for"),
    ),
    responses((status = 202, description = "If there is such an account, a mail is on its way")),
)]
pub(crate) async fn forgot(
    Serving(accounts): Serving,
    Device(device): Device,
    Valid(body): Valid<Address>,
) -> Result<StatusCode, ApiError> {
    let address = body.into_email();
    accounts.ask_for_reset(&address, device.as_ref()).await?;
    Ok(StatusCode::ACCEPTED)
}

input! {
    /// A new password.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ResetPassword {
        /// The `token` of the link.
        #[schema(value_type = String, max_length = 1024)]
        token: Secret<String> = fields::typed_password,
        /// At least 8 characters and at most 1,024 bytes, and not easy to guess.
        #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
        new_password: Secret<String>,
    }
}

/// Sets a new password by a mailed link, within an hour. Every session ends, and no device is known any more but this one.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "reset_password", tag = "Mail", request_body = ResetPassword,
    responses((status = 200, description = "The password is set", body = DeviceView)),
)]
pub(crate) async fn reset(
    Serving(accounts): Serving,
    Valid(body): Valid<ResetPassword>,
) -> Result<Json<DeviceView>, ApiError> {
    let ResetPassword {
        token,
        new_password,
    } = body;
    let setting = async move { accounts.reset_password(token.expose(), new_password).await };
    let device = to_the_end(setting).await?;
    Ok(Json(device.into()))
}
