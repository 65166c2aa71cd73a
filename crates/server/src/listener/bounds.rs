//! How much time and room a client gets.

use std::time::Duration;

/// How much time and room a client gets. The defaults are far beyond what any honest client needs.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// For the line and the headers of a request to arrive; also how long a connection may be idle, whatever
    /// its client sends that is no request.
    pub head_time: Duration,
    /// For the whole body of a request to arrive.
    pub body_time: Duration,
    /// For a client that reads nothing of its answer.
    pub stalled_write: Duration,
    /// Connections at a time. For a further one the longest idle makes way; if none is idle, it is closed at
    /// once.
    pub connections: usize,
    /// Those of one address, or of one /64, unless that is a trusted proxy.
    pub connections_of_one: usize,
    /// Requests of HTTP/2 whose answers have not been sent to the end, on all connections. Beyond them only
    /// those who have a few; others lose their connection.
    pub streams: usize,
    /// Those of one address, or of one /64, unless that is a trusted proxy.
    pub streams_of_one: usize,
}

impl Bounds {
    /// The bounds of a server of which nothing else was said.
    pub(crate) const DEFAULT: Self = Self {
        head_time: Duration::from_secs(15),
        body_time: Duration::from_secs(15),
        stalled_write: Duration::from_secs(20),
        connections: 4096,
        connections_of_one: 256,
        streams: 10_000,
        streams_of_one: 1000,
    };
}

impl Default for Bounds {
    fn default() -> Self {
        Self::DEFAULT
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

/// Bytes of bodies that a client may send before anybody reads them: what one body may have, and no more for
/// all of a connection.
pub(super) const WINDOW: u32 = 64 * 1024;
