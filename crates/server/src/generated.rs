//! The files of `docs/` that are made from the code here.

use std::path::Path;

/// Compares a file with what it should hold, or writes it when `PORTCULLIS_UPDATE_GENERATED` is set.
fn check(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(file);
    if std::env::var_os("PORTCULLIS_UPDATE_GENERATED").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "docs/{file} is out of date: PORTCULLIS_UPDATE_GENERATED=1 cargo test -p portcullis-server"
    );
}

#[test]
fn the_error_reference_is_current() {
    check("errors.md", &crate::code::render_reference());
}

#[test]
fn the_openapi_description_is_current() {
    check("openapi.json", &crate::openapi_document());
}
