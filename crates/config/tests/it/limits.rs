//! How often anyone may ask.

use crate::Setup;

#[test]
fn the_defaults_are_those_of_the_reference() {
    let limits = Setup::dotenv("").good().limits;
    let written =
        |quotas: &ratelimit::Quotas| -> Vec<_> { quotas.iter().map(ToString::to_string).collect() };
    assert!(limits.enabled);
    assert_eq!(written(&limits.default), ["200 per 1 day", "20 per 1 hour"]);
    assert_eq!(written(&limits.user), ["600 per 1 minute"]);
    assert_eq!(written(&limits.hashing), ["20 per 15 minute"]);
    assert_eq!(written(&limits.pages), ["600 per 1 minute"]);
    assert_eq!(written(&limits.taken), ["20 per 1 hour"]);
    assert_eq!(limits.strategy, ratelimit::Strategy::FixedWindow);
}

#[test]
fn a_limit_that_cannot_be_read_refuses_the_start() {
    for (name, value) in [
        ("RATELIMIT_DEFAULT", "20 per fortnight"),
        ("RATELIMIT_DEFAULT", "20 per hour; nonsense"),
        ("PORTCULLIS_RATELIMIT_USER", "many"),
        ("PORTCULLIS_RATELIMIT_HASHING", "20 per quarter"),
        ("PORTCULLIS_RATELIMIT_SIGNIN", "sixty"),
        ("PORTCULLIS_RATELIMIT_SIGNIN", "0 per hour"),
        ("PORTCULLIS_RATELIMIT_TAKEN", "20 per hour; 0 per day"),
        ("PORTCULLIS_RATELIMIT_PAGES", "-1 per hour"),
        ("PORTCULLIS_RATELIMIT_TAKEN", "twenty"),
        ("RATELIMIT_STRATEGY", "elastic"),
        ("RATELIMIT_ENABLED", "perhaps"),
    ] {
        let faults = Setup::dotenv(&format!("{name}=\"{value}\"\n")).faults();
        assert!(
            faults.iter().any(|fault| fault.0 == name),
            "{name}={value}: {faults:?}"
        );
    }
}

#[test]
fn limits_that_are_off_are_mentioned() {
    let notices = Setup::dotenv("RATELIMIT_ENABLED=false\n").good().notices;
    assert_eq!(notices.len(), 1);
    assert_eq!(notices[0].name, "RATELIMIT_ENABLED");
}
