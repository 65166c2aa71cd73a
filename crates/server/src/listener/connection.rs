//! A connection, as the HTTP implementation sees it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::bare_errors::BareErrors;
use super::bounds::Bounds;
use super::http2::Protocol;
use super::linger::Linger;
use super::room::Seat;
use super::stall::Stall;

/// A stream that gives bare errors a body, ends stalled writes, ends floods of HTTP/2 frames and idle
/// connections, makes way for others, and closes without losing the last answer.
pub(super) struct Connection<S> {
    stream: S,
    stall: Stall,
    bare_errors: BareErrors,
    /// An answer of ours that took the place of a bare one, as far as it is still to be written.
    pending: Vec<u8>,
    linger: Option<Linger>,
    protocol: Protocol,
    idle_time: Duration,
    seat: Seat,
}

impl<S> Connection<S> {
    pub(super) fn new(stream: S, bounds: Bounds, bare_errors: BareErrors, seat: Seat) -> Self {
        Self {
            stream,
            stall: Stall::new(bounds.stalled_write),
            bare_errors,
            pending: Vec::new(),
            linger: None,
            protocol: Protocol::new(seat.place().tally.clone()),
            idle_time: bounds.head_time,
            seat,
        }
    }
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    fn poll_stream_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written
            && self.protocol.sent(&bytes[..count])
        {
            self.seat.place().touch();
        }
        self.stall.watch(written, cx)
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let pending = std::mem::take(&mut self.pending);
            let written = self.poll_stream_write(cx, &pending);
            self.pending = pending;
            let written = ready!(written)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let place = this.seat.place();
        if place.poll_evicted(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let before = buffer.filled().len();
        if Pin::new(&mut this.stream).poll_read(cx, buffer)?.is_ready() {
            let received = &buffer.filled()[before..];
            return Poll::Ready(this.protocol.received(received, Instant::now));
        }
        let idle = this.protocol.poll_idle(place, this.idle_time, cx);
        idle.map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.seat.place().is_evicted() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        ready!(self.poll_pending(cx))?;
        if let Some(answer) = self.bare_errors.replacement(bytes) {
            self.pending = answer;
            return Poll::Ready(Ok(bytes.len()));
        }
        self.poll_stream_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.stall.watch(flushed, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.seat.place().is_evicted() {
            return Poll::Ready(Ok(())); // somebody waits for the room
        }
        if self.linger.is_none() {
            ready!(self.poll_pending(cx))?;
            let closed = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.stall.watch(closed, cx))?;
            self.linger = Some(Linger::new());
        }
        let Self { stream, linger, .. } = &mut *self;
        match linger {
            Some(linger) => linger.poll_drained(Pin::new(stream), cx),
            None => Poll::Ready(Ok(())),
        }
    }
}
