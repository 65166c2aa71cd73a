//! What the HTTP/2 implementation doesn't bound, seen from outside it: frames that ask for nothing, and
//! connections on which nothing goes on (RFC 9113 §10.5).
//!
//! Only the nine bytes before each frame are looked at (RFC 9113 §4.1).

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::place::Place;

/// How a connection of HTTP/2 begins (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The most frames in a row that ask for nothing. Browsers and proxies send a few for each request.
const IDLE_FRAMES: u32 = 1000;

/// So many more for each request.
const FOR_A_REQUEST: u32 = 20;

/// So many more for each second.
const FOR_A_SECOND: u64 = 10;

/// How long a client may take to leave that was asked to.
const GOODBYE: Duration = Duration::from_secs(2);

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;

/// What a connection speaks, as far as is known.
pub(super) enum Protocol {
    /// So many bytes of [`PREFACE`] have come.
    Unknown(usize),
    Http1,
    Http2(Box<Http2>),
}

/// A connection of HTTP/2.
pub(super) struct Http2 {
    received: Frames,
    sent: Frames,
    /// How many more frames may ask for nothing.
    allowance: u32,
    /// When that was last topped up for the time.
    topped_up: Instant,
    idle: Option<Pin<Box<Sleep>>>,
    asked_to_leave: bool,
}

/// The frames in one direction.
#[derive(Default)]
struct Frames {
    head: [u8; 9],
    /// Bytes of the head that have come.
    known: usize,
    /// Bytes of the payload that are still to come.
    payload: usize,
    /// Whether they are of a request or an answer.
    matters: bool,
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    length: usize,
    kind: u8,
    flags: u8,
}

impl Protocol {
    /// Looks at what a client has sent by `now`.
    ///
    /// # Errors
    /// When it sends too much that asks for nothing.
    pub(super) fn received(&mut self, mut bytes: &[u8], now: Instant) -> io::Result<()> {
        if let Self::Unknown(known) = self {
            let wanted = &PREFACE[*known..];
            let common = wanted.len().min(bytes.len());
            if bytes[..common] != wanted[..common] {
                *self = Self::Http1;
                return Ok(());
            }
            *known += common;
            if *known < PREFACE.len() {
                return Ok(());
            }
            bytes = &bytes[common..];
            *self = Self::Http2(Box::new(Http2::new(now)));
        }
        match self {
            Self::Http2(http2) => http2.received(bytes, now),
            Self::Http1 | Self::Unknown(_) => Ok(()),
        }
    }

    /// Looks at what was sent to the client: whether it is of an answer.
    pub(super) fn sent(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Http2(http2) => http2.sent(bytes),
            Self::Http1 | Self::Unknown(_) => true,
        }
    }

    /// Ready when nothing has gone on for `bound` on a connection of HTTP/2, and its client doesn't leave
    /// by itself. That of HTTP/1.1 has a timer of its own.
    pub(super) fn poll_idle(
        &mut self,
        place: &Place,
        bound: Duration,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        match self {
            Self::Http2(http2) => http2.poll_idle(place, bound, cx),
            Self::Http1 | Self::Unknown(_) => Poll::Pending,
        }
    }
}

impl Http2 {
    fn new(now: Instant) -> Self {
        Self {
            received: Frames::default(),
            sent: Frames::default(),
            allowance: IDLE_FRAMES,
            topped_up: now,
            idle: None,
            asked_to_leave: false,
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(head) = self.received.next(&mut rest) {
            if head.is_request() {
                self.allow(FOR_A_REQUEST);
            } else if !head.matters() && !self.spend(now) {
                return Err(io::Error::new(
                    io::ErrorKind::ConnectionAborted,
                    "too many frames that ask for nothing",
                ));
            }
        }
        Ok(())
    }

    fn sent(&mut self, bytes: &[u8]) -> bool {
        let (mut rest, mut of_answer) = (bytes, self.sent.payload > 0 && self.sent.matters);
        while let Some(head) = self.sent.next(&mut rest) {
            of_answer |= head.matters();
        }
        of_answer
    }

    fn allow(&mut self, more: u32) {
        self.allowance = self.allowance.saturating_add(more).min(IDLE_FRAMES);
    }

    fn spend(&mut self, now: Instant) -> bool {
        if self.allowance == 0 {
            let seconds = now.saturating_duration_since(self.topped_up).as_secs();
            if seconds > 0 {
                self.topped_up = now;
                let more = seconds.saturating_mul(FOR_A_SECOND);
                self.allow(u32::try_from(more).unwrap_or(IDLE_FRAMES));
            }
        }
        let allowed = self.allowance > 0;
        self.allowance = self.allowance.saturating_sub(1);
        allowed
    }

    fn poll_idle(&mut self, place: &Place, bound: Duration, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let timer = self
                .idle
                .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + bound)));
            ready!(timer.as_mut().poll(cx));
            let left = match place.idle_for() {
                None => bound, // a request is under way
                Some(idle) if idle < bound => bound.saturating_sub(idle),
                Some(_) if !self.asked_to_leave && place.say_goodbye() => {
                    self.asked_to_leave = true;
                    GOODBYE.min(bound)
                }
                Some(_) => return Poll::Ready(()),
            };
            timer.as_mut().reset(Instant::now() + left);
        }
    }
}

impl Frames {
    /// The next head in `bytes`, of which what lies before its end is taken away; nothing when it isn't all
    /// there yet.
    fn next(&mut self, bytes: &mut &[u8]) -> Option<Head> {
        let skipped = self.payload.min(bytes.len());
        self.payload -= skipped;
        *bytes = &bytes[skipped..];
        let taken = (self.head.len() - self.known).min(bytes.len());
        self.head[self.known..self.known + taken].copy_from_slice(&bytes[..taken]);
        self.known += taken;
        *bytes = &bytes[taken..];
        if self.known < self.head.len() {
            return None;
        }
        self.known = 0;
        let [high, middle, low, kind, flags, ..] = self.head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        self.payload = usize::try_from(length).unwrap_or(usize::MAX);
        let head = Head {
            length: self.payload,
            kind,
            flags,
        };
        self.matters = head.matters();
        Some(head)
    }
}

impl Head {
    const fn is_request(self) -> bool {
        self.kind == HEADERS
    }

    /// Whether it brings something of a request or an answer. The parts of a head are bounded by the
    /// implementation.
    const fn matters(self) -> bool {
        match self.kind {
            DATA => self.length > 0 || self.flags & END_STREAM != 0,
            HEADERS | CONTINUATION => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags, 0, 0, 0, 1]);
        frame.extend(payload);
        frame
    }

    fn received(protocol: &mut Protocol, bytes: &[u8]) {
        protocol.received(bytes, Instant::now()).unwrap();
    }

    fn http2(now: Instant) -> Protocol {
        let mut protocol = Protocol::Unknown(0);
        protocol.received(PREFACE, now).unwrap();
        assert!(matches!(protocol, Protocol::Http2(_)));
        protocol
    }

    /// How many such frames in a row are allowed, of 5,000 at most.
    fn allowed(protocol: &mut Protocol, frame: &[u8], now: Instant) -> usize {
        (0..5000)
            .take_while(|_| protocol.received(frame, now).is_ok())
            .count()
    }

    #[test]
    fn the_preface_tells_the_protocol_however_it_is_cut() {
        for cut in 0..PREFACE.len() {
            let mut protocol = Protocol::Unknown(0);
            received(&mut protocol, &PREFACE[..cut]);
            received(&mut protocol, &PREFACE[cut..]);
            assert!(matches!(protocol, Protocol::Http2(_)), "{cut}");
        }
        for other in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PRI * HTTP/1.1",
            b"\x16\x03\x01",
        ] {
            let mut protocol = Protocol::Unknown(0);
            received(&mut protocol, other);
            assert!(matches!(protocol, Protocol::Http1));
        }
    }

    #[test]
    fn frames_are_found_however_they_are_cut() {
        let all: Vec<u8> = [
            frame(HEADERS, 0, &[1; 300]),
            frame(PING, 0, &[0; 8]),
            frame(DATA, END_STREAM, b""),
            frame(DATA, 0, &vec![6; 70_000]),
        ]
        .concat();
        for size in [1, 2, 8, 9, 10, 299, 70_000, all.len()] {
            let (mut frames, mut kinds) = (Frames::default(), Vec::new());
            for mut part in all.chunks(size) {
                while let Some(head) = frames.next(&mut part) {
                    kinds.push((head.kind, head.length));
                }
            }
            assert_eq!(
                kinds,
                [(HEADERS, 300), (PING, 8), (DATA, 0), (DATA, 70_000)]
            );
        }
    }

    #[test]
    fn a_flood_of_frames_that_ask_for_nothing_is_an_error() {
        let now = Instant::now();
        for kind in [2, 3, 4, PING, 7, 8, 200] {
            let ping = frame(kind, 0, &[0; 8]);
            assert_eq!(allowed(&mut http2(now), &ping, now), 1000);
            assert!(http2(now).received(&ping.repeat(1001), now).is_err());
        }
        let (nothing, something) = (frame(DATA, 0, b""), frame(DATA, 0, b"x"));
        assert_eq!(allowed(&mut http2(now), &nothing, now), 1000);
        assert_eq!(allowed(&mut http2(now), &something, now), 5000);
    }

    #[test]
    fn a_request_and_each_second_allow_some_more() {
        let (now, ping) = (Instant::now(), frame(PING, 0, &[0; 8]));
        let spent = || {
            let mut protocol = http2(now);
            protocol.received(&ping.repeat(1000), now).unwrap();
            protocol
        };
        let mut asked = spent();
        received(&mut asked, &frame(HEADERS, 0, &[0; 50]));
        assert_eq!(allowed(&mut asked, &ping, now), 20);
        for (seconds, more) in [(0, 0), (3, 30), (3600, 1000)] {
            let later = now + Duration::from_secs(seconds);
            assert_eq!(allowed(&mut spent(), &ping, later), more);
        }
    }

    #[test]
    fn only_what_is_of_an_answer_counts_as_one() {
        let mut protocol = http2(Instant::now());
        assert!(!protocol.sent(&frame(PING, 1, &[0; 8])));
        assert!(!protocol.sent(&frame(4, 0, &[0; 12])));
        let answer = [frame(HEADERS, 4, &[0; 40]), frame(DATA, 1, &[0; 100])].concat();
        assert!(protocol.sent(&answer[..20]));
        assert!(protocol.sent(&answer[20..60]));
        assert!(protocol.sent(&answer[60..]));
        assert!(!protocol.sent(&frame(PING, 1, &[0; 8])));
    }
}
