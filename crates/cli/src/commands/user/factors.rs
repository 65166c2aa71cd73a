//! The second factor of an account, as an operator reads of it.

use account::operator::ShownFactors;
use model::User;
use serde_json::json;

use super::{Answer, done, print};

/// What there is.
pub(super) fn shown(shown: &ShownFactors) -> Answer {
    let app = shown.totp_since.map_or_else(
        || "none".to_owned(),
        |since| format!("enrolled since {since}"),
    );
    let rows = [
        ("id", shown.user.id.as_str().to_owned()),
        ("authenticator app", app),
        ("recovery codes left", shown.recovery_codes.to_string()),
    ];
    let rows: Vec<_> = rows.map(|(name, value)| [name.to_owned(), value]).into();
    let totp = shown
        .totp_since
        .map(|since| json!({ "enrolled_at": since }));
    Answer {
        text: print::columns(&rows),
        json: json!({
            "id": shown.user.id,
            "totp": totp,
            "recovery_codes": { "left": shown.recovery_codes },
        }),
    }
}

/// That there is none any more, and what the next sign-in asks for, as the settings have it.
pub(super) fn removed(user: &User, is_required: bool) -> Answer {
    let text = if is_required {
        "has no second factor any more: the next sign-in enrols another, and every session has ended"
    } else {
        "has no second factor any more: the password alone signs in, and every session has ended"
    };
    done(user, text, json!({ "id": user.id, "factor_removed": true }))
}
