//! How far a start has come with what takes long on a collection that another application filled.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// How often a line goes into the log.
const A_LINE_EVERY: Duration = Duration::from_secs(3);

/// What takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// The server builds the indexes of a collection.
    Indexes {
        /// The collection.
        of: &'static str,
    },
    /// The accounts get the keys by which names and addresses are unique.
    Keys,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Headway {
    /// With what.
    pub task: Task,
    /// Documents that are done. Nothing where the server does not say.
    pub done: Option<u64>,
    /// Documents that there are, about.
    pub total: u64,
    /// How long it has taken so far.
    pub elapsed: Duration,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Indexes { of } => write!(f, "building the indexes of {of}"),
            Self::Keys => f.write_str("giving keys to accounts"),
        }
    }
}

/// Whoever shows it.
pub trait Progress: Send + Sync {
    /// How often it wants to hear.
    fn every(&self) -> Duration;

    /// Shows it.
    fn show(&self, headway: &Headway);

    /// What was shown last is done, or given up.
    fn end(&self) {}
}

/// Lines in the log.
#[derive(Clone, Copy, Debug)]
pub struct Lines;

impl Progress for Lines {
    fn every(&self) -> Duration {
        A_LINE_EVERY
    }

    fn show(&self, headway: &Headway) {
        let (done, total) = (headway.done, headway.total);
        let seconds = headway.elapsed.as_secs();
        tracing::info!(done, total, seconds, "{}", headway.task);
    }
}

/// One task, which is shown as often as whoever shows it wants.
pub(crate) struct Shown<'a> {
    progress: &'a dyn Progress,
    task: Task,
    total: u64,
    began: Instant,
    last: Instant,
    begun: bool,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(progress: &'a dyn Progress, task: Task, total: u64) -> Self {
        let now = Instant::now();
        Self {
            progress,
            task,
            total,
            began: now,
            last: now,
            begun: false,
        }
    }

    /// Shows how far it has come, if it is time.
    pub(crate) fn at(&mut self, done: u64) {
        if self.last.elapsed() >= self.progress.every() {
            self.last = Instant::now();
            self.now(Some(done));
        }
    }

    /// Shows how far it has come.
    pub(crate) fn now(&mut self, done: Option<u64>) {
        self.begun = true;
        self.progress.show(&Headway {
            task: self.task,
            done,
            // It may have grown.
            total: self.total.max(done.unwrap_or_default()),
            elapsed: self.began.elapsed(),
        });
    }

    /// How often it is to be shown.
    pub(crate) fn every(&self) -> Duration {
        self.progress.every()
    }
}

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if self.begun {
            self.progress.end();
        }
    }
}
