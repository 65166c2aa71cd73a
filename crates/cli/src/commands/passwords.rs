//! `portcullis passwords`

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use password::{BuildListError, ListBuilder};

use crate::arguments::PasswordsCommand;

/// Builds a list of passwords that are known from breaches.
#[expect(clippy::print_stderr, reason = "tells whoever waits how it went")]
pub(super) fn run(command: PasswordsCommand) -> anyhow::Result<ExitCode> {
    let PasswordsCommand::BuildList {
        from,
        to,
        min_count,
    } = command;
    let is_watched = io::stderr().is_terminal();
    let mut progress = |lines| {
        if is_watched {
            show(&format!("\r\x1b[2K{lines} lines"));
        }
    };
    let built = build(&from, &to, min_count, &mut progress);
    if is_watched {
        show("\r\x1b[2K");
    }
    let count = built?;
    let passwords = if count == 1 { "password" } else { "passwords" };
    eprintln!("{} has {count} {passwords}", to.display());
    Ok(ExitCode::SUCCESS)
}

fn build(
    from: &Path,
    to: &Path,
    min_count: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, BuildListError> {
    let mut builder = ListBuilder::new(to, min_count, progress)?;
    if from == Path::new("-") {
        builder.add_lines(io::stdin().lock(), "standard input", "")?;
    } else {
        builder.add(from)?;
    }
    builder.finish()
}

/// A terminal that has gone is no reason to stop.
fn show(text: &str) {
    let mut terminal = io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes());
    let _ = terminal.flush();
}
