//! Noting that a pair of tokens has been handed out: when the first byte of the answer with it goes to
//! the transport, and not when the last one does, which a thief could withhold by reading slowly.
//!
//! It happens off the answer's path, and again and again while the store is away. What is lost all the
//! same, by a crash or beyond the bounds, postpones the detection of a replay by one rotation.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use account::{Accounts, Handing};
use axum::body::{Body, Bytes};
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

/// Pairs that may wait for their note at once.
const WAITING: u32 = 4096;

/// The pause after the first failure; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// After this pause there is one more try, the last: the store has been away for four minutes.
const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// How long a server that stops waits for what is not noted yet.
const LAST_NOTES: Duration = Duration::from_secs(1);

/// The notes that are under way.
#[derive(Clone, Debug)]
pub(crate) struct Handings(Arc<Semaphore>);

impl Default for Handings {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(WAITING as usize)))
    }
}

impl Handings {
    /// The answer, of which is noted when it leaves.
    pub(crate) fn noted(
        &self,
        accounts: Accounts,
        handing: Option<Handing>,
        answer: Response,
    ) -> Response {
        let Some(handing) = handing else {
            return answer;
        };
        let departure = Departure {
            accounts,
            handing,
            handings: self.clone(),
        };
        answer.map(|body| {
            Body::new(Leaving {
                body,
                departure: Some(departure),
            })
        })
    }

    /// Waits until nothing is under way, within bounds.
    pub(crate) async fn settled(&self) {
        let all = self.0.acquire_many(WAITING);
        if timeout(LAST_NOTES, all).await.is_err() {
            tracing::warn!("delivery of some refreshed tokens could not be recorded");
        }
    }
}

/// What is noted when the first byte leaves.
struct Departure {
    accounts: Accounts,
    handing: Handing,
    handings: Handings,
}

impl Departure {
    fn begin(self) {
        if let Ok(permit) = Arc::clone(&self.handings.0).try_acquire_owned() {
            drop(tokio::spawn(note(self.accounts, self.handing, permit)));
        } else {
            tracing::warn!("too many deliveries of refreshed tokens wait to be recorded");
        }
    }
}

async fn note(accounts: Accounts, handing: Handing, _permit: OwnedSemaphorePermit) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = accounts.note_handed_out(handing.clone()).await {
        if pause > LONGEST_PAUSE {
            tracing::warn!(%error, "delivery of a refreshed token could not be recorded");
            return;
        }
        sleep(pause).await;
        pause *= 2;
    }
}

/// A body that is asked for its first bytes when they can be written.
struct Leaving {
    body: Body,
    departure: Option<Departure>,
}

impl http_body::Body for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if frame.is_ready()
            && let Some(departure) = self.departure.take()
        {
            departure.begin();
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
