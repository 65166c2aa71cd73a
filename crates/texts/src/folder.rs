//! The operator's texts: `de.ftl`, or `de/*.ftl`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluent_bundle::FluentResource;

use crate::Fault;

/// The largest file that is read. All English texts together are a tenth of it.
const MAX_BYTES: u64 = 1024 * 1024;

const EXTENSION: &str = "ftl";

/// A file of texts.
pub(crate) struct TextFile {
    pub(crate) path: PathBuf,
    pub(crate) resource: Arc<FluentResource>,
}

/// Adds what is in the folder to `files`, by language. Names that begin with a period are not looked at.
pub(crate) fn read(
    folder: &Path,
    files: &mut BTreeMap<String, Vec<TextFile>>,
    faults: &mut Vec<Fault>,
) {
    for path in listed(folder, faults) {
        let is_folder = path.is_dir();
        if !is_folder && !is_texts(&path) {
            continue;
        }
        let Some(tag) = tag(&path) else {
            let name = path.file_stem().unwrap_or_default();
            faults.push(Fault::language(&name.to_string_lossy()));
            continue;
        };
        let of_language = files.entry(tag).or_default();
        if is_folder {
            let inside = listed(&path, faults);
            let inside = inside.into_iter().filter(|path| is_texts(path));
            of_language.extend(inside.filter_map(|path| text_file(path, faults)));
        } else {
            of_language.extend(text_file(path, faults));
        }
    }
}

/// What is in a folder, by name, so that the same files give the same texts.
fn listed(folder: &Path, faults: &mut Vec<Fault>) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = entries.unwrap_or_else(|error| {
        faults.push(Fault::file(folder, error.to_string()));
        Vec::new()
    });
    let shown = entries.iter().map(fs::DirEntry::path);
    let mut shown: Vec<_> = shown.filter(|path| !is_hidden(path)).collect();
    shown.sort();
    shown
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

fn is_texts(path: &Path) -> bool {
    path.extension().is_some_and(|found| found == EXTENSION)
}

/// The language that a file or folder is named for, in the usual case. The syntax of tags has room for languages of five
/// letters and more, but no such one is registered (RFC 5646 §2.2.1): who writes `german` or `pages` means something else.
fn tag(path: &Path) -> Option<String> {
    let name = path.file_stem()?.to_str()?;
    let language: unic_langid::LanguageIdentifier = name.parse().ok()?;
    (language.language.as_str().len() <= 3).then(|| language.to_string())
}

fn text_file(path: PathBuf, faults: &mut Vec<Fault>) -> Option<TextFile> {
    let text = match bounded(&path) {
        Ok(text) => text,
        Err(error) => {
            faults.push(Fault::file(&path, error.to_string()));
            return None;
        }
    };
    // What can be read beside an error is looked at, too: all that is wrong is reported at once.
    let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, errors)| {
        faults.extend(Fault::syntax(&path, resource.source(), &errors));
        resource
    });
    Some(TextFile {
        path,
        resource: Arc::new(resource),
    })
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
