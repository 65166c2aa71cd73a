//! What events and reasons are called.

use crate::pages::words::Words;

/// What an event is called. One of a later version has its name only.
pub(super) fn event(name: &str, words: &Words) -> String {
    match name {
        "registration" => words.say("event-registration"),
        "sign_in" => words.say("event-sign-in"),
        "legacy_token_trade" => words.say("event-legacy-token-trade"),
        "refresh" => words.say("event-refresh"),
        "sign_out" => words.say("event-sign-out"),
        "reauthentication" => words.say("event-reauthentication"),
        "password_change" => words.say("event-password-change"),
        "password_reset" => words.say("event-password-reset"),
        "sign_up" => words.say("event-sign-up"),
        "confirmation" => words.say("event-confirmation"),
        "address_request" => words.say("event-address-request"),
        "address_change" => words.say("event-address-change"),
        "address_undo" => words.say("event-address-undo"),
        "mail" => words.say("event-mail"),
        "invitation" => words.say("event-invitation"),
        "reset_link" => words.say("event-reset-link"),
        "profile_change" => words.say("event-profile-change"),
        "export" => words.say("event-export"),
        "session_end" => words.say("event-session-end"),
        "other_sessions_end" => words.say("event-other-sessions-end"),
        "sessions_end" => words.say("event-sessions-end"),
        "disabling" => words.say("event-disabling"),
        "enabling" => words.say("event-enabling"),
        "unlocking" => words.say("event-unlocking"),
        "deletion" => words.say("event-deletion"),
        "factor_enrolment" => words.say("event-factor-enrolment"),
        "factor_removal" => words.say("event-factor-removal"),
        "recovery_code_used" => words.say("event-recovery-code-used"),
        "recovery_codes_renewed" => words.say("event-recovery-codes-renewed"),
        "device_remembered" => words.say("event-device-remembered"),
        "devices_forgotten" => words.say("event-devices-forgotten"),
        "deletion_scheduled" => words.say("event-deletion-scheduled"),
        "deletion_cancelled" => words.say("event-deletion-cancelled"),
        unknown => unknown.to_owned(),
    }
}

/// Why something was refused.
pub(super) fn reason(name: &str, words: &Words) -> String {
    match name {
        "registration_closed" => words.say("reason-registration-closed"),
        "unacceptable_password" => words.say("reason-unacceptable-password"),
        "username_taken" => words.say("reason-username-taken"),
        "email_taken" => words.say("reason-email-taken"),
        "unknown_account" => words.say("reason-unknown-account"),
        "unreadable_account" => words.say("reason-unreadable-account"),
        "wrong_password" => words.say("reason-wrong-password"),
        "wrong_code" => words.say("reason-wrong-code"),
        "factor_required" => words.say("reason-factor-required"),
        "factor_enrolment_required" => words.say("reason-factor-enrolment-required"),
        "invalid_challenge" => words.say("reason-invalid-challenge"),
        "disabled" => words.say("reason-disabled"),
        "deletion_scheduled" => words.say("reason-deletion-scheduled"),
        "too_many_attempts" => words.say("reason-too-many-attempts"),
        "too_many_sign_ins" => words.say("reason-too-many-sign-ins"),
        "too_many_checks" => words.say("reason-too-many-checks"),
        "too_many_taken" => words.say("reason-too-many-taken"),
        "invalid_link" => words.say("reason-invalid-link"),
        "email_unverified" => words.say("reason-email-unverified"),
        "too_many_changes" => words.say("reason-too-many-changes"),
        "undeliverable" => words.say("reason-undeliverable"),
        "replayed" => words.say("reason-replayed"),
        "superseded" => words.say("reason-superseded"),
        unknown => unknown.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use texts::Texts;

    use super::*;

    #[test]
    fn every_event_and_every_reason_has_words() {
        let words = Words::of(&Arc::new(Texts::load(None).unwrap()), None);
        for name in account::EVENT_NAMES {
            assert_ne!(event(name, &words), *name);
        }
        for name in account::REASON_NAMES {
            assert_ne!(reason(name, &words), *name);
        }
    }
}
