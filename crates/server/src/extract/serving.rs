//! The use cases, for the request that asks for them.

use std::convert::Infallible;

use account::{Accounts, RequestInfo};
use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;
use ratelimit::ClientAddress;

use crate::app::App;
use crate::client::Network;
use crate::extract::client_info::agent;
use crate::request_id::RequestId;

/// The longest `Accept-Language` that is read, in bytes.
const LONGEST_LANGUAGES: usize = 256;

/// The use cases, which report what they do with the id of the request and the address of its client. For
/// whatever an event may come of: of other requests neither is kept.
pub(crate) struct Serving(pub(crate) Accounts);

impl FromRequestParts<App> for Serving {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let client = parts.extensions.get().map(ClientAddress::to_string);
        let id = parts.extensions.get().map(RequestId::to_string);
        Ok(Self(app.accounts.serving(RequestInfo {
            id: id.unwrap_or_default(),
            client: client.unwrap_or_default(),
            agent: agent(&parts.headers),
            languages: languages(&parts.headers),
            network: parts.extensions.get().and_then(|Network(network)| *network),
        })))
    }
}

/// The languages that the client would read; a header that is too long to be honest is none.
pub(crate) fn languages(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    (header.len() <= LONGEST_LANGUAGES).then(|| header.to_owned())
}
