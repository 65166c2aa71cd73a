//! Faults: all at once, with their place and how to mend them.

use crate::{APP_KEY, JWT_KEY, Setup};

#[test]
fn three_faults_are_three_lines() {
    let setup = Setup::dotenv(
        "# production\n\
         SECRET_KEY=changeme\n\
         JWT_ACCESS_TOKEN_EXPIRES=15m\n\
         PORTCULLIS_REGISTRATON=closed\n",
    );
    assert_eq!(
        setup.load().unwrap_err().to_string(),
        "3 settings need fixing:\n  \
         PORTCULLIS_REGISTRATON (.env line 4): there is no such setting; did you mean PORTCULLIS_REGISTRATION?\n  \
         SECRET_KEY (.env line 2): is a placeholder, or made of words: make one with `openssl rand -hex 32`\n  \
         JWT_ACCESS_TOKEN_EXPIRES (.env line 3): must be a whole number of seconds from 1 to 2592000, not \"15m\""
    );
}

#[test]
fn a_mistyped_name_is_answered_by_the_nearest() {
    for (mistyped, meant) in [
        ("PORTCULLIS_LISTN", Some("PORTCULLIS_LISTEN")),
        ("PORTCULLIS_LITSEN", Some("PORTCULLIS_LISTEN")),
        ("PORTCULLIS_DATADIR", Some("PORTCULLIS_DATA_DIR")),
        ("PORTCULLIS_PUBLIC_URI", Some("PORTCULLIS_PUBLIC_URL")),
        ("PORTCULLIS_BRAND", Some("PORTCULLIS_BRAND_NAME")),
        ("PORTCULLIS_BREACHED", Some("PORTCULLIS_BREACHED_FILE")),
        (
            "PORTCULLIS_PASSWORD",
            Some("PORTCULLIS_PASSWORD_MIN_LENGTH"),
        ),
        ("PORTCULLIS_MAIL", None), // several begin like this
        (
            "PORTCULLIS_PASSWORD_MIN_LEN",
            Some("PORTCULLIS_PASSWORD_MIN_LENGTH"),
        ),
        ("PORTCULLIS_SECRET_KEY", Some("SECRET_KEY")),
        ("PORTCULLIS_JWT_SECRET_KEY_FILE", Some("JWT_SECRET_KEY")),
        ("PORTCULLIS_JWT_SECRET_KY", Some("JWT_SECRET_KEY")),
        ("PORTCULLIS_LISTEN_FILE", Some("PORTCULLIS_LISTEN")),
        ("PORTCULLIS_FRIENDLY_BANANAS", None),
        ("PORTCULLIS_", None),
    ] {
        let fault = Setup::new().env(mistyped, "x").fault();
        match meant {
            Some(meant) => assert!(
                fault.ends_with(&format!("did you mean {meant}?")),
                "{fault}"
            ),
            None => assert!(
                fault.ends_with("docs/configuration.md lists them all"),
                "{fault}"
            ),
        }
    }
}

#[test]
fn what_belongs_to_the_tests_of_this_project_is_no_mistake() {
    let setup = Setup::new()
        .env("PORTCULLIS_TEST_MONGO_URI", "mongodb://127.0.0.1:27017")
        .env("PORTCULLIS_TEST_MONGO", "of the tests");
    assert_eq!(setup.good().notices, []);

    let fault = Setup::new().env("PORTCULLIS_TESTS", "1").fault();
    assert!(fault.contains("no such setting"), "{fault}");
}

#[test]
fn what_kubernetes_puts_into_a_pod_is_no_mistake() {
    let setup = Setup::new()
        .env("PORTCULLIS_SERVICE_HOST", "10.0.0.1")
        .env("PORTCULLIS_SERVICE_PORT", "80")
        .env("PORTCULLIS_SERVICE_PORT_HTTP", "80")
        .env("PORTCULLIS_PORT", "tcp://10.0.0.1:80")
        .env("PORTCULLIS_PORT_80_TCP", "tcp://10.0.0.1:80")
        .env("PORTCULLIS_PORT_80_TCP_ADDR", "10.0.0.1")
        .env("PORTCULLIS_MONGO_SERVICE_HOST", "10.0.0.2");
    assert_eq!(setup.good().notices, []);

    let fault = Setup::new().env("PORTCULLIS_PORT", "8080").fault();
    assert!(fault.contains("no such setting"), "{fault}");
}

#[test]
fn numbers_have_bounds() {
    for (name, good, bad) in [
        ("JWT_ACCESS_TOKEN_EXPIRES", "1", "0"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "2592000", "2592001"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "31536000", "31536001"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "900", "-1"),
        ("JWT_DECODE_LEEWAY", "0", "301"),
        ("PORTCULLIS_REFRESH_GRACE", "0", "61"),
        ("PORTCULLIS_SESSION_MAX_AGE", "60", "59"),
        ("PORTCULLIS_REVOCATION_MAX_STALENESS", "2", "1"),
        (
            "PORTCULLIS_REVOCATION_MAX_STALENESS",
            "300",
            "99999999999999999999999",
        ),
        ("PORTCULLIS_DELETION_GRACE", "7776000", "7776001"),
        ("PORTCULLIS_DELETION_GRACE", "0", "30d"),
        ("PORTCULLIS_MFA", "Required", "true"),
        ("PORTCULLIS_MFA_GRACE", "365", "366"),
        ("PORTCULLIS_MFA_REMEMBER", "90", "91"),
        ("PORTCULLIS_PASSWORD_MIN_LENGTH", "8", "7"),
        ("PORTCULLIS_PASSWORD_MIN_LENGTH", "128", "8.5"),
        ("PORTCULLIS_HASH_UPGRADE", "False", "maybe"),
        ("PORTCULLIS_BCRYPT_TRUNCATE", "on", "72"),
        ("PORTCULLIS_REGISTRATION", "Closed", "invite"),
        ("PORTCULLIS_LOG_FORMAT", "json", "xml"),
        ("PORTCULLIS_LOG", "info,server=debug", "inof"),
        ("PORTCULLIS_LOG", "server::api=TRACE", "info,[x]=debug"),
        (
            "PORTCULLIS_LEGACY_TOKENS_UNTIL",
            "2027-01-31T00:00:00Z",
            "2027-01-31",
        ),
        (
            "PORTCULLIS_LEGACY_TOKENS_UNTIL",
            "2027-01-31T01:00:00+01:00",
            "soon",
        ),
    ] {
        Setup::new().env(name, good).good();
        let fault = Setup::new().env(name, bad).fault();
        assert!(
            fault.starts_with(&format!("{name} (environment): ")),
            "{fault}"
        );
    }
}

#[test]
fn a_deletion_that_waits_for_less_than_seven_days_is_reported() {
    for (seconds, reported) in [
        ("0", false),
        ("1", true),
        ("604799", true),
        ("604800", false),
    ] {
        let config = Setup::new()
            .env("PORTCULLIS_DELETION_GRACE", seconds)
            .good();
        let told = config.notices.iter().any(|notice| {
            notice.name == "PORTCULLIS_DELETION_GRACE"
                && notice.message.starts_with("is less than seven days")
        });
        assert_eq!(told, reported, "{seconds}");
    }
}

#[test]
fn days_without_a_second_factor_that_nobody_needs_are_reported() {
    for (mfa, days, reported) in [
        ("optional", "7", true),
        ("optional", "0", false),
        ("required", "7", false),
    ] {
        let config = Setup::new()
            .env("PORTCULLIS_MFA", mfa)
            .env("PORTCULLIS_MFA_GRACE", days)
            .good();
        let mut notices = config.notices.iter();
        let told = notices.any(|notice| notice.name == "PORTCULLIS_MFA_GRACE");
        assert_eq!(told, reported, "{mfa} {days}");
    }
}

#[test]
fn that_enrolling_waits_for_a_confirmed_address_is_reported() {
    const MAIL: [(&str, &str); 2] = [
        ("PORTCULLIS_MAIL_URL", "file:///var/mail"),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
    ];
    for (mfa, mail, verification, reported) in [
        ("required", true, "off", true),
        ("required", true, "optional", true),
        ("required", true, "required", false),
        ("required", false, "off", false),
        ("optional", true, "optional", false),
    ] {
        let mut setup = Setup::new()
            .env("PORTCULLIS_MFA", mfa)
            .env("PORTCULLIS_EMAIL_VERIFICATION", verification);
        for (name, value) in MAIL.into_iter().filter(|_| mail) {
            setup = setup.env(name, value);
        }
        let told = setup.good().notices.iter().any(|notice| {
            notice.name == "PORTCULLIS_MFA" && notice.message.contains("unconfirmed address")
        });
        assert_eq!(told, reported, "{mfa} {mail} {verification}");
    }
}

#[test]
fn what_flask_calls_never_is_refused_with_a_reason() {
    for never in ["False", "None"] {
        let fault = Setup::new().env("JWT_REFRESH_TOKEN_EXPIRES", never).fault();
        assert!(
            fault.contains("tokens that never expire are not issued"),
            "{fault}"
        );
    }
}

#[test]
fn one_secret_must_not_serve_twice() {
    let twice = Setup::dotenv(&format!("SECRET_KEY={JWT_KEY}\nJWT_SECRET_KEY={JWT_KEY}"));
    assert!(
        twice
            .fault()
            .starts_with("SECRET_KEY (.env line 1): is the same as JWT_SECRET_KEY")
    );

    let unchanged = Setup::dotenv(&format!(
        "SECRET_KEY={APP_KEY}\nSECRET_KEY_PREVIOUS={APP_KEY}\nJWT_SECRET_KEY={JWT_KEY}\nJWT_SECRET_KEY_PREVIOUS={JWT_KEY}"
    ));
    let faults = unchanged.faults();
    assert_eq!(
        faults,
        [
            (
                "SECRET_KEY_PREVIOUS".to_owned(),
                "is the same as SECRET_KEY: unset it".to_owned()
            ),
            (
                "JWT_SECRET_KEY_PREVIOUS".to_owned(),
                "is the same as JWT_SECRET_KEY: unset it".to_owned()
            ),
        ]
    );
}

#[test]
fn a_previous_secret_must_be_as_strong() {
    let fault = Setup::new()
        .env("JWT_SECRET_KEY_PREVIOUS", "123456")
        .fault();
    assert!(fault.contains("has 6 bytes of at least 32"), "{fault}");
}

#[test]
fn a_line_that_cannot_be_read_is_a_fault_where_a_setting_is_lost() {
    let fault = Setup::dotenv("A=1\nJWT_SECRET_KEY=\"open\n").fault();
    assert_eq!(
        fault,
        "JWT_SECRET_KEY (.env line 2): can't be read: write NAME=value, and close every quote"
    );
    let fault = Setup::dotenv("PORTCULLIS_REGISTRATION closed").fault();
    assert!(
        fault.starts_with("PORTCULLIS_REGISTRATION (.env line 1): can't be read"),
        "{fault}"
    );

    let notices = Setup::dotenv("see the wiki\nA=1").good().notices;
    assert_eq!(
        notices[0].to_string(),
        ".env line 1: can't be read and was skipped"
    );
}

#[test]
fn a_dotenv_that_cannot_be_read_is_a_fault() {
    let not_text = Setup::new().file(".env", b"A=\xff\xfe");
    assert!(not_text.fault().starts_with(".env: can't be read"));

    let folder = Setup::new();
    std::fs::create_dir(folder.path().join(".env")).unwrap();
    assert!(folder.fault().starts_with(".env: can't be read"));

    let large = Setup::dotenv(&"#".repeat(1024 * 1024 + 1));
    assert!(large.fault().contains("larger than 1024 KiB"));
}

#[cfg(unix)]
#[test]
fn only_our_own_settings_must_be_unicode() {
    use std::{ffi::OsString, os::unix::ffi::OsStringExt as _};

    let load = |name: &str| {
        let mut sources = Setup::new().sources();
        sources
            .env
            .push((name.into(), OsString::from_vec(vec![0xff])));
        config::Config::load(sources)
    };
    assert!(load("LESSOPEN").is_ok());
    let error = load("PORTCULLIS_LOG").unwrap_err();
    assert_eq!(
        error.faults[0].to_string(),
        "PORTCULLIS_LOG (environment): is not valid UTF-8"
    );
}
