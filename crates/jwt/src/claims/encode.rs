//! Claims as JSON, in Flask-JWT-Extended's order.

use serde::{Serialize, Serializer};

use super::{Claims, Fresh};

/// The JSON of the claims, without blanks.
///
/// `issuer` and `audience` are put in where the claims name none; `identity_claim` is the name under
/// which the subject is written.
pub(crate) fn encode(
    claims: &Claims,
    identity_claim: &str,
    issuer: Option<&str>,
    audience: &[String],
) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Wire {
        claims,
        identity_claim,
        issuer: claims.iss.as_deref().or(issuer),
        audience: if claims.aud.is_empty() {
            audience
        } else {
            &claims.aud
        },
    })
}

struct Wire<'a> {
    claims: &'a Claims,
    identity_claim: &'a str,
    issuer: Option<&'a str>,
    audience: &'a [String],
}

impl Serialize for Wire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;

        let claims = self.claims;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("fresh", &claims.fresh)?;
        if let Some(iat) = claims.iat {
            map.serialize_entry("iat", &iat)?;
        }
        if let Some(jti) = &claims.jti {
            map.serialize_entry("jti", jti)?;
        }
        map.serialize_entry("type", claims.kind.name())?;
        map.serialize_entry(self.identity_claim, &claims.sub)?;
        if let Some(nbf) = claims.nbf {
            map.serialize_entry("nbf", &nbf)?;
        }
        if let Some(csrf) = &claims.csrf {
            map.serialize_entry("csrf", csrf)?;
        }
        match self.audience {
            [] => {}
            [one] => map.serialize_entry("aud", one)?,
            many => map.serialize_entry("aud", many)?,
        }
        if let Some(iss) = self.issuer {
            map.serialize_entry("iss", iss)?;
        }
        if let Some(exp) = claims.exp {
            map.serialize_entry("exp", &exp)?;
        }
        if let Some(sid) = &claims.sid {
            map.serialize_entry("sid", sid)?;
        }
        if let Some(generation) = claims.generation {
            map.serialize_entry("gen", &generation)?;
        }
        if let Some(auth_time) = claims.auth_time {
            map.serialize_entry("auth_time", &auth_time)?;
        }
        if let Some(acr) = &claims.acr {
            map.serialize_entry("acr", acr)?;
        }
        if !claims.amr.is_empty() {
            map.serialize_entry("amr", &claims.amr)?;
        }
        for (name, value) in &claims.extra {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Fresh {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::No => serializer.serialize_bool(false),
            Self::Yes => serializer.serialize_bool(true),
            Self::Until(last) => serializer.serialize_u64(*last),
        }
    }
}
