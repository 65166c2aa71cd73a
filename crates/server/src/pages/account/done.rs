//! What was done in one's account, as the page says it that comes next.

use model::EmailAddress;

use crate::pages::words::Words;

/// Where one gets to after something was done.
pub(in crate::pages) fn done(code: &'static str) -> String {
    format!("/account?done={code}")
}

/// What is said of something that was done. The codes are fixed: a link can't put words here.
pub(super) fn sentence(code: &str, words: &Words) -> Option<String> {
    let key = match code {
        "profile" => "done-profile",
        "password" => "done-password",
        "session" => "done-session",
        "sessions" => "done-sessions",
        "confirmed" => "done-confirmed",
        "factor-removed" => "done-factor-removed",
        "devices-forgotten" => "done-devices-forgotten",
        "kept" => "account-kept",
        "resent" => "account-resent",
        _ => return None,
    };
    Some(words.say(key))
}

/// What is said of a new address that must be confirmed. No link can have it said: the page answers the form itself.
pub(super) fn asked(address: &EmailAddress, words: &Words) -> String {
    words.say_with("done-asked", &[("address", address.as_str().into())])
}
