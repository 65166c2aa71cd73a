//! How an answer of ours differs from a recorded one.

use jwt::Verified;
use serde_json::Value;

use super::answers::{Answer, Asked};
use super::recorded::{Case, Outcome};

/// Every way in which our answers to a case differ from the recorded ones, in words.
pub(crate) async fn of_case(case: &Case<'_>, mut asked: Asked) -> Vec<String> {
    let mut differences = Vec::new();
    for (route, recorded) in case.outcomes() {
        if let Some(difference) = of_answer(&recorded, &asked.answer(route).await) {
            differences.push(format!(
                "{} ({}), {route}: {difference}",
                case.id(),
                case.name()
            ));
        }
    }
    differences
}

/// How one answer differs.
pub(crate) fn of_answer(recorded: &Outcome<'_>, ours: &Answer) -> Option<String> {
    match (recorded, ours) {
        (Outcome::Refused, Err(_)) | (Outcome::Anonymous, Ok(None)) => None,
        (Outcome::Accepted { identity, claims }, Ok(Some(verified))) => {
            of_claims(identity, claims, verified)
        }
        (recorded, Ok(Some(_))) => Some(format!("recorded {recorded}, ours accepted")),
        (recorded, Ok(None)) => Some(format!("recorded {recorded}, ours anonymous")),
        (recorded, Err(error)) => Some(format!("recorded {recorded}, ours refused: {error}")),
    }
}

/// Texts and whole numbers are compared; what was recorded as another kind isn't.
fn of_claims(identity: &Value, recorded: &Value, verified: &Verified) -> Option<String> {
    let claims = &verified.claims;
    let is_same_identity = match identity {
        // What stands in brackets is a description of a value that strict readers refuse.
        Value::String(text) => claims.sub == *text || text.starts_with('('),
        Value::Number(number) => number
            .as_i64()
            .is_none_or(|it| claims.sub.parse() == Ok(it)),
        _ => true,
    };
    if !is_same_identity {
        return Some(format!("recorded identity {identity}, ours {}", claims.sub));
    }
    let ours = [
        ("jti", claims.jti.clone().map_or(Value::Null, Value::from)),
        ("exp", claims.exp.map_or(Value::Null, Value::from)),
        ("iat", claims.iat.map_or(Value::Null, Value::from)),
        ("nbf", claims.nbf.map_or(Value::Null, Value::from)),
    ];
    ours.into_iter().find_map(|(name, ours)| {
        let recorded = recorded.get(name).unwrap_or(&Value::Null);
        let is_comparable = recorded.is_null() || recorded.is_u64() || name == "jti";
        (is_comparable && ours != *recorded)
            .then(|| format!("{name}: recorded {recorded}, ours {ours}"))
    })
}
