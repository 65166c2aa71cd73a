//! The device that a request comes from.

use std::convert::Infallible;

use account::DeviceToken;
use axum::extract::FromRequestParts;
use http::HeaderName;
use http::request::Parts;

/// Holds the `device_token` of an earlier sign-in.
const X_PORTCULLIS_DEVICE: HeaderName = HeaderName::from_static("x-portcullis-device");

/// The device token that was sent, if it can be one: any other is as good as none.
pub(crate) struct Device(pub(crate) Option<DeviceToken>);

impl<S: Sync> FromRequestParts<S> for Device {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = parts.headers.get(X_PORTCULLIS_DEVICE);
        let text = header.and_then(|value| value.to_str().ok());
        Ok(Self(text.and_then(DeviceToken::presented)))
    }
}
