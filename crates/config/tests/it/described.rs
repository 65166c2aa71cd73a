//! What `portcullis config check` prints.

use config::{env_vars, render_rows};

use crate::{APP_KEY, JWT_KEY, Setup};

#[test]
fn every_value_and_where_it_came_from() {
    let setup = Setup::dotenv("PORTCULLIS_LOG=debug\nRATELIMIT_STORAGE_URI=redis://:hunter2@r\n")
        .file("jwt", JWT_KEY)
        .env("JWT_SECRET_KEY_FILE", "jwt")
        .env("SECRET_KEY", APP_KEY)
        .env("RATELIMIT_DEFAULT", "5 per minute")
        .listen("127.0.0.1:9000");
    let rows = setup.good().describe();

    let row = |name: &str| {
        let row = rows.iter().find(|row| row.name == name).unwrap();
        (row.value.as_str(), row.source.as_str())
    };
    assert_eq!(
        row("PORTCULLIS_LISTEN"),
        ("127.0.0.1:9000", "flag --listen")
    );
    assert_eq!(
        row("PORTCULLIS_PUBLIC_URL"),
        ("http://127.0.0.1:9000", "default")
    );
    assert_eq!(row("PORTCULLIS_LOG"), ("debug", ".env line 1"));
    assert_eq!(
        row("JWT_SECRET_KEY"),
        ("[set, 64 bytes]", "JWT_SECRET_KEY_FILE (jwt)")
    );
    assert_eq!(row("SECRET_KEY"), ("[set, 64 bytes]", "environment"));
    assert_eq!(row("JWT_SECRET_KEY_PREVIOUS"), ("(unset)", "default"));
    assert_eq!(row("RATELIMIT_DEFAULT"), ("5 per minute", "environment"));
    assert_eq!(row("MONGO_URI"), ("(unset: SQLite)", "default"));

    let active = env_vars::all()
        .filter(|var| var.status == env_vars::Status::Active)
        .count();
    assert_eq!(rows.len(), active);
}

#[test]
fn the_table_has_a_line_for_each() {
    let rows = Setup::new()
        .env("JWT_ENCODE_ISSUER", &"x".repeat(200))
        .good()
        .describe();
    let table = render_rows(&rows);
    assert_eq!(table.lines().count(), rows.len());
    let sources: Vec<_> = table
        .lines()
        .filter_map(|line| line.find("  default"))
        .collect();
    assert!(sources.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
}

#[test]
fn a_default_that_is_read_is_a_good_one() {
    let rows = Setup::new().good().describe();
    let mut setup = Setup::new();
    for row in rows
        .iter()
        .filter(|row| row.source == "default" && !row.value.starts_with('('))
    {
        setup = setup.env(row.name, &row.value);
    }
    assert!(setup.env.len() > 12);
    setup.good();
}
