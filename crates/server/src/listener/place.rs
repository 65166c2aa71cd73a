//! What is known of one connection while it lasts.

use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::ConnectionShutdown;
use futures_util::task::AtomicWaker;
use tokio::time::Instant;

use super::streams::Tally;

/// A connection: whose it is, and whether anything goes on there.
pub(super) struct Place {
    pub(super) id: u64,
    /// Its address, or the first of its /64.
    pub(super) owner: IpAddr,
    /// Whether that is a trusted proxy.
    pub(super) is_proxy: bool,
    /// Counts its requests of HTTP/2 with those of its address.
    pub(super) tally: Tally,
    /// Times count from here.
    began: Instant,
    /// When something of an answer was last written, in microseconds.
    last: AtomicU64,
    /// Requests whose answer isn't there yet.
    underway: AtomicUsize,
    evicted: AtomicBool,
    waker: AtomicWaker,
    /// Ends it in order; known from its first request on.
    shutdown: OnceLock<ConnectionShutdown>,
}

/// A request that is under way, until this is dropped.
pub(super) struct Underway(Arc<Place>);

impl Place {
    pub(super) fn new(
        id: u64,
        owner: IpAddr,
        is_proxy: bool,
        tally: Tally,
        began: Instant,
    ) -> Self {
        let place = Self {
            id,
            owner,
            is_proxy,
            tally,
            began,
            last: AtomicU64::new(0),
            underway: AtomicUsize::new(0),
            evicted: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            shutdown: OnceLock::new(),
        };
        place.touch();
        place
    }

    /// Notes a request that begins.
    pub(super) fn begin(self: &Arc<Self>) -> Underway {
        self.underway.fetch_add(1, Ordering::Relaxed);
        Underway(Arc::clone(self))
    }

    /// Notes that something of an answer was written.
    pub(super) fn touch(&self) {
        self.last.store(self.now(), Ordering::Relaxed);
    }

    /// Since when nothing has gone on, in microseconds since the room is there; nothing while a request is
    /// under way.
    pub(super) fn idle_since(&self) -> Option<u64> {
        let idle = self.underway.load(Ordering::Relaxed) == 0;
        idle.then(|| self.last.load(Ordering::Relaxed))
    }

    /// How long nothing has gone on.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let since = self.idle_since()?;
        Some(Duration::from_micros(self.now().saturating_sub(since)))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Lets it make way.
    pub(super) fn evict(&self) {
        self.evicted.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it has to make way.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Acquire)
    }

    /// Ready once it has to make way.
    pub(super) fn poll_evicted(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Before the look, so that none is missed.
        self.waker.register(cx.waker());
        if self.is_evicted() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Ends once it has to make way.
    pub(super) async fn evicted(&self) {
        poll_fn(|cx| self.poll_evicted(cx)).await;
    }

    /// Notes how the connection is ended in order.
    pub(super) fn ends_by(&self, shutdown: Option<&ConnectionShutdown>) {
        if let Some(shutdown) = shutdown
            && self.shutdown.get().is_none()
        {
            let _ = self.shutdown.set(shutdown.clone()); // another request was faster, which knows the same
        }
    }

    /// Asks the client to leave, if that can be.
    pub(super) fn say_goodbye(&self) -> bool {
        let shutdown = self.shutdown.get();
        if let Some(shutdown) = shutdown {
            shutdown.graceful_shutdown();
        }
        shutdown.is_some()
    }
}

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.touch();
        self.0.underway.fetch_sub(1, Ordering::Relaxed);
    }
}
