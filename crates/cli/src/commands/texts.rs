//! `portcullis texts`

use std::process::ExitCode;

use texts::{ENGLISH, Part};

use super::{REFUSED, out, prepare};
use crate::arguments::{ServeFlags, TextsCommand};

/// Does what was asked.
pub(super) fn run(command: TextsCommand) -> anyhow::Result<ExitCode> {
    match command {
        TextsCommand::Print {
            file,
            missing: None,
            ..
        } => print(file.as_deref()),
        TextsCommand::Print {
            missing: Some(tag),
            flags,
            ..
        } => print_missing(&tag, flags),
    }
}

/// Prints the English texts of a file, or all of them.
fn print(file: Option<&str>) -> anyhow::Result<ExitCode> {
    let files = ENGLISH.iter();
    let files = files.filter(|english| file.is_none_or(|name| name == english.name));
    let printed: Vec<_> = files.map(|english| english.text).collect();
    out(&printed.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints in English what a language of the operator's lacks.
#[expect(
    clippy::print_stderr,
    reason = "a command tells its user what went wrong"
)]
fn print_missing(tag: &str, flags: ServeFlags) -> anyhow::Result<ExitCode> {
    let prepared = match prepare(flags)? {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(REFUSED));
        }
    };
    if prepared.config.mail.texts.is_none() {
        eprintln!("portcullis: PORTCULLIS_TEXTS is not set: it names the folder of your texts");
        return Ok(ExitCode::from(REFUSED));
    }
    let texts = prepared.post.texts;
    let incomplete = texts.incomplete();
    let missing = incomplete.iter();
    let missing = missing.filter(|incomplete| incomplete.language.tag() == tag);
    let missing: Vec<_> = missing.flat_map(|found| &*found.missing).collect();
    let mut complete = Part::ALL.into_iter();
    if missing.is_empty() && !complete.any(|part| texts.language(part, tag).tag() == tag) {
        eprintln!("portcullis: PORTCULLIS_TEXTS has no texts in {tag}");
        return Ok(ExitCode::from(REFUSED));
    }
    out(&texts::english_of(|key| {
        missing.iter().any(|it| *it == key)
    }))?;
    Ok(ExitCode::SUCCESS)
}
