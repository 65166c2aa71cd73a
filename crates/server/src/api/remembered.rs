//! `GET` and `DELETE /api/v1/me/remembered-devices`

use account::ListedDevice;
use http::StatusCode;
use model::Timestamp;
use serde::Serialize;

use crate::error::ApiError;
use crate::extract::{Acting, Serving};
use crate::json::Json;

/// The devices on which the second factor isn't asked for.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RememberedDevices {
    /// The oldest first, at most 20.
    devices: Vec<RememberedDeviceView>,
}

/// One of them.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RememberedDevice)]
pub(crate) struct RememberedDeviceView {
    #[schema(value_type = String, format = DateTime)]
    remembered_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<ListedDevice> for RememberedDeviceView {
    fn from(listed: ListedDevice) -> Self {
        Self {
            remembered_at: listed.since,
            expires_at: listed.until,
        }
    }
}

/// Lists the devices on which one signs in by the password alone, although one has a second factor.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "list_remembered_devices", tag = "Second factor",
    security(("access" = [])),
    responses((status = 200, description = "The devices", body = RememberedDevices)),
)]
pub(crate) async fn list(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<Json<RememberedDevices>, ApiError> {
    let devices = accounts.remembered_devices(&actor).await?;
    let devices = devices.into_iter().map(RememberedDeviceView::from);
    Ok(Json(RememberedDevices {
        devices: devices.collect(),
    }))
}

/// Forgets all of them: the next sign-in asks for the second factor.
#[utoipa::path(
    delete, path = super::IN_ROUTES, operation_id = "forget_devices", tag = "Second factor",
    security(("access" = [])),
    responses((status = 204, description = "Forgotten")),
)]
pub(crate) async fn forget(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<StatusCode, ApiError> {
    accounts.forget_own_devices(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}
