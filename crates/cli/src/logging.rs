//! Where log lines go, and how they look.

use std::io::IsTerminal as _;

use config::Log;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Which events are logged.
///
/// # Errors
/// When the filter can't be read, in words that follow the name of the setting.
pub fn filter(log: &Log) -> Result<Targets, String> {
    let read = log.filter.parse::<Targets>();
    read.map_err(|error| format!("can't be read: {error}"))
}

/// Sends log lines to standard error: text on a terminal, else JSON, a line each.
///
/// # Errors
/// When lines go somewhere already.
pub fn start(log: &Log, filter: Targets) -> anyhow::Result<()> {
    let terminal = std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = if log.format.is_json(terminal) {
        let lines = lines.json().flatten_event(true);
        lines.with_current_span(true).with_span_list(false).boxed()
    } else {
        lines.with_ansi(terminal).with_target(false).boxed()
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()?;
    Ok(())
}
