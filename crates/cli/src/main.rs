//! The `portcullis` binary.

use std::process::ExitCode;

use clap::Parser as _;
use cli::arguments::Arguments;
use cli::commands;

fn main() -> ExitCode {
    commands::run(Arguments::parse())
}
