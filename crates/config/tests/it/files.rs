//! Who may read and write the files that settings come from.

use std::os::unix::fs::symlink;

use crate::{APP_KEY, JWT_KEY, Setup};

fn secret_file(mode: u32) -> Setup {
    let setup = Setup::new().file("jwt", JWT_KEY).mode("jwt", mode);
    let setup = setup.env("SECRET_KEY", APP_KEY);
    setup.env("JWT_SECRET_KEY_FILE", "jwt")
}

#[test]
fn a_file_that_everyone_can_write_decides_nothing() {
    let fault = secret_file(0o666).fault();
    assert!(
        fault.starts_with("JWT_SECRET_KEY_FILE (environment): ")
            && fault.contains("jwt can be written by every user (mode 0666)"),
        "{fault}"
    );
    let fault = Setup::dotenv("A=1\n").mode(".env", 0o646).fault();
    assert!(
        fault.starts_with(".env: can be written by every user (mode 0646)"),
        "{fault}"
    );
}

#[test]
fn a_secret_of_ours_that_others_can_read_is_told_of() {
    assert_eq!(
        secret_file(0o644).notices(),
        ["JWT_SECRET_KEY_FILE: jwt is open to other users (mode 0644): chmod 600"]
    );
    assert_eq!(secret_file(0o400).good().notices, []);
    let public = Setup::dotenv("A=1\n").mode(".env", 0o644);
    assert_eq!(public.good().notices, [], "it needn't hold a secret");
}

#[test]
fn a_file_of_a_secret_manager_may_be_a_link() {
    let setup = Setup::new().file("..data", JWT_KEY);
    symlink("..data", setup.path().join("jwt")).unwrap();
    let setup = setup.env("SECRET_KEY", APP_KEY);
    let keys = setup
        .env("JWT_SECRET_KEY_FILE", "jwt")
        .good()
        .keys()
        .unwrap();
    assert_eq!(keys.jwt_secret_key.as_ref().unwrap().expose(), JWT_KEY);
}
