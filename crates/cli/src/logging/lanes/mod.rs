//! A writer of lines that nobody waits for.
//!
//! Except at the start, of which a line may be all that is told of an account: until the server listens, who has
//! a line waits for room, within bounds.
//!
//! Lines wait in memory until a thread has written them; where that is behind, since nobody reads what it
//! writes, further lines are dropped, counted, and told of once it gets on. Events have a lane of their own,
//! which no flood of other lines can fill, and go first.
//!
//! What is lost: by SIGKILL and the like what waits, which is what came in the last instant unless the reader
//! is slow.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use account::EVENTS_TARGET;
use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes of events that wait at most.
const EVENTS: usize = 4 << 20;

/// Bytes of other lines that wait at most.
const LINES: usize = 1 << 20;

/// What a lane keeps of its memory when it is empty.
const KEPT: usize = 64 << 10;

/// How long anybody waits for room at the start.
const AT_THE_START: Duration = Duration::from_secs(5);

/// How often the thread looks for what else there is to tell.
const LOOK: Duration = Duration::from_secs(60);

/// When a write is tried again for which the reader has no room; only where it told us not to wait.
const AGAIN: Duration = Duration::from_millis(10);

/// The lanes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lanes(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    filled: Condvar,
    written: Condvar,
}

struct State {
    /// Whether nobody waits for room any more.
    started: bool,
    events: Lane,
    lines: Lane,
    /// Whether the thread is at work on what it took out.
    at_work: bool,
}

struct Lane {
    waiting: Vec<u8>,
    /// Bytes that wait at most.
    bound: usize,
    /// Lines for which there was no room.
    dropped: u64,
}

/// Takes one line.
pub(super) struct Line<'a> {
    lanes: &'a Lanes,
    is_event: bool,
}

impl Lanes {
    /// Lanes that end in `file`. Now and then `besides` is called, which may log.
    ///
    /// # Errors
    /// When there can't be another thread.
    pub(super) fn start(
        file: impl Write + Send + 'static,
        besides: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let lanes = Self(Arc::new(Shared {
            state: Mutex::new(State {
                started: false,
                events: Lane::new(EVENTS),
                lines: Lane::new(LINES),
                at_work: false,
            }),
            filled: Condvar::new(),
            written: Condvar::new(),
        }));
        let theirs = lanes.clone();
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || theirs.write_all(file, &besides))?;
        Ok(lanes)
    }

    /// From now on nobody waits for room.
    pub(super) fn started(&self) {
        self.state().started = true;
    }

    /// Waits until everything is written, but no longer than `patience`.
    pub(super) fn flush(&self, patience: Duration) {
        let state = self.state();
        let waited = self
            .0
            .written
            .wait_timeout_while(state, patience, |state| !state.is_done());
        drop(waited); // done or not: nobody could be told
    }

    fn put(&self, line: &[u8], is_event: bool) {
        let mut state = self.state();
        if !state.started && !state.lane(is_event).has_room(line.len()) {
            let waited = self
                .0
                .written
                .wait_timeout_while(state, AT_THE_START, |state| {
                    !state.started && !state.lane(is_event).has_room(line.len())
                });
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            // Who reads nothing for so long won't for the next line either.
            state.started |= !state.lane(is_event).has_room(line.len());
        }
        state.lane(is_event).put(line);
        drop(state);
        self.0.filled.notify_one();
    }

    fn write_all(&self, mut file: impl Write, besides: &impl Fn()) {
        let (mut events, mut lines) = (Vec::new(), Vec::new());
        loop {
            let mut state = self.state();
            if state.is_empty() {
                let waited = self
                    .0
                    .filled
                    .wait_timeout_while(state, LOOK, |state| state.is_empty());
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
            state.at_work = true;
            std::mem::swap(&mut state.events.waiting, &mut events);
            std::mem::swap(&mut state.lines.waiting, &mut lines);
            drop(state);
            self.0.written.notify_all(); // there is room again

            let lost = write(&mut file, &events).and_then(|()| write(&mut file, &lines));
            for written in [&mut events, &mut lines] {
                written.clear();
                written.shrink_to(KEPT);
            }
            if lost.is_ok() {
                self.tell();
            }
            besides();

            self.state().at_work = false;
            self.0.written.notify_all();
        }
    }

    /// Says how many lines were dropped, now that they are written again.
    fn tell(&self) {
        let mut state = self.state();
        let events = std::mem::take(&mut state.events.dropped);
        let lines = std::mem::take(&mut state.lines.dropped);
        drop(state);
        if events > 0 {
            tracing::error!(events, lines, "events were lost: nobody read the log");
        } else if lines > 0 {
            tracing::warn!(lines, "lines were lost: nobody read the log");
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The bytes of a lane are whole lines after each step.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    const fn lane(&mut self, is_event: bool) -> &mut Lane {
        if is_event {
            &mut self.events
        } else {
            &mut self.lines
        }
    }

    fn is_empty(&self) -> bool {
        self.events.waiting.is_empty() && self.lines.waiting.is_empty()
    }

    fn is_done(&self) -> bool {
        self.is_empty() && !self.at_work
    }
}

impl Lane {
    const fn new(bound: usize) -> Self {
        Self {
            waiting: Vec::new(),
            bound,
            dropped: 0,
        }
    }

    const fn has_room(&self, bytes: usize) -> bool {
        self.waiting.len().saturating_add(bytes) <= self.bound
    }

    fn put(&mut self, line: &[u8]) {
        if self.has_room(line.len()) {
            self.waiting.extend_from_slice(line);
        } else {
            self.dropped += 1;
        }
    }
}

fn write(file: &mut impl Write, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(AGAIN),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl<'a> MakeWriter<'a> for Lanes {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            lanes: self,
            is_event: false,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line {
            lanes: self,
            is_event: metadata.target() == EVENTS_TARGET,
        }
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.lanes.put(line, self.is_event);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lanes").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
