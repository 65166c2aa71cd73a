//! `PUT /api/v1/me/password`

use problem::{Valid, input};
use secret::Secret;

use super::fields;
use super::views::DeviceView;
use crate::error::ApiError;
use crate::extract::{Acting, Device, Serving};
use crate::json::Json;
use crate::to_the_end::to_the_end;

input! {
    /// A change of the password.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ChangePassword {
        #[schema(value_type = String, format = Password, max_length = 1024)]
        current_password: Secret<String> = fields::typed_password,
        /// At least 8 characters and at most 1,024 bytes, not easy to guess, and not the current one.
        #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
        new_password: Secret<String>,
    }
}

/// Changes the password. Every other session ends, and every other device must sign in once before it is
/// known again. After five wrong passwords each further one must wait.
#[utoipa::path(
    put, path = super::IN_ROUTES, operation_id = "change_password", tag = "Accounts", security(("access" = [])),
    request_body = ChangePassword,
    params(
        ("X-Portcullis-Device" = Option<String>, Header,
         description = "The `device_token` of an earlier sign-in: it has five tries of its own"),
    ),
    responses((status = 200, description = "Changed", body = DeviceView)),
)]
pub(crate) async fn change(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    Device(device): Device,
    Valid(body): Valid<ChangePassword>,
) -> Result<Json<DeviceView>, ApiError> {
    let ChangePassword {
        current_password: current,
        new_password: new,
    } = body;
    let changing = async move {
        let device = device.as_ref();
        accounts.change_password(&actor, device, current, new).await
    };
    let changed = to_the_end(changing).await?;
    Ok(Json(changed.device.into()))
}
