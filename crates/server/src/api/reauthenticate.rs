//! `POST /api/v1/me/reauthenticate`

use problem::{Valid, input};
use secret::Secret;

use super::factors::presented;
use super::fields;
use super::views::FreshAccessView;
use crate::error::ApiError;
use crate::extract::{Acting, Device, Serving};
use crate::json::Json;
use crate::to_the_end::to_the_end;

input! {
    /// The password once more, and the second factor of an account that has one.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct Reauthenticate {
        #[schema(value_type = String, format = Password, max_length = 1024)]
        password: Secret<String> = fields::typed_password,
        /// Where the account has a second factor: a code of the authenticator app.
        #[schema(value_type = String, required = false, max_length = 1024, example = "123 456")]
        totp: Option<Secret<String>> = fields::typed_password,
        /// Or a recovery code.
        #[schema(value_type = String, required = false, max_length = 1024)]
        recovery_code: Option<Secret<String>> = fields::typed_password,
    }
}

/// Gives a fresh access token of the same session (RFC 9470). After five wrong passwords each further
/// one must wait.
#[utoipa::path(
    post, path = super::IN_ROUTES, tag = "Sessions", security(("access" = [])),
    request_body = Reauthenticate,
    params(
        ("X-Portcullis-Device" = Option<String>, Header,
         description = "The `device_token` of an earlier sign-in: it has five tries of its own"),
    ),
    responses((status = 200, description = "A fresh token", body = FreshAccessView)),
)]
pub(crate) async fn reauthenticate(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    Device(device): Device,
    Valid(body): Valid<Reauthenticate>,
) -> Result<Json<FreshAccessView>, ApiError> {
    let factor = presented(body.totp, body.recovery_code);
    let proving = async move {
        let device = device.as_ref();
        let reauthenticating = accounts.reauthenticate(&actor, device, body.password, factor);
        reauthenticating.await
    };
    let fresh = to_the_end(proving).await?;
    Ok(Json(fresh.into()))
}
