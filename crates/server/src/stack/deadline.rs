//! How long a request may take. What its client takes to send the body does not count: that has a deadline of its own.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

/// The deadline of one request. It needs no timer unless there is something to wait for: nearly everything is
/// answered at once.
pub(super) struct Deadline {
    time: Duration,
    body: Option<BodyWait>,
    began: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// How long a request has waited for its body.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyWait(Arc<Mutex<Waited>>);

#[derive(Debug, Default)]
struct Waited {
    /// Since when it waits, if it does.
    since: Option<Instant>,
    /// How long it has waited before.
    before: Duration,
    /// Whether there was no room for what came.
    refused: bool,
}

impl Deadline {
    /// `time` for a request, without the time that its body takes.
    pub(super) const fn new(time: Duration, body: Option<BodyWait>) -> Self {
        Self {
            time,
            body,
            began: None,
            timer: None,
        }
    }

    /// How long the request may take.
    pub(super) const fn time(&self) -> Duration {
        self.time
    }

    /// Whether the time is over, for a request that waits.
    pub(super) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(end) = self.end(Instant::now()) else {
            self.timer = None; // it will be later
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        timer.as_mut().poll(cx)
    }

    /// When the time is over; nothing while the client is waited for.
    fn end(&mut self, now: Instant) -> Option<Instant> {
        let began = *self.began.get_or_insert(now);
        let waited = match &self.body {
            Some(body) => body.waited()?,
            None => Duration::ZERO,
        };
        Some(began + self.time + waited)
    }
}

impl BodyWait {
    /// How long was waited; nothing while the client is waited for.
    fn waited(&self) -> Option<Duration> {
        let waited = self.lock();
        waited.since.is_none().then_some(waited.before)
    }

    /// Notes that there was no room for what came.
    pub(super) fn refuse(&self) {
        self.lock().refused = true;
    }

    /// Whether there was no room for what came.
    pub(super) fn was_refused(&self) -> bool {
        self.lock().refused
    }

    fn begin(&self, now: Instant) {
        self.lock().since.get_or_insert(now);
    }

    fn end(&self, now: Instant) {
        let mut waited = self.lock();
        if let Some(since) = waited.since.take() {
            waited.before += now.saturating_duration_since(since);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waited> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pin_project! {
    /// A body whose arrival is timed.
    pub(super) struct Timed<B> {
        #[pin]
        body: B,
        wait: BodyWait,
    }

    impl<B> PinnedDrop for Timed<B> {
        fn drop(this: Pin<&mut Self>) {
            this.wait.end(Instant::now()); // nobody waits for it any more
        }
    }
}

impl<B> Timed<B> {
    pub(super) const fn new(body: B, wait: BodyWait) -> Self {
        Self { body, wait }
    }
}

impl<B: Body> Body for Timed<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = this.body.poll_frame(cx);
        if frame.is_pending() {
            this.wait.begin(Instant::now());
        } else {
            this.wait.end(Instant::now());
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(5);
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_time_runs_from_the_first_look() {
        let (now, mut deadline) = (Instant::now(), Deadline::new(TIME, None));
        for later in [0, 1, 4] {
            assert_eq!(deadline.end(now + SECOND * later), Some(now + TIME));
        }
    }

    #[test]
    fn what_the_client_takes_does_not_count_and_all_else_does() {
        let (body, mut now) = (BodyWait::default(), Instant::now());
        let mut deadline = Deadline::new(TIME, Some(body.clone()));
        let mut end = now + TIME;
        assert_eq!(deadline.end(now), Some(end));
        now += SECOND; // before anybody reads the body
        for _ in 0..3 {
            body.begin(now);
            assert_eq!(deadline.end(now), None);
            now += TIME * 2;
            body.begin(now); // looked at once more
            assert_eq!(deadline.end(now), None);
            body.end(now);
            end += TIME * 2;
            assert_eq!(deadline.end(now), Some(end));
            now += SECOND;
        }
        body.end(now);
        assert_eq!(deadline.end(now), Some(end));
    }

    #[test]
    fn a_body_that_is_given_up_is_waited_for_no_longer() {
        let wait = BodyWait::default();
        let mut deadline = Deadline::new(TIME, Some(wait.clone()));
        let body = Timed::new(axum::body::Body::empty(), wait.clone());
        wait.begin(Instant::now());
        assert_eq!(deadline.end(Instant::now()), None);
        drop(body);
        assert!(deadline.end(Instant::now()).is_some());
    }
}
