//! Requests of HTTP/2 whose answers have not been sent to the end. Each keeps some kilobytes of ours, and a
//! client that reads nothing leaves there as many as it may: so one address has a share, whatever number of
//! connections it has, and so has everybody together.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::bounds::Bounds;

/// A connection may have so many when its address, or the server, has its share: who asks for one thing after
/// the other does not pay for a neighbour.
const FEW: usize = 4;

/// How many there are, of one address and in all, for each of its connections.
#[derive(Clone)]
pub(super) struct Tally {
    of_all: Counted,
    of_one: Counted,
}

/// How many there are, and how many there may be.
#[derive(Clone)]
struct Counted {
    now: Arc<AtomicUsize>,
    bound: usize,
}

/// Those of one connection.
pub(super) struct Streams {
    open: HashSet<u32>,
    newest: u32,
    tally: Tally,
}

impl Tally {
    /// For the whole server: each address is [counted](Self::of_another) beside it.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            of_all: Counted::new(bounds.streams),
            of_one: Counted::new(bounds.streams_of_one),
        }
    }

    /// For another address.
    pub(super) fn of_another(&self) -> Self {
        Self {
            of_all: self.of_all.clone(),
            of_one: Counted::new(self.of_one.bound),
        }
    }

    /// For a trusted proxy, which reads what it asks for: counted and not bounded.
    pub(super) fn of_a_proxy(&self) -> Self {
        Self {
            of_all: Counted {
                now: Arc::clone(&self.of_all.now),
                bound: usize::MAX,
            },
            of_one: Counted::new(usize::MAX),
        }
    }

    fn add(&self) -> bool {
        let (of_all, of_one) = (self.of_all.add(), self.of_one.add());
        of_all && of_one
    }

    fn take(&self, count: usize) {
        self.of_all.now.fetch_sub(count, Ordering::Relaxed);
        self.of_one.now.fetch_sub(count, Ordering::Relaxed);
    }
}

impl Counted {
    fn new(bound: usize) -> Self {
        Self {
            now: Arc::default(),
            bound,
        }
    }

    /// One more, and whether it is within the bound.
    fn add(&self) -> bool {
        self.now.fetch_add(1, Ordering::Relaxed) < self.bound
    }
}

impl Streams {
    pub(super) fn new(tally: Tally) -> Self {
        Self {
            open: HashSet::new(),
            newest: 0,
            tally,
        }
    }

    /// A client has sent headers on `stream`: a request, or the end of one (RFC 9113 §5.1.1). `false` when
    /// that is one too many.
    pub(super) fn asked(&mut self, stream: u32) -> bool {
        if stream <= self.newest {
            return true;
        }
        self.newest = stream;
        self.open.insert(stream);
        self.tally.add() || self.open.len() <= FEW
    }

    /// Its answer has been sent to the end, or one of the two has given it up.
    pub(super) fn ended(&mut self, stream: u32) {
        if self.open.remove(&stream) {
            self.tally.take(1);
        }
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        self.tally.take(self.open.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        streams_of_one: 10,
        streams: 20,
        ..Bounds::DEFAULT
    };

    /// How many more requests a connection may have open, of 100 at most.
    fn more(streams: &mut Streams) -> usize {
        let first = streams.newest;
        (1..=100)
            .take_while(|number| streams.asked(first + number))
            .count()
    }

    #[test]
    fn an_address_has_its_share_over_all_its_connections() {
        let tally = Tally::new(BOUNDS);
        let (mut one, mut other) = (Streams::new(tally.clone()), Streams::new(tally.clone()));
        assert_eq!(more(&mut one), 10);
        assert_eq!(more(&mut other), FEW);
        drop((one, other));
        assert_eq!(more(&mut Streams::new(tally)), 10);
    }

    #[test]
    fn all_addresses_have_their_share_together() {
        let all = Tally::new(BOUNDS);
        let mut one = Streams::new(all.of_another());
        assert_eq!(more(&mut one), 10);
        // The ten and the one too many were counted: nine are left, which is more than the few that are always granted.
        let mut other = Streams::new(all.of_another());
        assert_eq!(more(&mut other), 9);
        assert_eq!(more(&mut Streams::new(all.of_another())), FEW);
        drop((one, other));
        assert_eq!(more(&mut Streams::new(all.of_another())), 10);
    }

    #[test]
    fn a_trusted_proxy_is_not_bounded() {
        let tally = Tally::new(BOUNDS);
        assert_eq!(more(&mut Streams::new(tally.of_a_proxy())), 100);
    }

    #[test]
    fn what_has_ended_counts_no_more_and_once_only() {
        let tally = Tally::new(BOUNDS);
        let mut streams = Streams::new(tally.clone());
        assert!((1..=8).all(|stream| streams.asked(stream)));
        for _ in 0..5 {
            streams.ended(3);
            streams.ended(900); // it never began
            assert!(streams.asked(3), "the end of a request is none");
        }
        assert_eq!(tally.of_one.now.load(Ordering::Relaxed), 7);
        drop(streams);
        assert_eq!(tally.of_all.now.load(Ordering::Relaxed), 0);
    }
}
