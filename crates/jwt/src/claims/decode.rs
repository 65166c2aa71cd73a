//! Claims from a verified payload.

use serde_json::Map;

use super::{Claims, Fresh, TokenKind, time};
use crate::error::Fault;
use crate::json::{Kind, Value, read_object};

/// What is asked of a payload; everything here is independent of the time.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The name of the claim that says who the token is about.
    pub(crate) identity_claim: String,
    /// Whether `sub` may be anything, not only text.
    pub(crate) any_subject: bool,
    /// Accepted values of `iss`; none: it is not looked at.
    pub(crate) issuers: Vec<String>,
    /// Accepted values of `aud`; none: it is not looked at.
    pub(crate) audiences: Vec<String>,
}

/// The last value of each claim that means something to us.
#[derive(Default)]
struct Found<'a> {
    fresh: Option<Value<'a>>,
    iat: Option<Value<'a>>,
    jti: Option<Value<'a>>,
    kind: Option<Value<'a>>,
    sub: Option<Value<'a>>,
    identity: Option<Value<'a>>,
    nbf: Option<Value<'a>>,
    csrf: Option<Value<'a>>,
    exp: Option<Value<'a>>,
    iss: Option<Value<'a>>,
    aud: Option<Value<'a>>,
    sid: Option<Value<'a>>,
    generation: Option<Value<'a>>,
    auth_time: Option<Value<'a>>,
    acr: Option<Value<'a>>,
    amr: Option<Value<'a>>,
}

/// Reads the claims of `payload`.
///
/// A missing `iss` passes here even when issuers are set: whether it may be missing depends on the
/// time.
pub(crate) fn read(payload: &[u8], reading: &Reading) -> Result<Claims, Fault> {
    let identity_claim = reading.identity_claim.as_bytes();
    let mut found = Found::default();
    read_object(payload, |name, value| {
        let place = match name {
            b"fresh" => &mut found.fresh,
            b"iat" => &mut found.iat,
            b"jti" => &mut found.jti,
            b"type" => &mut found.kind,
            b"sub" => &mut found.sub,
            b"nbf" => &mut found.nbf,
            b"csrf" => &mut found.csrf,
            b"exp" => &mut found.exp,
            b"iss" => &mut found.iss,
            b"aud" => &mut found.aud,
            b"sid" => &mut found.sid,
            b"gen" => &mut found.generation,
            b"auth_time" => &mut found.auth_time,
            b"acr" => &mut found.acr,
            b"amr" => &mut found.amr,
            _ => {
                if name == identity_claim {
                    found.identity = Some(value);
                }
                return;
            }
        };
        *place = Some(value);
        if name == identity_claim {
            found.identity = Some(value);
        }
    })
    .ok_or(Fault::Json)?;

    Ok(Claims {
        iat: seconds("iat", found.iat)?,
        nbf: seconds("nbf", found.nbf)?,
        exp: seconds("exp", found.exp)?,
        iss: issuer(found.iss, reading)?,
        aud: audience(found.aud, reading)?,
        sub: subject(&found, reading)?,
        jti: found
            .jti
            .map(|jti| owned(jti).ok_or(Fault::Claim("jti")))
            .transpose()?,
        kind: kind(found.kind)?,
        fresh: found.fresh.map_or(Fresh::No, fresh),
        csrf: found.csrf.and_then(owned),
        sid: found.sid.and_then(owned).filter(|sid| !sid.is_empty()),
        generation: found
            .generation
            .and_then(|value| value.source().parse().ok()),
        auth_time: found.auth_time.and_then(time::seconds),
        acr: found.acr.and_then(owned),
        amr: found.amr.and_then(names).unwrap_or_default(),
        extra: Map::new(),
    })
}

fn owned(value: Value<'_>) -> Option<String> {
    value.text().map(std::borrow::Cow::into_owned)
}

fn seconds(name: &'static str, value: Option<Value<'_>>) -> Result<Option<u64>, Fault> {
    value
        .map(|value| time::seconds(value).ok_or(Fault::Claim(name)))
        .transpose()
}

/// A token that doesn't say what it is for, or says something else, is good for nothing
/// (RFC 8725 §3.12): the same key may sign other things.
fn kind(value: Option<Value<'_>>) -> Result<TokenKind, Fault> {
    let named = value.and_then(Value::text);
    [TokenKind::Access, TokenKind::Refresh]
        .into_iter()
        .find(|kind| named.as_deref() == Some(kind.name()))
        .ok_or(Fault::Claim("type"))
}

fn fresh(value: Value<'_>) -> Fresh {
    match value.kind() {
        Kind::Bool(true) => Fresh::Yes,
        Kind::Number(source) => time::fresh_until(source).map_or(Fresh::No, Fresh::Until),
        Kind::Bool(false) | Kind::Null | Kind::Text(_) | Kind::Array | Kind::Object => Fresh::No,
    }
}

fn subject(found: &Found<'_>, reading: &Reading) -> Result<String, Fault> {
    let is_sub_acceptable = |sub: Value<'_>| reading.any_subject || sub.text().is_some();
    if !found.sub.is_none_or(is_sub_acceptable) {
        return Err(Fault::Claim("sub"));
    }
    let identity = found.identity.ok_or(Fault::Claim("the identity"))?;
    match identity.kind() {
        Kind::Text(text) => text
            .map(std::borrow::Cow::into_owned)
            .ok_or(Fault::Claim("the identity")),
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Array | Kind::Object => {
            Ok(identity.source().to_owned())
        }
    }
}

fn issuer(value: Option<Value<'_>>, reading: &Reading) -> Result<Option<String>, Fault> {
    let text = value.and_then(owned);
    if reading.issuers.is_empty() || value.is_none() {
        return Ok(text);
    }
    match text {
        Some(text) if reading.issuers.contains(&text) => Ok(Some(text)),
        Some(_) | None => Err(Fault::Issuer),
    }
}

fn audience(value: Option<Value<'_>>, reading: &Reading) -> Result<Vec<String>, Fault> {
    let named = value.and_then(names);
    if reading.audiences.is_empty() {
        return Ok(named.unwrap_or_default());
    }
    let named = named.ok_or(Fault::Audience)?;
    if named.iter().any(|name| reading.audiences.contains(name)) {
        Ok(named)
    } else {
        Err(Fault::Audience)
    }
}

/// One text or a list of texts (RFC 7519 §4.1.3). A text with no UTF-8 form is nobody's name.
fn names(value: Value<'_>) -> Option<Vec<String>> {
    let items = match value.kind() {
        Kind::Text(_) => vec![value],
        Kind::Array => value.items()?,
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Object => return None,
    };
    let mut names = Vec::with_capacity(items.len());
    for item in items {
        let Kind::Text(text) = item.kind() else {
            return None;
        };
        names.extend(text.map(std::borrow::Cow::into_owned));
    }
    Some(names)
}
