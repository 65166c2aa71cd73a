//! Where a request comes from.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::USER_AGENT;
use http::request::Parts;
use model::ClientInfo;
use ratelimit::ClientAddress;

/// Bytes of `User-Agent` that are kept.
const MAX_AGENT: usize = 256;

/// Where a request comes from.
pub(crate) struct RequestClient(pub(crate) ClientInfo);

impl<S: Sync> FromRequestParts<S> for RequestClient {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts
            .extensions
            .get()
            .map(ClientAddress::to_string)
            .unwrap_or_default();
        let agent = agent(&parts.headers);
        Ok(Self(ClientInfo { address, agent }))
    }
}

/// What a client says that it is.
pub(crate) fn agent(headers: &HeaderMap) -> String {
    headers
        .get(USER_AGENT)
        .map(|agent| cut(agent.as_bytes()))
        .unwrap_or_default()
}

/// The text of a header without control characters, cut at [`MAX_AGENT`].
fn cut(agent: &[u8]) -> String {
    let agent = &agent[..agent.len().min(MAX_AGENT)];
    String::from_utf8_lossy(agent)
        .chars()
        .filter(|c| !c.is_control())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_cut_and_cleaned() {
        assert_eq!(cut(b"curl/8.5\t\x07"), "curl/8.5");
        assert_eq!(cut(&[b'x'; 10_000]).len(), MAX_AGENT);
        assert_eq!(cut(b"\xff"), "\u{fffd}");
    }
}
