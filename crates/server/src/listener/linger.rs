//! Closing a connection so that the last answer arrives.
//!
//! A server that answers before it has read the whole request (413, 431) and then closes sends a reset
//! for what is still under way, and the reset may destroy the answer before the client has read it
//! (RFC 9112 §9.6). So what comes after our end is read and thrown away, within bounds.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a client may take to notice that we have closed.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// How much is thrown away: a client that sends more has a broken connection coming.
const LINGER_BYTES: usize = 32 << 20;

/// The rest of a connection that we have closed for writing.
pub(super) struct Linger {
    deadline: Pin<Box<Sleep>>,
    left: usize,
}

impl Linger {
    pub(super) fn new() -> Self {
        let end = Instant::now() + LINGER_TIME;
        Self {
            deadline: Box::pin(sleep_until(end)),
            left: LINGER_BYTES,
        }
    }

    /// Ready when the client has closed too, or a bound is reached.
    pub(super) fn poll_drained<S: AsyncRead>(
        &mut self,
        mut stream: Pin<&mut S>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut scratch = [0; 16 * 1024];
        while self.left > 0 {
            if self.deadline.as_mut().poll(cx).is_ready() {
                break;
            }
            let mut buffer = ReadBuf::new(&mut scratch);
            if ready!(stream.as_mut().poll_read(cx, &mut buffer)).is_err() {
                break; // it is closed, which is all we wanted
            }
            match buffer.filled().len() {
                0 => break,
                read => self.left = self.left.saturating_sub(read),
            }
        }
        Poll::Ready(Ok(()))
    }
}
