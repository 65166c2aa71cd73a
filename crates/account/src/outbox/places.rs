//! Which jobs a process does at once, and in which order it takes them.
//!
//! - First tries come before further ones, and what secures an account before everything else.
//! - Further tries hold half of the places at the most: however many wait, what is new goes out.
//! - What is ordinary leaves a place free: a flood of it never keeps what is urgent waiting.
//! - Of one lane one job runs while others wait, and two when none does: a mail server that stalls for one domain holds
//!   up the mail to that domain.

use std::collections::HashMap;

use storage::outbox::{ClaimedJob, Lane, Tries};
use tokio::task;

use super::Urgency;
use super::kinds::urgency_of;

/// Jobs that a process does at once.
const AT_ONCE: usize = 4;

/// How many of them may have been tried before.
const FURTHER: usize = AT_ONCE / 2;

/// How many of them may be ordinary.
const ORDINARY: usize = AT_ONCE - 1;

/// What is looked for, one after the other.
const ORDER: [(Tries, Urgency); 4] = [
    (Tries::First, Urgency::Urgent),
    (Tries::First, Urgency::Ordinary),
    (Tries::Further, Urgency::Urgent),
    (Tries::Further, Urgency::Ordinary),
];

/// The jobs that run.
#[derive(Default)]
pub(super) struct Places(HashMap<task::Id, Place>);

/// The place of a job that runs.
pub(super) struct Place {
    tries: Tries,
    urgency: Urgency,
    lane: Option<Lane>,
}

/// What may run beside what runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Search {
    pub(super) tries: Tries,
    pub(super) urgency: Urgency,
    pub(super) outside: Vec<Lane>,
}

impl Place {
    pub(super) fn of(job: &ClaimedJob) -> Self {
        Self {
            tries: match job.claim.0 {
                1 => Tries::First,
                _ => Tries::Further,
            },
            urgency: urgency_of(job.kind),
            lane: job.lane,
        }
    }
}

impl Places {
    pub(super) fn take(&mut self, id: task::Id, place: Place) {
        self.0.insert(id, place);
    }

    pub(super) fn leave(&mut self, id: task::Id) {
        self.0.remove(&id);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether another job may run.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < AT_ONCE
    }

    /// What to look for, in this order, until a job is found.
    pub(super) fn searches(&self) -> Vec<Search> {
        let alone = self.lanes_with(1);
        let in_pairs = self.lanes_with(2);
        let has_more = alone.len() > in_pairs.len();
        let of_lanes = [Some(alone), has_more.then_some(in_pairs)];
        let searches = of_lanes.into_iter().flatten().flat_map(|outside| {
            let wanted = ORDER.into_iter().filter(|it| self.has_room_for(*it));
            wanted.map(move |(tries, urgency)| Search {
                tries,
                urgency,
                outside: outside.clone(),
            })
        });
        searches.collect()
    }

    fn has_room_for(&self, (tries, urgency): (Tries, Urgency)) -> bool {
        let further = self.count(|place| place.tries == Tries::Further);
        let ordinary = self.count(|place| place.urgency == Urgency::Ordinary);
        self.has_room()
            && (tries == Tries::First || further < FURTHER)
            && (urgency == Urgency::Urgent || ordinary < ORDINARY)
    }

    /// The lanes in which so many jobs run, or more.
    fn lanes_with(&self, count: usize) -> Vec<Lane> {
        let lanes = self.0.values().filter_map(|place| place.lane);
        let mut full = Vec::new();
        for lane in lanes {
            if !full.contains(&lane) && self.count(|place| place.lane == Some(lane)) >= count {
                full.push(lane);
            }
        }
        full
    }

    fn count(&self, counts: impl Fn(&Place) -> bool) -> usize {
        self.0.values().filter(|place| counts(place)).count()
    }
}
