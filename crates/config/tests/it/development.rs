//! Secrets that are made for development.

use std::{
    fs, io,
    path::PathBuf,
    sync::{Arc, Barrier},
    thread,
};

use config::{Config, DevelopmentSecretsError};

use crate::{APP_KEY, JWT_KEY, Setup};

fn file(config: &Config) -> PathBuf {
    config.storage.data_dir.join("development-secrets.env")
}

fn source(config: &Config, name: &str) -> String {
    let rows = config.describe();
    rows.into_iter()
        .find(|row| row.name == name)
        .unwrap()
        .source
}

/// What [`Config::keys`] says of the file that it finds.
#[track_caller]
fn unusable(setup: &Setup, config: &Config) -> String {
    match config.keys() {
        Err(DevelopmentSecretsError::Unusable { message, .. }) => {
            assert!(setup.fault().ends_with(&message)); // the check says the same
            message
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn loading_makes_nothing() {
    let setup = Setup::new();
    let config = setup.good();
    assert_eq!(
        source(&config, "JWT_SECRET_KEY"),
        format!("would be generated in {}", file(&config).display())
    );
    assert!(!config.storage.data_dir.exists());
}

#[test]
fn secrets_are_made_once() {
    let setup = Setup::new();
    let first = setup.good().keys().unwrap();
    assert_ne!(
        first.jwt_secret_key.as_ref().unwrap().expose(),
        first.secret_key.expose()
    );
    assert_eq!(first.jwt_secret_key.as_ref().unwrap().expose().len(), 64);

    let config = setup.good();
    assert_eq!(
        source(&config, "SECRET_KEY"),
        format!("generated in {}", file(&config).display())
    );
    let second = config.keys().unwrap();
    assert_eq!(
        first.jwt_secret_key.as_ref().unwrap().expose(),
        second.jwt_secret_key.as_ref().unwrap().expose()
    );
    assert_eq!(first.secret_key.expose(), second.secret_key.expose());
}

#[test]
fn only_what_is_missing_is_made() {
    let setup = Setup::new().env("JWT_SECRET_KEY", JWT_KEY);
    let keys = setup.good().keys().unwrap();
    assert_eq!(keys.jwt_secret_key.as_ref().unwrap().expose(), JWT_KEY);
    assert_eq!(keys.secret_key.expose().len(), 64);

    let both = Setup::new()
        .env("JWT_SECRET_KEY", JWT_KEY)
        .env("SECRET_KEY", APP_KEY)
        .good();
    both.keys().unwrap();
    assert!(!both.storage.data_dir.exists());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_them() {
    use std::os::unix::fs::PermissionsExt as _;

    let setup = Setup::new();
    let config = setup.good();
    config.keys().unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(config.storage.data_dir.clone()), 0o700);
    assert_eq!(mode(file(&config)), 0o600);

    fs::set_permissions(file(&config), fs::Permissions::from_mode(0o640)).unwrap();
    let message = unusable(&setup, &config);
    assert!(
        message.contains("mode 0640") && message.contains("chmod 600"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    let setup = Setup::new().file(
        "elsewhere",
        format!("SECRET_KEY={APP_KEY}\nJWT_SECRET_KEY={JWT_KEY}\n"),
    );
    let config = setup.good();
    config.storage.create_data_dir().unwrap();
    std::os::unix::fs::symlink(setup.path().join("elsewhere"), file(&config)).unwrap();
    assert!(unusable(&setup, &config).contains("is a symbolic link"));
}

#[test]
fn all_who_start_at_once_have_the_same() {
    const PROCESSES: usize = 16;
    let setup = Setup::new();
    let config = Arc::new(setup.good());
    let start = Arc::new(Barrier::new(PROCESSES));
    let threads: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let (config, start) = (Arc::clone(&config), Arc::clone(&start));
            thread::spawn(move || {
                start.wait();
                let keys = config.keys().unwrap();
                (
                    keys.jwt_secret_key.as_ref().unwrap().expose().clone(),
                    keys.secret_key.expose().clone(),
                )
            })
        })
        .collect();
    let mut secrets: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect();
    secrets.dedup();
    assert_eq!(secrets.len(), 1);
    assert_eq!(
        fs::read_dir(&config.storage.data_dir).unwrap().count(),
        1,
        "drafts were left behind"
    );
}

#[test]
fn a_damaged_file_is_refused_and_kept() {
    for content in [
        "",
        "SECRET_KEY=\n",
        "SECRET_KEY=short\nJWT_SECRET_KEY=short\n",
        "JWT_SECRET_KEY=\"open\n",
    ] {
        let setup = Setup::new();
        let config = setup.good();
        config.keys().unwrap();
        fs::write(file(&config), content).unwrap();
        let message = unusable(&setup, &config);
        assert!(message.contains("delete the file"), "{message}");
        assert_eq!(fs::read_to_string(file(&config)).unwrap(), content);
    }
}

#[test]
fn without_random_numbers_nothing_is_written() {
    let config = Setup::new().good();
    let failed = config.keys_with(&mut |_| Err(io::Error::other("none")));
    assert!(matches!(failed, Err(DevelopmentSecretsError::Random(_))));
    assert!(!config.storage.data_dir.exists());
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let setup = Setup::new();
    let config = setup.good();
    let setup = setup.file("data", "a file");
    assert_eq!(
        setup.fault(),
        "PORTCULLIS_DATA_DIR: \"./data\" is not a folder"
    );
    let error = config.keys().unwrap_err().to_string();
    assert!(error.contains("development-secrets.env"), "{error}");
}
