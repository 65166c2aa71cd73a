//! Where log lines go, and how they look.
//!
//! Nothing that the server does waits for whoever reads its log: lines wait in memory, within bounds, for a
//! thread that writes them (`lanes.rs`). Dependencies can't fill it (`capped.rs`).

mod capped;
mod lanes;

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use config::Log;
use tracing_subscriber::filter::{FilterExt as _, Targets};
use tracing_subscriber::layer::{Filter, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use capped::Capped;
use lanes::Lanes;

/// How long a process that ends waits for its last lines to be written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// How long a thread that panics does: the process may end with it.
const AT_A_PANIC: Duration = Duration::from_millis(100);

/// The log, until the process ends: what waits is written when this is dropped.
#[derive(Debug)]
pub struct Logging {
    lanes: Lanes,
    capped: Arc<Capped>,
}

/// Which events are logged.
///
/// # Errors
/// When the filter can't be read, in words that follow the name of the setting.
pub fn filter(log: &Log) -> Result<Targets, String> {
    let read = log.filter.parse::<Targets>();
    read.map_err(|error| format!("can't be read: {error}"))
}

/// Sends log lines to standard error: text on a terminal, else JSON, a line each. Panics are lines, too.
///
/// # Errors
/// When lines go somewhere already, or nothing can be written.
pub fn start(log: &Log, filter: Targets) -> anyhow::Result<Logging> {
    let terminal = io::stderr().is_terminal();
    let capped = Arc::new(Capped::default());
    // A descriptor of its own: who writes to the other one would wait for its lock.
    let stderr = io::stderr().as_fd().try_clone_to_owned();
    let lanes = Lanes::start(File::from(stderr.context("standard error")?), {
        let capped = Arc::clone(&capped);
        move || capped.tell()
    })?;
    let layer = tracing_subscriber::fmt::layer().with_writer(lanes.clone());
    let layer = if log.format.is_json(terminal) {
        let layer = layer.json().flatten_event(true);
        layer.with_current_span(true).with_span_list(false).boxed()
    } else {
        layer.with_ansi(terminal).with_target(false).boxed()
    };
    let of_dependencies: Arc<dyn Filter<Registry> + Send + Sync> = Arc::clone(&capped) as _;
    let filter = filter.and(of_dependencies);
    tracing_subscriber::registry()
        .with(layer.with_filter(filter))
        .try_init()?;
    log_panics(lanes.clone());
    Ok(Logging { lanes, capped })
}

impl Logging {
    /// From now on nothing waits for whoever reads the log. What was logged before is written, within bounds.
    pub fn started(&self) {
        self.lanes.started();
        self.flush();
    }

    fn flush(&self) {
        self.lanes.flush(LAST_LINES);
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        self.capped.tell_all();
        self.flush();
    }
}

/// The usual hook would wait for whoever reads standard error.
fn log_panics(lanes: Lanes) {
    std::panic::set_hook(Box::new(move |panic| {
        let what = panic.payload_as_str().unwrap_or("no text");
        let location = panic.location().map(ToString::to_string);
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or_default();
        tracing::error!(thread, location, "a panic: {what}");
        lanes.flush(AT_A_PANIC);
    }));
}
