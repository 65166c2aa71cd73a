//! The JOSE header (RFC 7515 §4).

use std::borrow::Cow;

use crate::algorithm::Algorithm;
use crate::error::Fault;
use crate::json::{Kind, Value, read_object};

/// What of a header matters: which algorithm, and perhaps which key.
///
/// `jku`, `jwk`, `x5u` and `x5c` are never looked at: keys come from configuration (RFC 8725 §3.10).
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<String>,
}

/// The decoded header segment of a token that we issue.
pub(crate) fn write(algorithm: Algorithm, key_id: Option<&str>) -> String {
    match key_id {
        // Writing a text as JSON can't fail; `Value` spares the `Result`.
        Some(key_id) => format!(
            r#"{{"alg":"{algorithm}","kid":{},"typ":"JWT"}}"#,
            serde_json::Value::from(key_id)
        ),
        None => format!(r#"{{"alg":"{algorithm}","typ":"JWT"}}"#),
    }
}

/// Reads a decoded header segment.
pub(crate) fn read(bytes: &[u8]) -> Result<Header, Fault> {
    let (mut alg, mut kid, mut crit, mut b64) = (None, None, None, None);
    read_object(bytes, |name, value| match name {
        b"alg" => alg = Some(value),
        b"kid" => kid = Some(value),
        b"crit" => crit = Some(value),
        b"b64" => b64 = Some(value),
        _ => {}
    })
    .ok_or(Fault::Json)?;

    if crit.is_some_and(|crit| !is_understood(crit, b64)) || b64.is_some_and(is_false) {
        return Err(Fault::HeaderParameter);
    }
    let key_id = match kid.map(Value::kind) {
        None => None,
        Some(Kind::Text(text)) => text.map(Cow::into_owned), // one with no UTF-8 form names no key
        Some(_) => return Err(Fault::HeaderParameter),
    };
    let algorithm = alg
        .and_then(Value::text)
        .and_then(|name| Algorithm::from_name(&name))
        .ok_or(Fault::Algorithm)?;
    Ok(Header { algorithm, key_id })
}

/// Whether every critical parameter is present and known to us (RFC 7515 §4.1.11). The only one is
/// `b64`, and only as `true`, its default: a JWT's payload is always encoded (RFC 7797 §7).
fn is_understood(crit: Value<'_>, b64: Option<Value<'_>>) -> bool {
    let Kind::Array = crit.kind() else {
        return false;
    };
    let Some(names) = crit.items() else {
        return false;
    };
    !names.is_empty()
        && b64.is_some()
        && names
            .into_iter()
            .all(|name| name.text().as_deref() == Some("b64"))
}

fn is_false(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Bool(false))
}
