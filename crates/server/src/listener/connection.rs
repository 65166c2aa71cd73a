//! A connection, as the HTTP implementation sees it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;

use super::bare_errors::BareErrors;
use super::linger::Linger;
use super::stall::Stall;

/// A stream that gives bare errors a body, ends stalled writes, and closes without losing the last
/// answer.
pub(super) struct Connection<S> {
    stream: S,
    stall: Stall,
    bare_errors: BareErrors,
    /// An answer of ours that took the place of a bare one, as far as it is still to be written.
    pending: Vec<u8>,
    linger: Option<Linger>,
    /// Its room, given back when it is dropped.
    _permit: OwnedSemaphorePermit,
}

impl<S> Connection<S> {
    pub(super) const fn new(
        stream: S,
        stalled_write: Duration,
        bare_errors: BareErrors,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let stall = Stall::new(stalled_write);
        Self {
            stream,
            stall,
            bare_errors,
            pending: Vec::new(),
            linger: None,
            _permit: permit,
        }
    }
}

impl<S: AsyncWrite + Unpin> Connection<S> {
    fn poll_stream_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
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
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
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
