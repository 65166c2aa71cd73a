//! The commands, one file each.

mod config_check;
mod hash;
mod healthcheck;
mod keys;
mod memory;
mod pinned;
mod serve;

use std::process::ExitCode;

use config::{Config, ConfigError, Flags, Sources};

use crate::arguments::{Arguments, Command, ConfigCommand, ServeFlags};
use crate::wire::check_store;

/// What a command was refused for: exit code 1.
const REFUSED: u8 = 1;

/// A wrong use: exit code 2.
const WRONG_USE: u8 = 2;

/// Does what was asked.
#[expect(
    clippy::print_stderr,
    reason = "a command tells its user what went wrong"
)]
pub fn run(arguments: Arguments) -> ExitCode {
    let done = match arguments.command.unwrap_or(Command::Serve(arguments.serve)) {
        Command::Serve(flags) => serve::run(flags),
        Command::Config(ConfigCommand::Check(flags)) => config_check::run(flags),
        Command::Keys(command) => keys::run(command),
        Command::Healthcheck(flags) => healthcheck::run(flags),
        Command::Hash => hash::hash(),
        Command::Verify { hash } => hash::verify(hash),
    };
    done.unwrap_or_else(|error| {
        eprintln!("portcullis: {error:#}");
        ExitCode::from(REFUSED)
    })
}

/// Reads the settings of this process. What the store refuses of them is found here, too.
fn load(flags: ServeFlags) -> anyhow::Result<Result<Config, ConfigError>> {
    let config = Config::load(Sources {
        env: std::env::vars_os().collect(),
        working_dir: std::env::current_dir()?,
        flags: Flags {
            listen: flags.listen,
            data_dir: flags.data_dir,
        },
    });
    Ok(config.and_then(check_store))
}
