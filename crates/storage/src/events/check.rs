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

const fn changed(number: u64) -> ChainFault {
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

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use secret::Secret;

    use super::*;
    use crate::events::{EventContent, Mac, NewEvent};

    fn alice() -> UserId {
        UserId::parse("alice").unwrap()
    }

    fn event(number: u8) -> NewEvent {
        NewEvent {
            at: Timestamp::from_seconds(i64::from(number)),
            content: EventContent {
                salt: [number; 16],
                text: format!("event {number}"),
            },
        }
    }

    fn keys(byte: u8) -> EventKeys {
        EventKeys::new(Secret::new([byte; 32]), None)
    }

    /// A chain of some links, and its ends.
    fn chain(keys: &EventKeys, length: u8) -> (Vec<Link>, ChainEnds) {
        let (mut links, mut head) = (Vec::new(), None);
        for number in 1..=length {
            let link = keys.link(&alice(), head.as_ref(), event(number));
            head = Some(keys.head(&alice(), Some(&link)));
            links.push(link);
        }
        let ends = ChainEnds {
            has_account: true,
            is_ending: false,
            head,
            anchor: None,
        };
        (links, ends)
    }

    fn faults(keys: &EventKeys, links: &[Link], ends: ChainEnds) -> Vec<ChainFault> {
        let user = alice();
        let mut check = ChainCheck::begin(keys, &user, ends);
        for link in links {
            check.link(link);
        }
        check.finish()
    }

    /// The note that all these were removed for their age.
    fn anchor(keys: &EventKeys, links: &[Link]) -> Mark {
        let removable = keys.removable(&alice(), None, links, |_| true).unwrap();
        assert_eq!(removable.until, links.last().unwrap().number);
        removable.anchor
    }

    #[test]
    fn a_whole_chain_has_no_fault() {
        let keys = keys(1);
        for length in 0..4 {
            let (links, ends) = chain(&keys, length);
            assert_eq!(faults(&keys, &links, ends), []);
        }
    }

    #[test]
    fn a_removed_link_is_found_wherever_it_was() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 5);
        for at in 1..=5 {
            let mut left = links.clone();
            left.remove(at - 1);
            let at = at as u64;
            let expected = if at == 5 {
                ChainFault::CutOff { after: 4, last: 5 }
            } else {
                ChainFault::Missing {
                    first: at,
                    last: at,
                }
            };
            assert_eq!(faults(&keys, &left, ends), [expected]);
        }
        let expected = ChainFault::CutOff { after: 0, last: 5 };
        assert_eq!(faults(&keys, &[], ends), [expected]);
    }

    #[test]
    fn whatever_of_a_link_is_changed_is_found() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 3);
        let changes: [fn(&mut Link); 7] = [
            |link| link.at = Timestamp::from_seconds(77),
            |link| link.ends = true,
            |link| link.content.as_mut().unwrap().text.push('!'),
            |link| link.content.as_mut().unwrap().salt[0] ^= 1,
            |link| link.digest[0] ^= 1,
            |link| link.mac.tag[0] ^= 1,
            |link| link.content = None,
        ];
        for (which, change) in changes.iter().enumerate() {
            for at in 0..3 {
                let mut altered = links.clone();
                change(&mut altered[at]);
                let found = faults(&keys, &altered, ends);
                let number = at as u64 + 1;
                let is_named = found.iter().any(|fault| match fault {
                    ChainFault::Changed { first, last } | ChainFault::Erased { first, last } => {
                        (*first..=*last).contains(&number)
                    }
                    _ => false,
                });
                assert!(is_named, "change {which} of link {number}: {found:?}");
            }
        }
    }

    #[test]
    fn links_that_changed_places_or_accounts_are_found() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 3);
        let mut changed = links.clone();
        (changed[0].number, changed[1].number) = (2, 1);
        changed.swap(0, 1);
        assert!(!faults(&keys, &changed, ends).is_empty());
        let bob = UserId::parse("bob").unwrap();
        let mut check = ChainCheck::begin(&keys, &bob, ends);
        for link in &links {
            check.link(link);
        }
        assert!(!check.finish().is_empty());
    }

    #[test]
    fn a_head_that_was_changed_or_removed_is_found() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 3);
        let cut = &links[..2];
        let mut head = ends.head.unwrap();
        (head.number, head.tag) = (2, links[1].mac.tag);
        let forged = ChainEnds {
            head: Some(head),
            ..ends
        };
        assert_eq!(faults(&keys, cut, forged), [ChainFault::ChangedHead]);
        let without = ChainEnds { head: None, ..ends };
        assert_eq!(faults(&keys, cut, without), [ChainFault::NoHead]);
        // A link that is written, and not noted yet.
        let before = keys.head(&alice(), Some(&links[1]));
        let behind = ChainEnds {
            head: Some(before),
            ..ends
        };
        assert_eq!(faults(&keys, &links, behind), []);
    }

    /// What is found when the chain goes on after what somebody has left of it.
    fn found_later(keys: &EventKeys, links: &[Link], head: Option<Mark>) -> Vec<ChainFault> {
        let ends = ChainEnds {
            head,
            ..ChainEnds::default()
        };
        let after = keys.last(&alice(), &ends, links.last());
        let next = keys.link(&alice(), after.as_ref(), event(9));
        let ends = ChainEnds {
            has_account: true,
            head: Some(keys.head(&alice(), Some(&next))),
            ..ChainEnds::default()
        };
        let links: Vec<_> = links.iter().cloned().chain([next]).collect();
        faults(keys, &links, ends)
    }

    #[test]
    fn a_forged_head_shows_also_when_the_chain_goes_on() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 4);
        let head = ends.head.unwrap();
        let forged = |number: u64, seal: Mac| {
            let tag = links[usize::try_from(number).unwrap_or(4).clamp(1, 4) - 1]
                .mac
                .tag;
            Some(Mark { number, tag, seal })
        };
        let unknown = Mac {
            key: [7; 8],
            ..head.seal
        };
        for seal in [head.seal, unknown] {
            for left in 0..4 {
                let head = forged(left as u64, seal);
                let found = found_later(&keys, &links[..left], head);
                assert!(!found.is_empty(), "{left} links left, {seal:?}");
            }
            let found = found_later(&keys, &links[..2], forged(1_000_000, seal));
            let missing = ChainFault::Missing { first: 3, last: 3 };
            assert_eq!(found, [missing]); // it goes on beside what is there
        }
        assert_eq!(found_later(&keys, &links, Some(head)), []);
    }

    #[test]
    fn what_was_changed_is_not_removed_for_its_age() {
        let keys = keys(1);
        let (links, _) = chain(&keys, 4);
        let old = |link: &Link| link.at <= Timestamp::from_seconds(2);
        let until = |links: &[Link], anchor: Option<&Mark>| {
            let removable = keys.removable(&alice(), anchor, links, old);
            removable.map(|removable| removable.until)
        };
        assert_eq!(until(&links, None), Some(2));
        assert_eq!(until(&links[2..], None), Some(0)); // nothing is old
        assert_eq!(until(&links[1..], None), None); // the first is missing
        let mut aged = links.clone();
        for link in &mut aged {
            link.at = Timestamp::from_seconds(0);
        }
        assert_eq!(until(&aged, None), None);
        let mut rewritten = links.clone();
        rewritten[1].content.as_mut().unwrap().text.push('!');
        assert_eq!(until(&rewritten, None), None);
        let first = anchor(&keys, &links[..1]);
        assert_eq!(until(&links[1..], Some(&first)), Some(2));
        let second = anchor(&keys, &links[..2]);
        assert_eq!(until(&links, Some(&second)), Some(2)); // they were noted, and not removed
        let mut forged = first;
        forged.number = 2;
        assert_eq!(until(&links[2..], Some(&forged)), None);
    }

    #[test]
    fn links_of_an_unknown_key_go_and_leave_a_note_that_is_not_known_either() {
        let (links, ends) = chain(&keys(1), 3);
        let others = keys(2);
        let removable = others.removable(&alice(), None, &links, |_| true).unwrap();
        assert_eq!(removable.until, 3);
        let pruned = ChainEnds {
            anchor: Some(removable.anchor),
            ..ends
        };
        let unknown = ChainFault::UnknownKey { first: 3, last: 3 };
        assert_eq!(faults(&others, &[], pruned), [unknown]);
        // With a later one whose key is known they go without.
        let next = others.link(&alice(), ends.head.as_ref(), event(4));
        let links: Vec<_> = links.into_iter().chain([next]).collect();
        let removable = others.removable(&alice(), None, &links, |_| true).unwrap();
        let pruned = ChainEnds {
            has_account: true,
            head: Some(others.head(&alice(), links.last())),
            anchor: Some(removable.anchor),
            is_ending: false,
        };
        assert_eq!(faults(&others, &[], pruned), []);
    }

    #[test]
    fn notes_that_are_made_anew_outlive_their_key() {
        let (links, ends) = chain(&keys(1), 2);
        let both = EventKeys::new(Secret::new([2; 32]), Some(Secret::new([1; 32])));
        let head = ends.head.unwrap();
        let removed = anchor(&keys(1), &links);
        let anew = ChainEnds {
            head: both.head_anew(&alice(), &head),
            anchor: both.anchor_anew(&alice(), &removed),
            ..ends
        };
        assert_eq!(faults(&keys(2), &[], anew), []);
        let after = keys(2).last(&alice(), &anew, None);
        assert_eq!(after.map(|mark| mark.number), Some(2)); // nothing is left out
        // Nor where they were not: then it shows by the anchor.
        let not_anew = ChainEnds {
            head: Some(head),
            anchor: Some(removed),
            ..ends
        };
        let after = keys(2).last(&alice(), &not_anew, None);
        assert_eq!(after.map(|mark| mark.number), Some(2));
        assert_eq!(both.head_anew(&alice(), &anew.head.unwrap()), None);
        assert_eq!(keys(2).head_anew(&alice(), &head), None);
        let forged = Mark { number: 1, ..head };
        assert_eq!(both.head_anew(&alice(), &forged), None);
    }

    #[test]
    fn an_account_that_is_being_deleted_has_no_end_yet() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 2);
        let ending = ChainEnds {
            has_account: false,
            is_ending: true,
            ..ends
        };
        assert_eq!(faults(&keys, &links, ending), []);
    }

    #[test]
    fn a_removed_head_shows_also_when_the_chain_goes_on() {
        let keys = keys(1);
        let (mut links, _) = chain(&keys, 2);
        let after = keys.last(&alice(), &ChainEnds::default(), links.last());
        let next = keys.link(&alice(), after.as_ref(), event(3));
        let head = Some(keys.head(&alice(), Some(&next)));
        links.push(next);
        let ends = ChainEnds {
            has_account: true,
            is_ending: false,
            head,
            anchor: None,
        };
        let missing = ChainFault::Missing { first: 3, last: 3 };
        assert_eq!(faults(&keys, &links, ends), [missing]);
    }

    #[test]
    fn an_account_of_which_nothing_has_happened_yet_has_a_whole_chain() {
        let keys = keys(1);
        let ends = ChainEnds {
            has_account: true,
            is_ending: false,
            head: Some(keys.head(&alice(), None)),
            anchor: None,
        };
        assert_eq!(faults(&keys, &[], ends), []);
    }

    #[test]
    fn what_was_removed_for_its_age_is_not_missed() {
        let keys = keys(1);
        let (links, ends) = chain(&keys, 4);
        let pruned = ChainEnds {
            anchor: Some(anchor(&keys, &links[..2])),
            ..ends
        };
        assert_eq!(faults(&keys, &links[2..], pruned), []);
        assert_eq!(faults(&keys, &links[1..], pruned), [changed(2)]); // not removed yet, or put there
        let all = ChainEnds {
            anchor: Some(anchor(&keys, &links)),
            ..ends
        };
        assert_eq!(faults(&keys, &[], all), []);
        let missing = ChainFault::Missing { first: 3, last: 3 };
        assert_eq!(faults(&keys, &links[3..], pruned), [missing]);
        let head = keys.head(&alice(), Some(&links[1])); // it is no anchor
        let forged = ChainEnds {
            anchor: Some(head),
            ..ends
        };
        let found = faults(&keys, &links[2..], forged);
        assert!(found.contains(&ChainFault::ChangedAnchor), "{found:?}");
    }

    #[test]
    fn a_deleted_account_leaves_a_chain_without_content_that_ends() {
        let keys = keys(1);
        let (mut links, ends) = chain(&keys, 2);
        let gone = ChainEnds::default();
        for link in &mut links {
            link.content = None;
        }
        assert_eq!(faults(&keys, &links, gone), [ChainFault::NoEnd]);
        let end = keys.end(&alice(), ends.head.as_ref(), Timestamp::from_seconds(9));
        links.push(end);
        assert_eq!(faults(&keys, &links, gone), []);
        links[1].digest[3] ^= 1;
        assert_eq!(faults(&keys, &links, gone), [changed(2)]);
    }

    #[test]
    fn links_of_the_key_before_are_recognized_and_those_of_another_say_nothing() {
        let (links, ends) = chain(&keys(1), 2);
        let rotated = EventKeys::new(Secret::new([2; 32]), Some(Secret::new([1; 32])));
        assert_eq!(faults(&rotated, &links, ends), []);
        let next = rotated.link(&alice(), ends.head.as_ref(), event(3));
        let head = Some(rotated.head(&alice(), Some(&next)));
        let longer: Vec<_> = links.iter().cloned().chain([next]).collect();
        let ends = ChainEnds { head, ..ends };
        assert_eq!(faults(&rotated, &longer, ends), []);
        let unknown = ChainFault::UnknownKey { first: 1, last: 2 };
        assert_eq!(faults(&keys(2), &longer, ends), [unknown]);
    }

    #[test]
    fn no_key_is_unknown_after_one_that_is_known() {
        let keys = keys(1);
        let (mut links, ends) = chain(&keys, 4);
        for link in &mut links[1..3] {
            link.mac.key = [7; 8]; // so that it looks as if it could not be checked
        }
        let changed = ChainFault::Changed { first: 2, last: 3 };
        assert_eq!(faults(&keys, &links, ends), [changed]);
    }
}
