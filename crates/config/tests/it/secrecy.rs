//! No secret is ever printed, whatever else is wrong.

use std::fmt::Write as _;

use config::render_rows;
use proptest::prelude::*;

use crate::Setup;

/// The settings whose values are secret.
const SECRETS: [&str; 9] = [
    "SECRET_KEY",
    "SECRET_KEY_PREVIOUS",
    "JWT_SECRET_KEY",
    "JWT_SECRET_KEY_PREVIOUS",
    "JWT_PRIVATE_KEY",
    "MAIL_PASSWORD",
    "MONGO_URI",
    "PORTCULLIS_BCRYPT_PEPPER",
    "PORTCULLIS_MAIL_URL",
];

/// Everything that can be printed about a setup.
fn printed(setup: &Setup) -> String {
    let mut text = String::new();
    write!(text, "{:?}", setup.sources()).unwrap();
    match setup.load() {
        Ok(config) => {
            write!(
                text,
                "{config:?} {config:#?} {}",
                render_rows(&config.describe())
            )
            .unwrap();
            config
                .notices
                .iter()
                .for_each(|notice| write!(text, "{notice}").unwrap());
            match config.keys() {
                Ok(keys) => write!(text, "{keys:?} {keys:#?}").unwrap(),
                Err(error) => write!(text, "{error} {error:?}").unwrap(),
            }
        }
        Err(error) => write!(text, "{error} {error:?} {error:#?}").unwrap(),
    }
    text
}

/// Where a value is set.
#[derive(Clone, Copy, Debug)]
enum Place {
    Environment,
    DotEnv,
    Unclosed,
    File,
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => Just(Place::Environment),
        4 => Just(Place::DotEnv),
        1 => Just(Place::Unclosed),
        3 => Just(Place::File),
    ]
}

/// Secrets good and bad, each with a part that is found nowhere else.
fn value() -> impl Strategy<Value = (String, String)> {
    let mark = "Z[0-9a-f]{10}Z";
    prop_oneof![
        (mark, "[0-9a-f]{52}").prop_map(|(mark, rest)| (format!("{rest}{mark}"), mark)),
        mark.prop_map(|mark| (mark.clone(), mark)),
        mark.prop_map(|mark| (format!("changeme-{mark}-changeme-changeme"), mark)),
        mark.prop_map(|mark| (format!("mongodb://user:{mark}@host/?password={mark}"), mark)),
        mark.prop_map(|mark| (format!("smtp://user:{mark}@host?{mark}"), mark)),
        mark.prop_map(|mark| (format!("-----BEGIN PRIVATE KEY-----{mark}"), mark)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_that_is_printed_holds_a_part_of_a_secret(
        secrets in proptest::collection::vec((0..SECRETS.len(), place(), value()), 1..6),
        listen in prop_oneof![Just("127.0.0.1:0"), Just("0.0.0.0:0"), Just("nonsense")],
    ) {
        let mut setup = Setup::new().listen(listen);
        let mut dotenv = String::new();
        for (number, (which, place, (value, _))) in secrets.iter().enumerate() {
            let name = SECRETS[*which];
            match place {
                Place::Environment => setup = setup.env(name, value),
                Place::DotEnv => writeln!(dotenv, "{name}={value}").unwrap(),
                Place::Unclosed => writeln!(dotenv, "{name}=\"{value}").unwrap(),
                Place::File => {
                    let file = format!("file{number}");
                    setup = setup.file(&file, value).env(&format!("{name}_FILE"), &file);
                }
            }
        }
        let printed = printed(&setup.file(".env", dotenv));
        for (_, _, (_, mark)) in &secrets {
            prop_assert!(!printed.contains(mark.as_str()), "{mark} in {printed}");
        }
    }
}

#[test]
fn generated_secrets_are_not_printed_either() {
    let setup = Setup::new();
    let keys = setup.good().keys().unwrap();
    let printed = printed(&setup);
    for secret in [
        keys.jwt_secret_key.as_ref().unwrap().expose(),
        keys.secret_key.expose(),
    ] {
        assert!(!printed.contains(&secret[..16]));
    }
}
