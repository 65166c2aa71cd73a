//! How far a start has come, on a terminal: one line, written again and again.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use storage_mongodb::{Headway, Lines, Progress};

/// The places of the bar.
const WIDTH: u64 = 20;

/// How a terminal clears the line that it is in.
const CLEAR: &str = "\r\x1b[2K";

/// Whoever shows a start how far it is: on a terminal a line, else lines in the log.
pub(super) fn progress() -> &'static dyn Progress {
    if std::io::stderr().is_terminal() {
        &Bar
    } else {
        &Lines
    }
}

struct Bar;

impl Progress for Bar {
    fn every(&self) -> Duration {
        Duration::from_millis(200)
    }

    fn show(&self, headway: &Headway) {
        // Back at the start of the line: what is logged meanwhile goes over it.
        write(&format!("{CLEAR}{}\r", line(headway)));
    }

    fn end(&self) {
        write(CLEAR);
    }
}

/// What is shown. It must fit in a line of 80.
fn line(headway: &Headway) -> String {
    let Headway { task, total, .. } = headway;
    let seconds = headway.elapsed.as_secs();
    let Some(done) = headway.done else {
        return format!("{task}: {total} documents, {seconds} s");
    };
    let part = |of: u64| done.min(*total) * of / (*total).max(1);
    let full = "#".repeat(usize::try_from(part(WIDTH)).unwrap_or_default());
    let percent = part(100);
    format!("{task} [{full:.<20}] {percent} % of {total}, {seconds} s")
}

/// A terminal that has gone is no reason to stop.
fn write(text: &str) {
    let mut terminal = std::io::stderr().lock();
    let _ = terminal.write_all(text.as_bytes());
    let _ = terminal.flush();
}

#[cfg(test)]
mod tests {
    use storage_mongodb::Task;

    use super::*;

    fn shown(done: Option<u64>, total: u64) -> String {
        line(&Headway {
            task: Task::Keys,
            done,
            total,
            elapsed: Duration::from_millis(9_900),
        })
    }

    #[test]
    fn the_bar_fills_as_it_goes_on() {
        for (done, expected) in [
            (0, "[....................] 0 % of 200000, 9 s"),
            (90_000, "[#########...........] 45 % of 200000, 9 s"),
            (200_000, "[####################] 100 % of 200000, 9 s"),
        ] {
            let line = shown(Some(done), 200_000);
            assert!(line.ends_with(expected), "{line}");
            assert!(line.len() < 80, "{line}");
        }
    }

    #[test]
    fn without_a_number_it_says_how_many_there_are() {
        assert!(shown(None, 7).ends_with(": 7 documents, 9 s"));
        // Of a collection that another application has emptied meanwhile.
        assert!(shown(Some(1), 0).contains("0 %"));
    }
}
