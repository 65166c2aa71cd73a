//! Where log lines go, and how they look.

use std::io::IsTerminal as _;

use config::Log;
use tracing_subscriber::EnvFilter;

/// Sends log lines to standard error: text on a terminal, else JSON, a line each.
///
/// # Errors
/// When the filter can't be read, or lines go somewhere already.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let filter = EnvFilter::try_new(&log.filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if log.format.is_json(terminal) {
        lines
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .try_init()
    } else {
        lines.with_ansi(terminal).with_target(false).try_init()
    };
    started.map_err(|error| anyhow::anyhow!("{error}"))
}
