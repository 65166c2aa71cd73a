//! What may be logged.

use std::{fs, path::Path};

use crate::Setup;

/// The names of the parts, as a fault lists them.
fn parts() -> Vec<String> {
    let fault = Setup::new()
        .env("PORTCULLIS_LOG", "info,sevrer=debug")
        .fault();
    assert!(fault.contains("nothing logs as \"sevrer\""), "{fault}");
    let (_, parts) = fault.split_once("the parts are ").unwrap();
    parts.split(", ").map(str::to_owned).collect()
}

#[test]
fn a_part_that_there_is_none_of_is_refused() {
    for part in parts() {
        let filter = format!("info,{part}=debug,{part}::deeper=off");
        Setup::new().env("PORTCULLIS_LOG", &filter).good();
    }
    for filter in ["Server=debug", "serve=debug", "portcullis=debug", "=debug"] {
        let fault = Setup::new().env("PORTCULLIS_LOG", filter).fault();
        assert!(
            fault.starts_with("PORTCULLIS_LOG (environment): "),
            "{fault}"
        );
    }
}

/// The names under which `[dependencies]` of a manifest, or a package of `Cargo.lock`, may log.
fn logs(dependencies: &str) -> bool {
    let logs = |line: &str| {
        ["tracing", "log"].iter().any(|name| {
            line.trim_start_matches([' ', '"'])
                .split(['.', '"', ' '])
                .next()
                == Some(*name)
        })
    };
    dependencies.lines().any(logs)
}

#[test]
fn every_crate_of_ours_that_logs_is_a_part() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut expected = Vec::new();
    for folder in fs::read_dir(crates).unwrap() {
        let manifest = folder.unwrap().path().join("Cargo.toml");
        let Ok(manifest) = fs::read_to_string(manifest) else {
            continue;
        };
        let section = |name: &str| {
            let (_, after) = manifest.split_once(&format!("\n[{name}]\n"))?;
            Some(after.split("\n[").next().unwrap().to_owned())
        };
        if logs(&section("dependencies").unwrap_or_default()) {
            let library = section("lib").unwrap();
            expected.push(library.split('"').nth(1).unwrap().to_owned());
        }
    }
    let parts = parts();
    assert!(expected.len() > 3, "{expected:?}");
    for name in expected {
        assert!(parts.contains(&name), "{name} is missing: {parts:?}");
    }
}

#[test]
fn every_part_logs() {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap();
    for part in parts() {
        let name = part.replace('_', "-");
        let is_it = |package: &&str| {
            let named = |name: &str| package.contains(&format!("\nname = \"{name}\"\n"));
            named(&name) || named(&format!("portcullis-{name}"))
        };
        let mut packages = lock.split("[[package]]").filter(is_it); // of several versions
        assert!(packages.any(logs), "{part} logs nothing");
    }
}
