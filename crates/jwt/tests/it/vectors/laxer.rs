//! Where we accept more than was recorded: the name of the scheme in any case (RFC 9110 §11.1), of which
//! Flask-JWT-Extended takes one spelling alone.

use jwt::Authority;

use super::answers::{Answer, Asked};
use super::recorded::Case;

/// The cases of our copy of the file that were refused, and are accepted by us.
pub(crate) const KNOWN: [&str; 2] = ["header-010", "header-011"];

/// The header as Flask-JWT-Extended wants it spelled, if it isn't.
pub(crate) fn respelled(value: &str) -> Option<String> {
    let respell = |credentials: &str| {
        let trimmed = credentials.trim_start();
        let scheme = trimmed.split_ascii_whitespace().next().unwrap_or_default();
        let blanks = &credentials[..credentials.len() - trimmed.len()];
        if scheme.eq_ignore_ascii_case("Bearer") {
            format!("{blanks}Bearer{}", &trimmed[scheme.len()..])
        } else {
            credentials.to_owned()
        }
    };
    let respelled: Vec<String> = value.split(',').map(respell).collect();
    let respelled = respelled.join(",");
    (respelled != value).then_some(respelled)
}

/// Whether any route answers the two headers otherwise.
pub(crate) async fn differs(
    authority: &Authority,
    case: &Case<'_>,
    value: &str,
    same: &str,
) -> bool {
    for (route, _) in case.outcomes() {
        let asked = [value, same].map(|value| Asked::new(authority, Some(value), case.now()));
        let [Some(mut one), Some(mut other)] = asked else {
            return true;
        };
        if told(&one.answer(route).await) != told(&other.answer(route).await) {
            return true;
        }
    }
    false
}

/// What an answer tells: whose token it is, that there is none, or why it is refused.
fn told(answer: &Answer) -> Result<Option<&str>, String> {
    match answer {
        Ok(token) => Ok(token.as_ref().map(|token| token.claims.sub.as_str())),
        Err(refused) => Err(refused.to_string()),
    }
}
