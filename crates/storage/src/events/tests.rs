//! Chains, and what is found in them.

use model::{Timestamp, UserId};
use secret::Secret;

use super::check::changed;
use super::{
    ChainCheck, ChainEnds, ChainFault, EventContent, EventKeys, Link, Mac, Mark, NewEvent,
};

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
