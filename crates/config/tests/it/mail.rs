//! Where mail goes, and what it needs.

use config::EmailVerification;

use crate::Setup;

const URL: &str = "smtp://user:hunter2@mail.example.org";

fn with_mail() -> Setup {
    Setup::new()
        .env("PORTCULLIS_MAIL_URL", URL)
        .env("PORTCULLIS_MAIL_FROM", "Accounts <accounts@example.org>")
}

#[test]
fn mail_is_off_until_it_has_somewhere_to_go() {
    let mail = Setup::new().good().mail;
    assert!(mail.url.is_none() && mail.from.is_none() && mail.texts.is_none());
    assert_eq!(mail.verification, EmailVerification::Off);
}

#[test]
fn mail_has_a_sender_and_paths_start_at_the_working_folder() {
    let setup = with_mail()
        .env("PORTCULLIS_MAIL_REPLY_TO", "help@example.org")
        .env("PORTCULLIS_MAIL_TEMPLATES", "templates")
        .env("PORTCULLIS_MAIL_CA", "/etc/ca.pem")
        .env("PORTCULLIS_TEXTS", "texts")
        .env("PORTCULLIS_EMAIL_VERIFICATION", "required");
    let folder = setup.folder.path().to_owned();
    let config = setup.good();
    let mail = config.mail;
    assert_eq!(mail.url.unwrap().expose(), URL);
    assert_eq!(
        mail.from.as_deref(),
        Some("Accounts <accounts@example.org>")
    );
    assert_eq!(mail.reply_to.as_deref(), Some("help@example.org"));
    assert_eq!(mail.templates, Some(folder.join("templates")));
    assert_eq!(mail.authorities.as_deref(), Some("/etc/ca.pem".as_ref()));
    assert_eq!(mail.texts, Some(folder.join("texts")));
    assert_eq!(mail.verification, EmailVerification::Required);
    assert!(config.notices.is_empty(), "{:?}", config.notices);
}

#[test]
fn the_password_of_the_mail_server_may_stand_in_a_file_and_is_never_shown() {
    let setup = Setup::new()
        .file("url", format!("{URL}\n"))
        .env("PORTCULLIS_MAIL_URL_FILE", "url")
        .env("PORTCULLIS_MAIL_FROM", "accounts@example.org");
    let config = setup.good();
    let rows = config.describe();
    let row = rows.iter().find(|row| row.name == "PORTCULLIS_MAIL_URL");
    assert_eq!(
        row.unwrap().value,
        "smtp://user:[redacted]@mail.example.org"
    );
    assert_eq!(config.mail.url.unwrap().expose(), URL);
}

#[test]
fn what_lacks_something_is_refused() {
    for (setup, expected) in [
        (
            Setup::new().env("PORTCULLIS_MAIL_URL", URL),
            "PORTCULLIS_MAIL_FROM: must be set with PORTCULLIS_MAIL_URL",
        ),
        (
            Setup::new().env("PORTCULLIS_EMAIL_VERIFICATION", "optional"),
            "needs PORTCULLIS_MAIL_URL: without mail nobody can confirm an address",
        ),
        (
            with_mail().env("PORTCULLIS_MAIL_URL", "mail.example.org:hunter2"),
            "must begin with smtp://, smtps:// or file:///",
        ),
        (
            with_mail().env("PORTCULLIS_MAIL_FROM", "a@b.org\r\nBcc: c@d.org"),
            "none of them a control character",
        ),
    ] {
        let fault = setup.fault();
        assert!(fault.contains(expected), "{fault}");
        assert!(!fault.contains("hunter2"), "{fault}");
    }
}

#[test]
fn what_has_no_effect_without_mail_is_told() {
    let config = Setup::new()
        .env("PORTCULLIS_MAIL_FROM", "accounts@example.org")
        .env("PORTCULLIS_TEXTS", "texts")
        .good();
    let told: Vec<_> = config.notices.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        ["PORTCULLIS_MAIL_FROM: has no effect without PORTCULLIS_MAIL_URL"]
    );
}

#[test]
fn the_name_of_the_service_is_a_short_line() {
    assert_eq!(Setup::new().good().mail.brand, None);
    let named = Setup::new().env("PORTCULLIS_BRAND_NAME", " Example & Söhne ");
    let mail = named.good().mail;
    assert_eq!(mail.brand.unwrap().as_str(), "Example & Söhne");
    let too_long = "x".repeat(65);
    for name in [
        "Example\r\nBcc: b@example.org",
        "a\tb",
        "a\u{202e}b",
        &too_long,
    ] {
        let fault = Setup::new().env("PORTCULLIS_BRAND_NAME", name).fault();
        assert!(fault.contains("must have 1 to 64 characters"), "{fault}");
    }
}
