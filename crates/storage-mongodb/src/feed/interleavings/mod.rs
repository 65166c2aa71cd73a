//! The feed as a state machine: everything that can happen, in every order.
//!
//! The code is the real one: the task that appends, the follower, the heartbeat, the pruning and the
//! outbox of changes. Only the collections are modelled ([`collection`], [`world`]). Each call on one
//! is a step, and between two steps anything else may happen ([`search`]): another node's call, an
//! answer that is lost, a call that comes to the store when its caller has given it up, a reading
//! that finds part of what is written meanwhile, the end of a node, a primary that was deposed and
//! does not know.
//!
//! What must hold, in every order:
//! - A node that says it knows everything that was acknowledged by some time knows it.
//! - Who acknowledges a revocation refuses by it.
//! - When all is over, every node that lives knows every revocation that was acknowledged, and every
//!   one that a change left to be told.

mod collection;
mod node;
mod search;
mod world;

use std::time::Duration;

use node::Node;
use search::{Stage, search};

/// For a node that goes on trying.
const PATIENT: Duration = Duration::from_secs(3600);
/// For one that gives up after the first failure.
const IMPATIENT: Duration = Duration::ZERO;

fn add(stage: &mut Stage, patience: Duration) -> usize {
    let node = Node::new(&stage.world, patience);
    stage.add(node)
}

fn revoke_before(stage: &mut Stage, node: usize, number: u8, expired: bool) {
    let rows = vec![stage.world.row(number, expired)];
    let job = stage.nodes[node].revokes(rows);
    stage.complete(job);
}

/// Revokes by `node`, one after the other: each a number, and whether it is needed no more.
fn revoke(stage: &mut Stage, node: usize, numbers: &[(u8, bool)]) {
    let rows = numbers
        .iter()
        .map(|(number, expired)| stage.world.row(*number, *expired));
    let job = stage.nodes[node].revokes(rows.collect());
    stage.start(job);
}

fn follow_before(stage: &mut Stage, node: usize) {
    let job = stage.nodes[node].follows();
    stage.complete(job);
}

fn poll(stage: &mut Stage, node: usize, times: usize) {
    let job = stage.nodes[node].polls(times);
    stage.start(job);
}

fn prove(stage: &mut Stage, node: usize, times: usize) {
    let job = stage.nodes[node].proves(times);
    stage.start(job);
}

/// Looks at everything that can happen, which is at least so many states.
#[track_caller]
fn hold(least: usize, set: impl Fn(&mut Stage)) {
    let states = search(set);
    assert!(states >= least, "only {states} states were met");
}

#[test]
fn two_writers_and_a_reader() {
    hold(10_000, |stage| {
        let (one, two, reader) = (
            add(stage, PATIENT),
            add(stage, PATIENT),
            add(stage, PATIENT),
        );
        follow_before(stage, reader);
        revoke(stage, one, &[(1, false)]);
        revoke(stage, two, &[(2, false)]);
        poll(stage, reader, 2);
        prove(stage, reader, 2);
    });
}

#[test]
fn two_writers_whose_answers_are_lost() {
    hold(10_000, |stage| {
        let (one, two) = (add(stage, PATIENT), add(stage, PATIENT));
        follow_before(stage, two);
        revoke(stage, one, &[(1, false)]);
        revoke(stage, two, &[(2, false)]);
        stage.faults.lost = 2;
    });
}

#[test]
fn a_writer_that_gives_up() {
    hold(2000, |stage| {
        let (one, two) = (add(stage, IMPATIENT), add(stage, PATIENT));
        follow_before(stage, two);
        revoke(stage, one, &[(1, false), (2, false)]);
        revoke(stage, two, &[(3, false)]);
        stage.faults.lost = 1;
    });
}

#[test]
fn a_reader_of_what_changes_while_it_is_read() {
    hold(8000, |stage| {
        let (one, reader) = (add(stage, PATIENT), add(stage, PATIENT));
        follow_before(stage, reader);
        revoke(stage, one, &[(1, false), (2, false), (3, false)]);
        poll(stage, reader, 1);
        prove(stage, reader, 1);
        stage.faults.torn = 1;
        stage.faults.lost = 1;
    });
}

#[test]
fn a_reader_that_begins_while_others_write_and_prune() {
    hold(1000, |stage| {
        let (one, reader) = (add(stage, PATIENT), add(stage, PATIENT));
        for number in 0..2 {
            revoke_before(stage, one, number, number == 0);
        }
        revoke(stage, one, &[(2, false), (3, false)]);
        let prunes = stage.nodes[one].prunes(1);
        stage.start(prunes);
        let begins = stage.nodes[reader].follows_and_polls(1);
        stage.start(begins);
        stage.faults.torn = 1;
    });
}

/// What one writer has seen is pruned, and what the other wrote after it, before the first one writes.
fn hold_while_one_sleeps(before: &[(u8, bool)]) {
    hold(2000, |stage| {
        let (one, two) = (add(stage, PATIENT), add(stage, PATIENT));
        let reader = add(stage, PATIENT);
        for (number, expired) in before {
            revoke_before(stage, two, *number, *expired);
        }
        follow_before(stage, reader);
        revoke(stage, one, &[(2, false)]);
        revoke(stage, two, &[(3, true), (4, true)]);
        let prunes = stage.nodes[reader].prunes(1);
        stage.start(prunes);
        poll(stage, reader, 1);
    });
}

#[test]
fn a_writer_that_sleeps_while_others_prune() {
    hold_while_one_sleeps(&[(0, true), (1, true)]);
}

#[test]
fn a_writer_that_saw_nothing_and_sleeps_while_others_prune() {
    hold_while_one_sleeps(&[]);
}

#[test]
fn a_writer_that_sleeps_while_others_prune_up_to_what_it_saw() {
    hold_while_one_sleeps(&[(0, false)]);
}

/// The number that the second sleeper has seen is taken once more by the first: it proves nothing.
#[test]
fn two_writers_that_sleep_while_others_prune() {
    hold(300, |stage| {
        let (one, two) = (add(stage, PATIENT), add(stage, PATIENT));
        let three = add(stage, PATIENT);
        for (number, node) in [(0, one), (1, two), (2, three), (3, three)] {
            revoke_before(stage, node, number, true);
        }
        follow_before(stage, three);
        revoke(stage, one, &[(4, true)]);
        revoke(stage, two, &[(5, false)]);
        let prunes = stage.nodes[three].prunes(1);
        stage.start(prunes);
        poll(stage, three, 1);
    });
}

#[test]
fn a_restored_backup() {
    hold(5000, |stage| {
        let (one, reader) = (add(stage, PATIENT), add(stage, PATIENT));
        revoke_before(stage, one, 0, false);
        let mut state = stage.world.lock();
        state.backup = state.feed.clone();
        drop(state);
        revoke_before(stage, one, 1, false);
        follow_before(stage, reader);
        // The node that writes has no memory of what was lost: it was started anew.
        let two = add(stage, PATIENT);
        revoke(stage, two, &[(2, false), (3, false)]);
        poll(stage, reader, 2);
        prove(stage, reader, 1);
        stage.faults.restored = true;
    });
}

#[test]
fn two_that_prune_at_the_same_time() {
    hold(500, |stage| {
        let (one, two) = (add(stage, PATIENT), add(stage, PATIENT));
        for number in 0..2 {
            revoke_before(stage, two, number, true);
        }
        follow_before(stage, two);
        revoke(stage, one, &[(2, false)]);
        for node in [one, two] {
            let prunes = stage.nodes[node].prunes(1);
            stage.start(prunes);
        }
        poll(stage, two, 1);
    });
}

#[test]
fn a_change_whose_node_ends() {
    for patience in [PATIENT, IMPATIENT] {
        hold(2000, |stage| {
            let (one, two) = (add(stage, patience), add(stage, PATIENT));
            follow_before(stage, two);
            let row = stage.world.row(1, false);
            let changes = stage.nodes[one].changes("account", row);
            stage.start(changes);
            let takes_care = stage.nodes[two].takes_care(1);
            stage.start(takes_care);
            stage.faults.lost = 1;
            stage.faults.crash = Some(one);
        });
    }
}

#[test]
fn a_reader_that_is_cut_off_with_a_deposed_primary() {
    hold(5000, |stage| {
        let (one, reader) = (add(stage, PATIENT), add(stage, PATIENT));
        follow_before(stage, reader);
        revoke(stage, one, &[(1, false), (2, false)]);
        poll(stage, reader, 2);
        prove(stage, reader, 2);
        stage.faults.cut_off = Some(reader);
        stage.faults.late_proof = true;
    });
}
