//! The use cases, for the request that asks for them.

use std::convert::Infallible;

use account::{Accounts, RequestInfo};
use axum::extract::FromRequestParts;
use http::request::Parts;
use ratelimit::ClientAddress;

use crate::app::App;
use crate::client::Network;
use crate::request_id::RequestId;

/// The use cases, which report what they do with the id of the request and the address of its client. For
/// whatever changes something: of other requests neither is kept.
pub(crate) struct Serving(pub(crate) Accounts);

impl FromRequestParts<App> for Serving {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let client = parts.extensions.get().map(ClientAddress::to_string);
        let id = parts.extensions.get().map(RequestId::to_string);
        Ok(Self(app.accounts.serving(RequestInfo {
            id: id.unwrap_or_default(),
            client: client.unwrap_or_default(),
            network: parts.extensions.get().and_then(|Network(network)| *network),
        })))
    }
}
