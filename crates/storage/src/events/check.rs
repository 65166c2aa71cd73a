//! Checking a chain.

use std::fmt;

use model::UserId;

use super::chain::{Verdict, digest};
use super::{ChainEnds, EventKeys, Link, Mark};

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// Links are not there.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// Links are not what was written, or not after what they were written after.
    Changed {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// What links say was erased, though their account is there.
    Erased {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The links after this one are not there.
    CutOff {
        /// The last one that is there, or 0.
        after: u64,
        /// The last one that was written.
        last: u64,
    },
    /// The note of the last link is not what was written.
    ChangedHead,
    /// The note of the last link is not there.
    NoHead,
    /// The note of where the chain begins is not what was written.
    ChangedAnchor,
    /// The account is gone, and its chain doesn't say that it was deleted.
    NoEnd,
    /// Links, or the notes of them, were made with a key that is not known: they say nothing. Never does such a link come after
    /// one whose key is known.
    UnknownKey {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
}

/// A check of one chain, link by link.
#[derive(Debug)]
pub struct ChainCheck<'a> {
    keys: &'a EventKeys,
    user: &'a UserId,
    ends: ChainEnds,
    /// The last link that was looked at.
    number: u64,
    tag: [u8; 32],
    /// Whether the tag is of the link that comes before the next one.
    is_joined: bool,
    has_ended: bool,
    /// Whether a link of a known key was met.
    knows_key: bool,
    /// How many links were looked at.
    links: u64,
    faults: Vec<ChainFault>,
}

impl<'a> ChainCheck<'a> {
    /// A check of the chain with these ends.
    pub fn begin(keys: &'a EventKeys, user: &'a UserId, ends: ChainEnds) -> Self {
        let mut check = Self {
            keys,
            user,
            ends,
            number: 0,
            tag: [0; 32],
            is_joined: true,
            has_ended: false,
            knows_key: false,
            links: 0,
            faults: Vec::new(),
        };
        if let Some(anchor) = ends.anchor {
            let verdict = keys.judge_anchor(user, &anchor);
            check.note(verdict, anchor.number, ChainFault::ChangedAnchor);
            if verdict != Verdict::Forged {
                (check.number, check.tag) = (anchor.number, anchor.tag);
            }
        }
        check
    }

    /// The number of the last link that was looked at, or that was removed for its age.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// How many links were looked at.
    pub const fn links(&self) -> u64 {
        self.links
    }

    /// The next link that is there.
    pub fn link(&mut self, link: &Link) {
        let number = link.number;
        if number <= self.number {
            // It was removed for its age, or is about to be: then it is gone when it is looked once more.
            self.push(changed(number));
            return;
        }
        if number > self.number + 1 {
            self.faults.push(ChainFault::Missing {
                first: self.number + 1,
                last: number - 1,
            });
            self.is_joined = false;
        }
        let changed = changed(number);
        if self.is_joined {
            match self.keys.judge_link(self.user, &self.tag, link) {
                Verdict::UnknownKey if self.knows_key => self.push(changed),
                verdict => {
                    self.knows_key |= verdict == Verdict::Genuine;
                    self.note(verdict, number, changed);
                }
            }
        }
        match &link.content {
            Some(content) if digest(content) != link.digest => self.push(changed),
            None if self.ends.has_account && !link.ends => self.push(ChainFault::Erased {
                first: number,
                last: number,
            }),
            _ => {}
        }
        (self.number, self.tag, self.is_joined) = (number, link.mac.tag, true);
        self.has_ended |= link.ends;
        self.links += 1;
    }

    /// What is wrong, once every link was looked at.
    pub fn finish(mut self) -> Vec<ChainFault> {
        if let Some(head) = self.ends.head {
            let verdict = self.keys.judge_head(self.user, &head);
            self.note(verdict, head.number, ChainFault::ChangedHead);
            if verdict != Verdict::Forged {
                self.compare(&head);
            }
        } else if self.ends.has_account && self.number > 0 && !self.has_ended {
            self.push(ChainFault::NoHead);
        }
        let is_gone = !self.ends.has_account && !self.ends.is_ending;
        if is_gone && !self.has_ended && self.number > 0 && !self.is_pruned() {
            self.push(ChainFault::NoEnd);
        }
        self.faults
    }

    /// A chain may go on beyond its head, which is written after the link; never may it end before.
    fn compare(&mut self, head: &Mark) {
        if head.number > self.number {
            self.push(ChainFault::CutOff {
                after: self.number,
                last: head.number,
            });
        } else if head.number == self.number && head.tag != self.tag {
            self.push(changed(head.number));
        }
    }

    /// Whether nothing but the note is left of it of where it would begin.
    const fn is_pruned(&self) -> bool {
        self.links == 0
    }

    fn note(&mut self, verdict: Verdict, number: u64, forged: ChainFault) {
        match verdict {
            Verdict::Genuine => {}
            Verdict::Forged => self.push(forged),
            Verdict::UnknownKey => self.push(ChainFault::UnknownKey {
                first: number,
                last: number,
            }),
        }
    }

    /// Each fault once, though it may show twice, and those of neighbours as one.
    fn push(&mut self, fault: ChainFault) {
        use ChainFault::{Changed, Erased, UnknownKey};
        let is_next = |last: u64, number: u64| number == last || number == last + 1;
        match (self.faults.last_mut(), fault) {
            (Some(Changed { last, .. }), Changed { last: number, .. })
            | (Some(Erased { last, .. }), Erased { last: number, .. })
            | (Some(UnknownKey { last, .. }), UnknownKey { last: number, .. })
                if is_next(*last, number) =>
            {
                *last = number;
            }
            (Some(before), fault) if *before == fault => {}
            _ => self.faults.push(fault),
        }
    }
}

pub(super) const fn changed(number: u64) -> ChainFault {
    ChainFault::Changed {
        first: number,
        last: number,
    }
}

impl ChainFault {
    /// Whether it says that something can't be checked, and nothing more.
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::UnknownKey { .. })
    }
}

impl fmt::Display for ChainFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Missing { first, last } => write!(f, "{} missing", are(first, last)),
            Self::Changed { first, last } if first == last => {
                write!(f, "event {first} was changed")
            }
            Self::Changed { first, last } => write!(f, "events {first} to {last} were changed"),
            Self::Erased { first, last } if first == last => {
                write!(f, "the content of event {first} was erased")
            }
            Self::Erased { first, last } => {
                write!(f, "the content of events {first} to {last} was erased")
            }
            Self::CutOff { after: 0, last } => write!(f, "every event up to {last} is missing"),
            Self::CutOff { after, last } => {
                write!(f, "the events after {after} are missing, up to {last}")
            }
            Self::ChangedHead => f.write_str("the note of the last event was changed"),
            Self::NoHead => f.write_str("the note of the last event is missing"),
            Self::ChangedAnchor => f.write_str("the note of where the events begin was changed"),
            Self::NoEnd => {
                f.write_str("the account is gone, and no event says that it was deleted")
            }
            Self::UnknownKey { first, last } if first == last => write!(
                f,
                "event {first} can't be checked: it was written with another SECRET_KEY"
            ),
            Self::UnknownKey { first, last } => write!(
                f,
                "events {first} to {last} can't be checked: they were written with another SECRET_KEY"
            ),
        }
    }
}

fn are(first: u64, last: u64) -> String {
    if first == last {
        format!("event {first} is")
    } else {
        format!("events {first} to {last} are")
    }
}
