//! What the HTTP/2 implementation doesn't bound, seen from outside it: frames that ask for nothing, and
//! connections on which nothing goes on (RFC 9113 §10.5).
//!
//! Only the nine bytes before each frame are looked at.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::frames::{Frames, RST_STREAM};
use super::place::Place;
use super::streams::{Streams, Tally};

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

/// What a connection speaks, as far as is known.
pub(super) enum Protocol {
    /// So many bytes of [`PREFACE`] have come. What would count its requests.
    Unknown(usize, Tally),
    Http1,
    Http2(Box<Http2>),
}

/// A connection of HTTP/2.
pub(super) struct Http2 {
    received: Frames,
    sent: Frames,
    streams: Streams,
    /// How many more frames may ask for nothing.
    allowance: u32,
    /// When that was last topped up for the time.
    topped_up: Instant,
    idle: Option<Pin<Box<Sleep>>>,
    asked_to_leave: bool,
}

impl Protocol {
    /// Of a connection on which nothing has come. `tally` counts its requests, if it is HTTP/2.
    pub(super) const fn new(tally: Tally) -> Self {
        Self::Unknown(0, tally)
    }

    /// Looks at what a client has sent by `now`, which HTTP/1.1 doesn't ask for.
    ///
    /// # Errors
    /// When it sends too much that asks for nothing.
    pub(super) fn received(
        &mut self,
        mut bytes: &[u8],
        now: impl Fn() -> Instant,
    ) -> io::Result<()> {
        if let Self::Unknown(known, tally) = self {
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
            *self = Self::Http2(Box::new(Http2::new(now(), tally.clone())));
        }
        match self {
            Self::Http2(http2) => http2.received(bytes, now()),
            Self::Http1 | Self::Unknown(..) => Ok(()),
        }
    }

    /// Looks at what was sent to the client: whether it is of an answer.
    pub(super) fn sent(&mut self, bytes: &[u8]) -> bool {
        match self {
            Self::Http2(http2) => http2.sent(bytes),
            Self::Http1 | Self::Unknown(..) => true,
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
            Self::Http1 | Self::Unknown(..) => Poll::Pending,
        }
    }
}

impl Http2 {
    fn new(now: Instant, tally: Tally) -> Self {
        Self {
            received: Frames::default(),
            sent: Frames::default(),
            streams: Streams::new(tally),
            allowance: IDLE_FRAMES,
            topped_up: now,
            idle: None,
            asked_to_leave: false,
        }
    }

    fn received(&mut self, bytes: &[u8], now: Instant) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(head) = self.received.next(&mut rest) {
            if head.kind == RST_STREAM {
                self.streams.ended(head.stream);
            }
            if head.is_request() {
                self.allow(FOR_A_REQUEST);
                if !self.streams.asked(head.stream) {
                    return Err(too_many("answers that are not taken"));
                }
            } else if !head.matters() && !self.spend(now) {
                return Err(too_many("frames that ask for nothing"));
            }
        }
        Ok(())
    }

    fn sent(&mut self, bytes: &[u8]) -> bool {
        let (mut rest, mut of_answer) = (bytes, self.sent.payload > 0 && self.sent.matters);
        while let Some(head) = self.sent.next(&mut rest) {
            of_answer |= head.matters();
            if head.ends_answer() {
                self.streams.ended(head.stream);
            }
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

fn too_many(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, format!("too many {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::bounds::Bounds;
    use crate::listener::frames::tests::{PING, frame};
    use crate::listener::frames::{DATA, END_STREAM, HEADERS, RESERVED};

    fn received(protocol: &mut Protocol, bytes: &[u8]) {
        protocol.received(bytes, Instant::now).unwrap();
    }

    fn http2(now: Instant) -> Protocol {
        let mut protocol = Protocol::new(Tally::new(Bounds::DEFAULT));
        protocol.received(PREFACE, || now).unwrap();
        assert!(matches!(protocol, Protocol::Http2(_)));
        protocol
    }

    /// How many such frames in a row are allowed, of 5,000 at most.
    fn allowed(protocol: &mut Protocol, frame: &[u8], now: Instant) -> usize {
        (0..5000)
            .take_while(|_| protocol.received(frame, || now).is_ok())
            .count()
    }

    #[test]
    fn the_preface_tells_the_protocol_however_it_is_cut() {
        for cut in 0..PREFACE.len() {
            let mut protocol = Protocol::new(Tally::new(Bounds::DEFAULT));
            received(&mut protocol, &PREFACE[..cut]);
            received(&mut protocol, &PREFACE[cut..]);
            assert!(matches!(protocol, Protocol::Http2(_)), "{cut}");
        }
        for other in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"PRI * HTTP/1.1",
            b"\x16\x03\x01",
        ] {
            let mut protocol = Protocol::new(Tally::new(Bounds::DEFAULT));
            received(&mut protocol, other);
            assert!(matches!(protocol, Protocol::Http1));
        }
    }

    #[test]
    fn a_flood_of_frames_that_ask_for_nothing_is_an_error() {
        let now = Instant::now();
        for kind in [2, 3, 4, PING, 7, 8, 200] {
            let ping = frame(kind, 0, &[0; 8]);
            assert_eq!(allowed(&mut http2(now), &ping, now), 1000);
            assert!(http2(now).received(&ping.repeat(1001), || now).is_err());
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
            protocol.received(&ping.repeat(1000), || now).unwrap();
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

    /// A frame on the stream that a client opens as its `number`th.
    fn on(number: u32, kind: u8, flags: u8) -> Vec<u8> {
        let mut frame = frame(kind, flags, b"x");
        frame[5..9].copy_from_slice(&(RESERVED | (2 * number - 1)).to_be_bytes());
        frame
    }

    /// How many more requests may be open, of 2,000 at most.
    fn more(protocol: &mut Protocol, begun: u32) -> usize {
        (1..=2000)
            .take_while(|number| {
                let request = on(begun + number, HEADERS, END_STREAM);
                protocol.received(&request, Instant::now).is_ok()
            })
            .count()
    }

    #[test]
    fn requests_whose_answers_are_not_sent_are_bounded() {
        let mut protocol = http2(Instant::now());
        assert_eq!(more(&mut protocol, 0), 1000);
    }

    #[test]
    fn the_end_of_an_answer_makes_room_for_a_request() {
        for (kind, flags) in [
            (DATA, END_STREAM),
            (HEADERS, END_STREAM | 4),
            (RST_STREAM, 0),
        ] {
            let mut protocol = http2(Instant::now());
            for number in 1..=5000 {
                received(&mut protocol, &on(number, HEADERS, END_STREAM));
                protocol.sent(&on(number, kind, flags));
            }
            assert_eq!(more(&mut protocol, 5000), 1000);
        }
        let mut given_up = http2(Instant::now());
        for number in 1..=900 {
            received(&mut given_up, &on(number, HEADERS, END_STREAM));
            received(&mut given_up, &on(number, RST_STREAM, 0));
        }
        assert_eq!(more(&mut given_up, 900), 1000);
        let mut unfinished = http2(Instant::now());
        for number in 1..=900 {
            received(&mut unfinished, &on(number, HEADERS, END_STREAM));
            unfinished.sent(&on(number, HEADERS, 4));
            unfinished.sent(&on(number, DATA, 0));
        }
        assert_eq!(more(&mut unfinished, 900), 100);
    }
}
