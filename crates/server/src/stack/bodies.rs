//! How many bytes of bodies are held at a time, of all clients together and of each.
//!
//! A body counts from its arrival until nobody reads it any more: what became of it by then is a handler's,
//! and no larger. Honest bodies have some hundred bytes, so a client's share is thousands of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use axum::body::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use ratelimit::Principal;
use tokio::time::Instant;

use super::deadline::BodyWait;
use crate::seldom::Seldom;

/// Bytes of bodies that are held at a time.
const ALL: usize = 16 << 20;

/// Those of one client: one address, or one /64.
const OF_ONE: usize = 1 << 20;

/// What is held of bodies.
#[derive(Debug)]
pub(super) struct Bodies {
    counts: Mutex<Counts>,
    began: Instant,
    told: Seldom,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of_each: HashMap<IpAddr, usize>,
}

/// There is no room for more of a body.
#[derive(Debug, thiserror::Error)]
#[error("too much of bodies is held")]
struct NoRoom;

impl Default for Bodies {
    fn default() -> Self {
        Self {
            counts: Mutex::default(),
            began: Instant::now(),
            told: Seldom::default(),
        }
    }
}

impl Bodies {
    /// Whether there is room for `bytes` of `client`, who then holds them.
    fn take(&self, client: IpAddr, bytes: usize) -> bool {
        let fits = self.counts().take(client, bytes);
        if !fits {
            self.tell(client);
        }
        fits
    }

    fn give_back(&self, client: IpAddr, bytes: usize) {
        self.counts().give_back(client, bytes);
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // The numbers are whole after each step.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, client: IpAddr) {
        let now = i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX);
        if let Some(left_out) = self.told.due(now) {
            tracing::warn!(
                %client,
                left_out,
                "body rejected: too many bytes of bodies are held (logged once a minute)"
            );
        }
    }
}

impl Counts {
    fn take(&mut self, client: IpAddr, bytes: usize) -> bool {
        let own = self.of_each.get(&client).copied().unwrap_or_default();
        let fits = self.all.saturating_add(bytes) <= ALL && own.saturating_add(bytes) <= OF_ONE;
        if fits && bytes > 0 {
            self.all += bytes;
            self.of_each.insert(client, own + bytes);
        }
        fits
    }

    fn give_back(&mut self, client: IpAddr, bytes: usize) {
        self.all = self.all.saturating_sub(bytes);
        if let Some(own) = self.of_each.get_mut(&client) {
            *own = own.saturating_sub(bytes);
            if *own == 0 {
                self.of_each.remove(&client);
            }
        }
    }
}

pin_project! {
    /// A body that counts as held, as far as it has been read.
    pub(super) struct Held<B> {
        #[pin]
        body: B,
        bodies: Arc<Bodies>,
        client: IpAddr,
        bytes: usize,
        wait: BodyWait,
    }

    impl<B> PinnedDrop for Held<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            this.bodies.give_back(*this.client, *this.bytes);
        }
    }
}

impl<B> Held<B> {
    /// The body of `client`; where there is no room for it, `wait` is told.
    pub(super) fn new(body: B, bodies: Arc<Bodies>, client: IpAddr, wait: BodyWait) -> Self {
        Self {
            body,
            bodies,
            client: Principal::counted(client),
            bytes: 0,
            wait,
        }
    }
}

impl<B> Body for Held<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        let Some(frame) = ready!(this.body.poll_frame(cx))
            .transpose()
            .map_err(Into::into)?
        else {
            return Poll::Ready(None);
        };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        if !this.bodies.take(*this.client, bytes) {
            this.wait.refuse();
            return Poll::Ready(Some(Err(NoRoom.into())));
        }
        *this.bytes += bytes;
        Poll::Ready(Some(Ok(frame)))
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
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn client(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn a_client_holds_no_more_than_its_share_and_all_no_more_than_there_is() {
        let mut counts = Counts::default();
        assert!(counts.take(client(1), OF_ONE));
        assert!(!counts.take(client(1), 1));
        let others = u32::try_from(ALL / OF_ONE).unwrap();
        for other in 2..=others {
            assert!(counts.take(client(other), OF_ONE));
        }
        assert!(!counts.take(client(others + 1), 1));
        counts.give_back(client(1), 1);
        assert!(counts.take(client(others + 1), 1));
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let mut counts = Counts::default();
        for number in 0..1000 {
            assert!(counts.take(client(number), 1000));
            assert!(counts.take(client(number), 0));
            counts.give_back(client(number), 1000);
        }
        assert_eq!((counts.all, counts.of_each.len()), (0, 0));
    }

    #[test]
    fn a_64_has_one_share() {
        let bodies = Arc::new(Bodies::default());
        let body = |host: u16| {
            let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, host);
            let (bodies, wait) = (Arc::clone(&bodies), BodyWait::default());
            Held::new(axum::body::Body::empty(), bodies, address.into(), wait).client
        };
        assert_eq!(body(1), body(2));
    }
}
