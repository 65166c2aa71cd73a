//! Files in the repository that are generated from the settings.

use std::path::Path;

/// Compares a file of the repository with what it should be, or rewrites it.
fn assert_current(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os("PORTCULLIS_UPDATE_GENERATED").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not current: run PORTCULLIS_UPDATE_GENERATED=1 cargo test -p portcullis-config",
        path.display()
    );
}

#[test]
fn the_reference_is_current() {
    assert_current("docs/configuration.md", &config::render_reference());
}

#[test]
fn the_example_is_current() {
    assert_current(".env.example", &config::render_env_example());
}

#[test]
fn the_example_changes_nothing_whether_commented_or_not() {
    use crate::Setup;

    let example = config::render_env_example();
    let uncommented: String = example
        .lines()
        .filter_map(|line| line.strip_prefix('#').filter(|line| !line.starts_with(' ')))
        .fold(String::new(), |text, line| text + line + "\n");
    let settings = config::env_vars::all()
        .filter(|var| var.status == config::env_vars::Status::Active)
        .count();
    assert_eq!(uncommented.lines().count(), settings);

    let values = |text: &str| -> Vec<_> {
        let config = Setup::dotenv(text).good();
        assert_eq!(config.notices, []);
        config
            .describe()
            .into_iter()
            .map(|row| (row.name, row.value))
            .collect()
    };
    let defaults = values("");
    assert_eq!(values(&example), defaults);
    assert_eq!(values(&uncommented), defaults);
}
