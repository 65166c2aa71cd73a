//! `portcullis hash` and `portcullis verify`

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use password::{Params, PasswordHash, Verdict};
use secret::Secret;

use super::{REFUSED, WRONG_USE};

/// The longest password, in bytes; one byte more tells that it is too long.
const MAX_PASSWORD: u64 = 1024;

/// Prints the hash of a password.
#[expect(clippy::print_stdout, reason = "this is what the command is for")]
pub(super) fn hash() -> anyhow::Result<ExitCode> {
    let password = read_password()?;
    anyhow::ensure!(
        !password.expose().is_empty(),
        "the password is empty: a hash of it would let anyone in"
    );
    let hash = password::hash(&password, &Params::default())?;
    println!("{}", hash.expose());
    Ok(ExitCode::SUCCESS)
}

/// Tells by the exit code whether a password matches.
#[expect(clippy::print_stderr, reason = "this is what the command is for")]
pub(super) fn verify(hash: String) -> anyhow::Result<ExitCode> {
    match password::verify(
        &read_password()?,
        &PasswordHash::from_stored(hash),
        &Params::default(),
    ) {
        Verdict::Match(_) => Ok(ExitCode::SUCCESS),
        Verdict::NoMatch => Ok(ExitCode::from(REFUSED)),
        Verdict::Malformed(reason) => {
            eprintln!("portcullis: the hash can't be used: {reason}");
            Ok(ExitCode::from(WRONG_USE))
        }
    }
}

/// Reads up to the first line break.
#[expect(clippy::print_stderr, reason = "a prompt")]
fn read_password() -> anyhow::Result<Secret<String>> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("Password (it will be shown), then Enter:");
    }
    let mut line = Vec::new();
    stdin
        .lock()
        .take(MAX_PASSWORD + 2)
        .read_until(b'\n', &mut line)
        .context("standard input")?;
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    anyhow::ensure!(
        line.len() as u64 <= MAX_PASSWORD,
        "the password has more than {MAX_PASSWORD} bytes"
    );
    let text = String::from_utf8(line)
        .ok()
        .context("the password is not UTF-8")?;
    Ok(Secret::new(text))
}
