//! How much time and room a client gets.

use std::time::Duration;

/// How much time and room a client gets. The defaults are far beyond what any honest client needs.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// For the line and the headers of a request to arrive; also how long a connection may be idle.
    pub head_time: Duration,
    /// For the whole body of a request to arrive.
    pub body_time: Duration,
    /// For a client that reads nothing of its answer.
    pub stalled_write: Duration,
    /// Connections at a time; a further one is closed at once.
    pub connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(15),
            stalled_write: Duration::from_secs(20),
            connections: 4096,
        }
    }
}

/// The most header lines of a request.
pub(super) const MAX_HEADERS: usize = 100;

/// The most bytes of a request's line and headers.
pub(super) const MAX_HEAD: u32 = 64 * 1024;

/// Requests that an HTTP/2 connection may have under way.
pub(super) const MAX_STREAMS: u32 = 100;

/// Streams that a client has opened and reset before we saw them (CVE-2023-44487).
pub(super) const MAX_PENDING_RESETS: usize = 20;
