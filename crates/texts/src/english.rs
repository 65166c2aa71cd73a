//! The texts that are compiled in.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Message, PatternElement, Resource};

use crate::{Fault, Part};

/// The language that is complete.
pub(crate) const TAG: &str = "en";

/// A file of English texts.
#[derive(Clone, Copy, Debug)]
pub struct EnglishFile {
    /// Its name: `mail.ftl`.
    pub name: &'static str,
    /// The texts, in Fluent.
    pub text: &'static str,
    /// What they are for.
    pub parts: &'static [Part],
}

macro_rules! file {
    ($name:literal, $parts:expr) => {
        EnglishFile {
            name: $name,
            text: include_str!(concat!("../en/", $name)),
            parts: $parts,
        }
    };
}

/// All English texts.
pub const ENGLISH: [EnglishFile; 4] = [
    file!("general.ftl", &Part::ALL),
    file!("mail.ftl", &[Part::Mail]),
    file!("pages.ftl", &[Part::Pages]),
    file!("problems.ftl", &[Part::Pages]),
];

/// All of them, read.
pub(crate) fn resources() -> Result<Vec<Arc<FluentResource>>, Vec<Fault>> {
    let mut resources = Vec::new();
    for EnglishFile { name, text, .. } in ENGLISH {
        let read = FluentResource::try_new(text.to_owned());
        let resource = read.map_err(|(_, errors)| Fault::syntax(Path::new(name), text, &errors))?;
        resources.push(Arc::new(resource));
    }
    Ok(resources)
}

/// The text with this key as it is compiled in, if there is one without variables: for programs, whose answers no folder of
/// the operator's changes.
pub fn in_english(key: &str) -> Option<&'static str> {
    static PLAIN: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
        let resources = resources().unwrap_or_default();
        let entries = resources.iter().flat_map(|resource| resource.entries());
        entries.filter_map(plain).collect()
    });
    PLAIN.get(key).map(String::as_str)
}

/// The English texts whose keys are `wanted`, in Fluent, with what is said of each: what remains to be translated.
pub fn english_of(wanted: impl Fn(&str) -> bool) -> String {
    let mut body = Vec::new();
    for file in ENGLISH {
        let Ok(Resource { body: all }) = fluent_syntax::parser::parse(file.text) else {
            continue; // they are compiled in, and a test reads them
        };
        body.extend(all.into_iter().filter(|entry| match entry {
            Entry::Message(message) => wanted(message.id.name),
            _ => false,
        }));
    }
    fluent_syntax::serializer::serialize(&Resource { body })
}

/// Key and text of a message that is one piece of text.
fn plain(entry: &Entry<&str>) -> Option<(String, String)> {
    let Entry::Message(Message { id, value, .. }) = entry else {
        return None;
    };
    match &*value.as_ref()?.elements {
        [PatternElement::TextElement { value }] => Some((id.name.to_owned(), (*value).to_owned())),
        _ => None,
    }
}
