//! The commands, one file each.

mod audit;
mod config_check;
mod dumps;
mod hash;
mod healthcheck;
mod keys;
mod mail;
mod memory;
mod open_files;
mod passwords;
mod pinned;
mod serve;
mod texts;
mod user;

use std::io::{self, Write as _};
use std::process::ExitCode;

use config::{Config, ConfigError, Flags, Sources};

use crate::arguments::{Arguments, Command, ConfigCommand, ServeFlags};
use crate::wire::Prepared;

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
    if let Err(error) = dumps::forbid() {
        eprintln!("portcullis: core dumps are not switched off: {error}");
    }
    let done = match arguments.command.unwrap_or(Command::Serve(arguments.serve)) {
        Command::Serve(flags) => serve::run(flags),
        Command::Config(ConfigCommand::Check(flags)) => config_check::run(flags),
        Command::Keys(command) => keys::run(command),
        Command::User(command) => user::run(command),
        Command::Audit(command) => audit::run(command),
        Command::Mail(command) => mail::run(command),
        Command::Texts(command) => texts::run(command),
        Command::Passwords(command) => passwords::run(command),
        Command::Healthcheck(flags) => healthcheck::run(flags),
        Command::Hash => hash::hash(),
        Command::Verify { hash } => hash::verify(hash),
    };
    done.unwrap_or_else(|error| {
        eprintln!("portcullis: {error:#}");
        ExitCode::from(REFUSED)
    })
}

/// Prints a text on standard output. That whoever reads it has seen enough is no error.
fn out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Reads the settings of this process, and builds what they lead to.
fn prepare(flags: ServeFlags) -> anyhow::Result<Result<Prepared, ConfigError>> {
    Ok(load(flags)?.and_then(Prepared::new))
}

/// Reads the settings of this process.
fn load(flags: ServeFlags) -> anyhow::Result<Result<Config, ConfigError>> {
    Ok(Config::load(sources(flags)?))
}

/// What the settings of this process are read from.
fn sources(flags: ServeFlags) -> anyhow::Result<Sources> {
    Ok(Sources {
        env: std::env::vars_os().collect(),
        working_dir: std::env::current_dir()?,
        flags: Flags {
            listen: flags.listen,
            data_dir: flags.data_dir,
        },
    })
}
