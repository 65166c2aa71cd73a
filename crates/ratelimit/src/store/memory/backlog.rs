//! What is still to be written behind, the worthiest first, in small steps.

use super::{Entry, Mark, MemoryStore, Worth};

/// How far somebody who writes behind has come.
///
/// Changes are told a shard at a time, some thousand keys, so that whoever writes them can let others
/// work in between. Each round begins with the counters that cost most to lose: however many keys a
/// flood brings, an exhausted limit does not wait for them. A round may be broken off; the next one
/// goes on with the lesser ones where it was.
///
/// A copy from before a round takes back all of it, as is right when what it told could not be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// In the order of [`Worth::DESCENDING`]. Each has seen no more than those before it: a counter that
    /// loses worth before it is told is told later, not never.
    passes: [Pass; Worth::DESCENDING.len()],
    /// The mark of the present round.
    round: Mark,
    /// What the present round tells, and no less.
    least: Worth,
    /// The pass that is at work.
    at: usize,
}

/// The way through all shards for one worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pass {
    /// What changed before was told.
    since: Mark,
    /// Up to when it has told everything at its end, and the shard where it goes on.
    under_way: Option<(Mark, usize)>,
}

impl Backlog {
    /// Everything that changed since `mark`.
    pub fn since(mark: Mark) -> Self {
        let pass = Pass {
            since: mark,
            under_way: None,
        };
        Self {
            passes: [pass; Worth::DESCENDING.len()],
            round: mark,
            least: Worth::Once,
            at: 0,
        }
    }

    /// Begins a round with the worthiest, which ends after those of worth `least`; the lesser ones are
    /// left for later.
    pub fn begin(&mut self, store: &MemoryStore, least: Worth) {
        self.round = store.next_round();
        self.least = least;
        self.at = 0;
    }

    /// The next step: what changed in one shard, often nothing. `None` when all that changed before the
    /// round began was told, down to the least worth.
    pub fn step(&mut self, store: &MemoryStore) -> Option<(Worth, Vec<Entry>)> {
        loop {
            let worth = *Worth::DESCENDING.get(self.at)?;
            if worth < self.least {
                return None;
            }
            let above = self.at.checked_sub(1).map(|above| self.passes[above].since);
            let newest = above.unwrap_or(self.round);
            let pass = &mut self.passes[self.at];
            let (until, shard) = pass.under_way.unwrap_or((newest, 0));
            if shard < store.shards.len() {
                pass.under_way = Some((until, shard + 1));
                let told = store.changed_in(shard, pass.since, |it| it == worth);
                return Some((worth, told));
            }
            *pass = Pass {
                since: until,
                under_way: None,
            };
            // A way that an earlier round began has left out what changed behind it.
            if until >= newest {
                self.at += 1;
            }
        }
    }
}
