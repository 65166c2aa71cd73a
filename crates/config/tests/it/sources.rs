//! Which source goes over which, and secrets in files.

use std::path::PathBuf;

use crate::{APP_KEY, JWT_KEY, Setup};

fn source(setup: &Setup, name: &str) -> String {
    let rows = setup.good().describe();
    rows.into_iter()
        .find(|row| row.name == name)
        .unwrap()
        .source
}

#[test]
fn a_flag_goes_over_the_environment_over_the_file_over_the_default() {
    let mut setup = Setup::new();
    assert_eq!(setup.good().server.listen.port(), 8080);
    assert_eq!(source(&setup, "PORTCULLIS_LISTEN"), "default");

    setup = setup.file(".env", "\nPORTCULLIS_LISTEN=127.0.0.1:1\n");
    assert_eq!(setup.good().server.listen.port(), 1);
    assert_eq!(source(&setup, "PORTCULLIS_LISTEN"), ".env line 2");

    setup = setup.env("PORTCULLIS_LISTEN", "127.0.0.1:2");
    assert_eq!(setup.good().server.listen.port(), 2);
    assert_eq!(source(&setup, "PORTCULLIS_LISTEN"), "environment");

    setup = setup.listen("127.0.0.1:3");
    assert_eq!(setup.good().server.listen.port(), 3);
    assert_eq!(source(&setup, "PORTCULLIS_LISTEN"), "flag --listen");
}

#[test]
fn an_empty_value_counts_as_not_set() {
    let setup =
        Setup::dotenv("PORTCULLIS_REGISTRATION=closed\n").env("PORTCULLIS_REGISTRATION", "");
    assert!(!setup.good().registration.is_open());
    assert!(
        Setup::dotenv("PORTCULLIS_REGISTRATION=\n")
            .good()
            .registration
            .is_open()
    );
}

#[test]
fn a_variable_in_the_file_may_come_from_the_environment() {
    let setup = Setup::dotenv("PORTCULLIS_LISTEN=127.0.0.1:${PORT:-9000}\n");
    assert_eq!(setup.good().server.listen.port(), 9000);
    assert_eq!(setup.env("PORT", "9001").good().server.listen.port(), 9001);
}

#[test]
fn a_relative_path_starts_at_the_working_folder() {
    let mut setup = Setup::new();
    assert_eq!(setup.good().storage.data_dir, setup.path().join("data"));
    setup.flags.data_dir = Some("/var/lib/portcullis".into());
    assert_eq!(
        setup.good().storage.data_dir,
        PathBuf::from("/var/lib/portcullis")
    );
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    for end in ["", "\n", "\r\n"] {
        let setup = Setup::new()
            .file("jwt", format!("{JWT_KEY}{end}"))
            .env("JWT_SECRET_KEY_FILE", "jwt")
            .env("SECRET_KEY", APP_KEY);
        assert_eq!(
            setup
                .good()
                .keys()
                .unwrap()
                .jwt_secret_key
                .as_ref()
                .unwrap()
                .expose(),
            JWT_KEY
        );
        assert_eq!(
            source(&setup, "JWT_SECRET_KEY"),
            "JWT_SECRET_KEY_FILE (jwt)"
        );
    }
    let two_ends = Setup::new()
        .file("jwt", format!("{JWT_KEY}\n\n"))
        .env("JWT_SECRET_KEY_FILE", "jwt");
    let keys = two_ends.good().keys().unwrap();
    assert_eq!(
        keys.jwt_secret_key.as_ref().unwrap().expose(),
        &format!("{JWT_KEY}\n")
    );
}

#[test]
fn a_file_of_no_use_is_one_fault() {
    let setup = || {
        Setup::new()
            .env("JWT_SECRET_KEY_FILE", "jwt")
            .listen("0.0.0.0:80")
            .env("SECRET_KEY", APP_KEY)
    };

    let missing = setup().fault();
    assert!(
        missing.starts_with("JWT_SECRET_KEY_FILE (environment): "),
        "{missing}"
    );
    assert!(missing.contains("jwt can't be read"), "{missing}");
    assert!(setup().file("jwt", "\n").fault().contains("is empty"));
    assert!(
        setup()
            .file("jwt", [0xff; 40])
            .fault()
            .contains("can't be read")
    );
    let large = setup().file("jwt", "x".repeat(64 * 1024 + 1)).fault();
    assert!(large.contains("larger than 64 KiB"), "{large}");
    assert!(large.len() < 300, "{large}");
}

#[test]
fn a_secret_and_a_file_for_it_contradict_each_other() {
    let fault = Setup::dotenv(&format!("JWT_SECRET_KEY={JWT_KEY}\n"))
        .file("jwt", APP_KEY)
        .env("JWT_SECRET_KEY_FILE", "jwt")
        .fault();
    assert_eq!(
        fault,
        "JWT_SECRET_KEY_FILE (environment): JWT_SECRET_KEY is set too (.env line 1): unset one of the two"
    );
}
