//! The templates: those that are compiled in, and those of the operator in their place.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use super::TemplateFault;

/// The largest template that is read.
const MAX_BYTES: u64 = 256 * 1024;

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../templates/", $name)))),+]
    };
}

/// Name and text of each that is compiled in.
pub const TEMPLATES: &[(&str, &str)] = templates![
    "layout.txt",
    "layout.html",
    "parts.html",
    "confirm_sign_up.txt",
    "confirm_sign_up.html",
    "already_registered.txt",
    "already_registered.html",
    "confirm_address.txt",
    "confirm_address.html",
    "confirm_new_address.txt",
    "confirm_new_address.html",
    "address_taken.txt",
    "address_taken.html",
    "address_changed.txt",
    "address_changed.html",
    "reset_password.txt",
    "reset_password.html",
    "way_back_in.txt",
    "way_back_in.html",
    "password_changed.txt",
    "password_changed.html",
    "factor_added.txt",
    "factor_added.html",
    "factor_removed.txt",
    "factor_removed.html",
    "factor_guessed.txt",
    "factor_guessed.html",
    "recovery_codes_low.txt",
    "recovery_codes_low.html",
    "invitation.txt",
    "invitation.html",
    "address_left.txt",
    "address_left.html",
    "deletion_scheduled.txt",
    "deletion_scheduled.html",
    "kept.txt",
    "kept.html",
    "deleted.txt",
    "deleted.html",
    "test.txt",
    "test.html",
];

/// The templates in a folder. Whatever else ends in `.txt` or `.html` is a fault: it is probably a mistyped name.
pub(super) fn read(folder: &Path, faults: &mut Vec<TemplateFault>) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.unwrap_or_else(|error| {
        let name = folder.display().to_string();
        faults.push(TemplateFault::new(name, error));
        Vec::new()
    });
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || !is_template(&name) {
            continue;
        }
        if !TEMPLATES.iter().any(|(known, _)| *known == name) {
            faults.push(TemplateFault::new(name, "is not the name of a template"));
            continue;
        }
        match bounded(&entry.path()) {
            Ok(text) => found.push((name, text)),
            Err(error) => faults.push(TemplateFault::new(name, error)),
        }
    }
    found
}

fn is_template(name: &str) -> bool {
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| extension == "txt" || extension == "html")
}

fn bounded(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = fs::File::open(path)?;
    if file.take(MAX_BYTES + 1).read_to_string(&mut text)? as u64 > MAX_BYTES {
        return Err(io::Error::other(format!(
            "is larger than {MAX_BYTES} bytes"
        )));
    }
    Ok(text)
}
