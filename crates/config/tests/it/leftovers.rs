//! What editors, shells and container engines leave in a value.

use crate::{APP_KEY, JWT_KEY, Setup};

/// A setup whose `JWT_SECRET_KEY` stands in a file.
fn secret_file(content: impl AsRef<[u8]>) -> Setup {
    let setup = Setup::new().file("jwt", content).env("SECRET_KEY", APP_KEY);
    setup.env("JWT_SECRET_KEY_FILE", "jwt")
}

#[track_caller]
fn secret(setup: &Setup) -> String {
    let keys = setup.good().keys().unwrap();
    keys.jwt_secret_key.as_ref().unwrap().expose().clone()
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_secret() {
    let setup = secret_file(format!("\u{feff}{JWT_KEY}\r\n"));
    assert_eq!(secret(&setup), JWT_KEY);
    assert_eq!(setup.good().notices, []);
    let fault = secret_file("\u{feff}\n").fault();
    assert!(fault.contains("is empty"), "{fault}");
}

#[test]
fn a_nul_byte_refuses_the_start_wherever_it_stands() {
    let in_utf16: Vec<u8> = JWT_KEY.bytes().flat_map(|byte| [byte, 0]).collect();
    for content in [in_utf16, format!("{JWT_KEY}\0").into_bytes()] {
        let fault = secret_file(content).fault();
        assert!(fault.contains("holds a NUL byte"), "{fault}");
    }
    let fault = secret_file([&[0xff, 0xfe], JWT_KEY.as_bytes()].concat()).fault();
    assert!(fault.contains("UTF-16"), "{fault}");
    let fault = Setup::dotenv("JWT_ENCODE_ISSUER=a\0b\n").fault();
    assert!(fault.contains("holds a NUL byte"), "{fault}");
}

#[test]
fn quotes_that_nobody_takes_away_are_told_of() {
    for quoted in [format!("\"{JWT_KEY}\""), format!("'{JWT_KEY}'")] {
        for (setup, place) in [
            (
                Setup::new()
                    .env("JWT_SECRET_KEY", &quoted)
                    .env("SECRET_KEY", APP_KEY),
                "JWT_SECRET_KEY (environment): ",
            ),
            (
                secret_file(format!("{quoted}\n")),
                "JWT_SECRET_KEY (JWT_SECRET_KEY_FILE (jwt)): ",
            ),
        ] {
            let notices = setup.notices();
            assert_eq!(notices.len(), 1, "{notices:?}");
            assert!(notices[0].starts_with(place), "{notices:?}");
            assert!(notices[0].contains("the quotes around it"), "{notices:?}");
            assert_eq!(secret(&setup), quoted, "it may be in use");
        }
        let setup = Setup::dotenv(&format!("JWT_SECRET_KEY={quoted}\nSECRET_KEY={APP_KEY}\n"));
        assert_eq!(setup.good().notices, [], ".env takes them away");
    }
}

#[test]
fn a_secret_of_another_application_is_taken_as_it_is_and_told_of() {
    for (pepper, told) in [
        ("'of the old'", "the quotes around it"),
        ("of the old ", "begins or ends with a blank"),
    ] {
        let setup = Setup::new().env("PORTCULLIS_BCRYPT_PEPPER", pepper);
        let notices = setup.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].contains(told), "{notices:?}");
        let config = setup.good();
        let kept = config.passwords.bcrypt_pepper.unwrap();
        assert_eq!(kept.expose(), pepper);
    }
}

#[test]
fn quotes_around_anything_but_a_secret_refuse_the_start() {
    for (name, value) in [
        ("PORTCULLIS_DATA_DIR", "\"./data\""),
        ("JWT_ENCODE_ISSUER", "'https://accounts.example.org'"),
        ("JWT_ACCESS_TOKEN_EXPIRES", "\"900\""),
        ("MONGO_URI", "\"mongodb://host/db\""),
    ] {
        let fault = Setup::new().env(name, value).fault();
        assert!(
            fault.starts_with(name) && fault.contains("stands in quotes"),
            "{fault}"
        );
    }
    Setup::new()
        .env("JWT_ENCODE_ISSUER", "the \"accounts\"")
        .good();
}

#[test]
fn what_nobody_sees_in_a_secret_is_told_of() {
    let lines = format!("{}\n{}\n", &JWT_KEY[..32], &JWT_KEY[32..]);
    for (content, told) in [
        (lines, "has a line break inside"),
        (format!("{JWT_KEY} \n"), "begins or ends with a blank"),
        (format!("{JWT_KEY}\n\n"), "begins or ends with a blank"),
        (format!("\t{JWT_KEY}"), "begins or ends with a blank"),
    ] {
        let setup = secret_file(&content);
        let notices = setup.notices();
        assert_eq!(notices.len(), 1, "{notices:?}");
        assert!(notices[0].contains(told), "{notices:?}");
    }
}

#[test]
fn a_name_that_stands_twice_in_env_is_told_of() {
    let text = "PORTCULLIS_LOG=warn\nA=1\nPORTCULLIS_REGISTRATION=closed\nA=2\nPORTCULLIS_LOG=error\nPORTCULLIS_LOG=off\n";
    let setup = Setup::dotenv(text);
    assert_eq!(
        setup.notices(),
        ["PORTCULLIS_LOG: stands in .env more than once (lines 1, 5, 6): the last one counts"]
    );
    assert_eq!(setup.good().log.filter, "off");
}

#[test]
fn a_key_whose_line_breaks_were_lost_is_told_what_to_do() {
    let key = "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2VwBCIEIHh4\\n-----END PRIVATE KEY-----";
    let fault = Setup::new().env("JWT_PRIVATE_KEY", key).fault();
    assert!(fault.contains("_FILE"), "{fault}");
}
