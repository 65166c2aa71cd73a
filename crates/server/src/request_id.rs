//! The id by which a request is found in the log.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// Carries the id, both ways.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a proxy.
const MAX_LENGTH: usize = 64;

/// The id of a request that changes something, for what it does.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) HeaderValue);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// Makes ids: the start differs from process to process, the rest counts.
#[derive(Debug)]
pub(crate) struct RequestIds {
    process: [u8; 16],
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        // An id need not be secret, only its own: without random numbers all count from zero.
        let process = getrandom::u64().unwrap_or_default();
        Self {
            process: hexadecimal(process),
            next: AtomicU64::new(1),
        }
    }

    /// The id that a trusted proxy has given a request, if it is fit for a log; else a new one. Anybody
    /// else could have two requests share an id, and what the log says of one be taken for the other's.
    pub(crate) fn of(&self, headers: &HeaderMap, is_trusted: impl FnOnce() -> bool) -> HeaderValue {
        let mut sent = headers.get_all(X_REQUEST_ID).iter();
        match (sent.next(), sent.next()) {
            (Some(id), None) if is_sane(id.as_bytes()) && is_trusted() => id.clone(),
            _ => self.fresh(),
        }
    }

    /// A new one.
    pub(crate) fn fresh(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; 32];
        text[..16].copy_from_slice(&self.process);
        text[16..].copy_from_slice(&hexadecimal(number));
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("0")) // hexadecimal digits always fit
    }
}

fn hexadecimal(number: u64) -> [u8; 16] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 16];
    for (digits, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        digits[0] = HEX[usize::from(byte >> 4)];
        digits[1] = HEX[usize::from(byte & 15)];
    }
    text
}

/// Whether an id from outside can stand in a log line and in a header without harm.
fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(sent: &[&str], is_trusted: bool) -> String {
        let mut headers = HeaderMap::new();
        for id in sent {
            headers.append(X_REQUEST_ID, HeaderValue::from_str(id).unwrap());
        }
        RequestIds::new()
            .of(&headers, || is_trusted)
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn a_sane_id_of_a_trusted_proxy_is_kept_and_any_other_replaced() {
        assert_eq!(id_for(&["order-17.a_B"], true), "order-17.a_B");
        assert_eq!(id_for(&["order-17.a_B"], false).len(), 32);
        let long = "x".repeat(65);
        for bad in [
            &[""][..],
            &["a b"],
            &["a\tb"],
            &["a\"b"],
            &[&long],
            &["one", "two"],
            &[],
        ] {
            let id = id_for(bad, true);
            assert_eq!(id.len(), 32, "{bad:?} gave {id}");
        }
    }

    #[test]
    fn ids_differ() {
        let ids = RequestIds::new();
        assert_ne!(ids.fresh(), ids.fresh());
    }
}
