//! What was done in one's account, as the page says it that comes next.

use std::borrow::Cow;

use model::EmailAddress;

use crate::pages::words::Words;

/// Where one gets to after something was done.
pub(in crate::pages) fn done(code: &'static str) -> String {
    format!("/account?done={code}")
}

/// What is said of something that was done. The codes are fixed: a link can't put words here.
pub(super) fn sentence(code: &str, words: &Words) -> Option<Cow<'static, str>> {
    let english = match code {
        "profile" => "Your profile has been saved.",
        "password" => "Your password has been changed. All your other sessions have ended.",
        "session" => "The session has ended.",
        "sessions" => "All your other sessions have ended.",
        "confirmed" => "Your password is confirmed. Please repeat what you wanted to do.",
        "kept" => return Some(words.say("account-kept").into()),
        "resent" => return Some(words.say("account-resent").into()),
        _ => return None,
    };
    Some(Cow::Borrowed(english))
}

/// What is said of a new address that must be confirmed. No link can have it said: the page answers the form itself.
pub(super) fn asked(address: &EmailAddress) -> Cow<'static, str> {
    let address = address.as_str();
    format!("We sent a mail to {address}. Confirm it there: until then your account keeps its present address.").into()
}
