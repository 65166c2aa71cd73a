//! Who may have a connection: so many in all, and so many of one address.
//!
//! - One address, or one /64 of IPv6, has a share. A trusted proxy speaks for many, so it may have as many as
//!   there are; and where there are such proxies a quarter of all is theirs alone.
//! - Where there is no room, the connection that has been idle for longest makes way: of the same address when
//!   that has its share, else of all. A connection on which a request is under way never does. If there is none
//!   to make way, the new one is refused.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ratelimit::Principal;
use tokio::time::Instant;

use super::bounds::Bounds;
use super::place::Place;
use super::streams::Tally;
use crate::seldom::Seldom;
use crate::stack::Stack;

/// The connections that there are, and what bounds them.
pub(super) struct Room {
    bounds: Bounds,
    /// Connections that others than trusted proxies may have.
    for_strangers: usize,
    /// Counts the requests of HTTP/2 that are open.
    requests: Tally,
    stack: Stack,
    crowd: Mutex<Crowd>,
    began: Instant,
    told: Seldom,
    told_of_failure: Seldom,
}

/// A connection's place, given up when it is dropped.
pub(super) struct Seat {
    room: Arc<Room>,
    place: Arc<Place>,
}

#[derive(Default)]
struct Crowd {
    all: usize,
    strangers: usize,
    of_each: HashMap<IpAddr, HashMap<u64, Arc<Place>>>,
    next: u64,
}

/// Who has to make way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Among {
    One(IpAddr),
    Strangers,
    All,
}

impl Room {
    pub(super) fn new(bounds: Bounds, stack: Stack) -> Arc<Self> {
        let kept = if stack.has_proxies() {
            bounds.connections / 4
        } else {
            0
        };
        Arc::new(Self {
            bounds,
            for_strangers: bounds.connections - kept,
            requests: Tally::new(bounds),
            stack,
            crowd: Mutex::default(),
            began: Instant::now(),
            told: Seldom::default(),
            told_of_failure: Seldom::default(),
        })
    }

    /// A place for a connection from `peer`, if there is one.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Seat> {
        let is_proxy = self.stack.trusts(peer);
        let owner = Principal::counted(peer);
        let mut crowd = self.crowd();
        let (admitted, full) = crowd.make_room(owner, is_proxy, self);
        let place = admitted.then(|| {
            let tally = self.tally(&crowd, owner, is_proxy);
            let place = Place::new(crowd.next, owner, is_proxy, tally, self.began);
            crowd.enter(Arc::new(place))
        });
        let held = crowd.all;
        drop(crowd);
        if let Some(full) = full {
            self.tell(owner, full, held, admitted);
        }
        Some(Seat {
            room: Arc::clone(self),
            place: place?,
        })
    }

    /// What counts the requests of `owner`, who may have other connections.
    fn tally(&self, crowd: &Crowd, owner: IpAddr, is_proxy: bool) -> Tally {
        if is_proxy {
            return self.requests.of_a_proxy();
        }
        let mut own = crowd.of_each.get(&owner).into_iter().flatten();
        own.next().map_or_else(
            || self.requests.of_another(),
            |(_, place)| place.tally.clone(),
        )
    }

    /// Notes that no connection can be taken in, whether there is room here or not: most often since the
    /// process has as many files open as it may. The longest idle one makes way.
    pub(super) fn failed(&self, error: &std::io::Error) {
        let mut crowd = self.crowd();
        crowd.evict(Among::All);
        let held = crowd.all;
        drop(crowd);
        if let Some(left_out) = self.told_of_failure.due(self.now()) {
            tracing::warn!(%error, held, left_out, "no connection can be accepted (logged once a minute)");
        }
    }

    fn tell(&self, client: IpAddr, full: Among, held: usize, admitted: bool) {
        let Some(left_out) = self.told.due(self.now()) else {
            return;
        };
        let what = match full {
            Among::One(_) => {
                "one address has its share of connections; if it is your proxy, set \
                PORTCULLIS_TRUSTED_PROXIES"
            }
            Among::Strangers | Among::All => "there are as many connections as there may be",
        };
        let outcome = if admitted {
            "the longest idle one was closed"
        } else {
            "a new one was refused"
        };
        tracing::warn!(%client, held, left_out, outcome, "{what} (logged once a minute)");
    }

    fn now(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn crowd(&self) -> MutexGuard<'_, Crowd> {
        // The counts are whole after each step.
        self.crowd.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crowd {
    /// Whether there is room for one more of `owner`, with what was full before someone made way.
    fn make_room(&mut self, owner: IpAddr, is_proxy: bool, room: &Room) -> (bool, Option<Among>) {
        let mut full = None;
        let of_one = self.of_each.get(&owner).map_or(0, HashMap::len);
        if !is_proxy && of_one >= room.bounds.connections_of_one {
            full = Some(Among::One(owner));
            if !self.evict(Among::One(owner)) {
                return (false, full);
            }
        }
        if !is_proxy && self.strangers >= room.for_strangers {
            full = full.or(Some(Among::Strangers));
            if !self.evict(Among::Strangers) {
                return (false, full);
            }
        }
        if self.all >= room.bounds.connections {
            full = full.or(Some(Among::All));
            if !(self.evict(Among::Strangers) || self.evict(Among::All)) {
                return (false, full);
            }
        }
        (true, full)
    }

    /// Closes the longest idle connection; `false` if none is idle.
    fn evict(&mut self, among: Among) -> bool {
        let is_among = |place: &Place| match among {
            Among::One(owner) => place.owner == owner,
            Among::Strangers => !place.is_proxy,
            Among::All => true,
        };
        let one = match among {
            Among::One(owner) => Some(self.of_each.get(&owner)),
            Among::Strangers | Among::All => None,
        };
        let places: Box<dyn Iterator<Item = &Arc<Place>>> = match one {
            Some(own) => Box::new(own.into_iter().flat_map(HashMap::values)),
            None => Box::new(self.of_each.values().flat_map(HashMap::values)),
        };
        let idle = places
            .filter(|place| is_among(place))
            .filter_map(|place| Some((place.idle_since()?, place)));
        let Some(longest) = idle
            .min_by_key(|(since, _)| *since)
            .map(|(_, place)| Arc::clone(place))
        else {
            return false;
        };
        self.leave(&longest);
        longest.evict();
        true
    }

    fn enter(&mut self, place: Arc<Place>) -> Arc<Place> {
        self.next += 1;
        self.all += 1;
        self.strangers += usize::from(!place.is_proxy);
        let own = self.of_each.entry(place.owner).or_default();
        own.insert(place.id, Arc::clone(&place));
        place
    }

    /// Takes a connection out, if it is still in.
    fn leave(&mut self, place: &Place) {
        let Some(own) = self.of_each.get_mut(&place.owner) else {
            return;
        };
        if own.remove(&place.id).is_none() {
            return; // it was evicted
        }
        if own.is_empty() {
            self.of_each.remove(&place.owner);
        }
        self.all -= 1;
        self.strangers -= usize::from(!place.is_proxy);
    }
}

impl Seat {
    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.room.crowd().leave(&self.place);
    }
}
