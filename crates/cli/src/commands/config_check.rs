//! `portcullis config check`

use std::process::ExitCode;

use config::render_rows;

use super::{REFUSED, prepare};
use crate::arguments::ServeFlags;

/// Prints every setting and where it came from, or all that is wrong.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the command is for"
)]
pub(super) fn run(flags: ServeFlags) -> anyhow::Result<ExitCode> {
    match prepare(flags)?.map(|prepared| prepared.config) {
        Ok(config) => {
            print!("{}", render_rows(&config.describe()));
            for notice in &config.notices {
                eprintln!("notice: {notice}");
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Ok(ExitCode::from(REFUSED))
        }
    }
}
