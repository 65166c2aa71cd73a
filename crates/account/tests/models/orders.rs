//! One request after the other, in every order, and in long random ones.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use storage_testing::interleaving::every_order;

use crate::play::{Difference, Move, Play};
use crate::request::Expected;
use crate::stage::Stage;

/// What each of several people does, one after the other.
struct Script {
    whose: &'static [usize],
    moves: &'static [&'static [Move]],
}

/// An owner, a thief who copies the tokens at some time, and time itself.
const THEFT: Script = Script {
    whose: &[0, 0, 0],
    moves: &[
        &[Move::Login, Move::Refresh, Move::Refresh],
        &[Move::Steal(0), Move::Replay(0), Move::Refresh],
        &[Move::Wait(10_000), Move::Wait(1), Move::Replay(1)],
    ],
};

/// Two devices and the ways to end a session.
const ENDINGS: Script = Script {
    whose: &[0, 0, 1],
    moves: &[
        &[Move::Login, Move::Refresh, Move::LogoutByRefresh],
        &[Move::Login, Move::EndSession(0), Move::LogoutByAccess],
        &[Move::Login, Move::EndOthers, Move::Wait(900_000)],
    ],
};

/// A new password, another device, and someone who knows the old one.
const NEW_PASSWORD: Script = Script {
    whose: &[0, 0, 0],
    moves: &[
        &[Move::Login, Move::ChangePassword, Move::Refresh],
        &[Move::Login, Move::ChangePassword, Move::Reauthenticate],
        &[Move::LoginStale, Move::Refresh, Move::EndOthers],
    ],
};

/// An account that goes, and one of the same name that comes.
const DELETION: Script = Script {
    whose: &[0, 0, 0],
    moves: &[
        &[Move::Login, Move::Delete, Move::Register],
        &[Move::Login, Move::Refresh, Move::LogoutByAccess],
        &[Move::Wait(599_999), Move::Wait(901_000), Move::Sweep],
    ],
};

/// Answers that are lost, or come late, an outage that lasts, and someone who has the tokens, too.
const LOST: Script = Script {
    whose: &[0, 0, 0],
    moves: &[
        &[Move::Login, Move::RefreshSlowly, Move::Refresh],
        &[Move::Steal(0), Move::Refresh, Move::Replay(0)],
        &[Move::Wait(10_001), Move::Wait(900_000), Move::Wait(1)],
    ],
};

/// An answer comes late, and it is noted, or not.
const LATE: Script = Script {
    whose: &[0, 0, 0],
    moves: &[
        &[
            Move::Login,
            Move::RefreshSlowly,
            Move::Deliver,
            Move::Refresh,
        ],
        &[Move::Steal(0), Move::RefreshSlowly, Move::DeliverUnnoted],
        &[Move::Wait(10_000), Move::Wait(1)],
    ],
};

/// A process of the version before and one of this one take turns.
const TWO_VERSIONS: Script = Script {
    whose: &[0, 0, 0],
    moves: &[
        &[Move::Login, Move::RefreshByOlder, Move::RefreshSlowly],
        &[Move::Steal(0), Move::RefreshByOlder, Move::Replay(0)],
        &[Move::Wait(10_000), Move::Wait(1), Move::Replay(1)],
    ],
};

/// Plays a script in every order of as many moves of each hand as there are in `lengths`.
fn play_every_order(stage: &Stage, script: &Script, lengths: &[usize]) -> usize {
    let orders = every_order(lengths);
    for order in &orders {
        let mut play = Play::new(stage.world(), script.whose, false);
        let mut moves: Vec<_> = script.moves.iter().map(|moves| moves.iter()).collect();
        let played: Result<(), Difference> = order
            .iter()
            .try_for_each(|hand| {
                moves[*hand]
                    .next()
                    .map_or(Ok(()), |next| play.make(*hand, *next))
            })
            .and_then(|()| play.finish());
        if let Err(difference) = played {
            panic!("in the order {order:?}: {difference}");
        }
    }
    orders.len()
}

#[test]
fn theft_in_every_order() {
    assert_eq!(play_every_order(&Stage::Memory, &THEFT, &[3, 3, 3]), 1680);
}

#[test]
fn lost_answers_in_every_order() {
    assert_eq!(play_every_order(&Stage::Memory, &LOST, &[3, 3, 3]), 1680);
}

#[test]
fn late_answers_in_every_order() {
    assert_eq!(play_every_order(&Stage::Memory, &LATE, &[4, 3, 2]), 1260);
}

#[test]
fn two_versions_in_every_order() {
    assert_eq!(
        play_every_order(&Stage::Memory, &TWO_VERSIONS, &[3, 3, 3]),
        1680
    );
}

#[test]
fn endings_in_every_order() {
    assert_eq!(play_every_order(&Stage::Memory, &ENDINGS, &[3, 3, 3]), 1680);
}

#[test]
fn a_new_password_in_every_order() {
    assert_eq!(
        play_every_order(&Stage::Memory, &NEW_PASSWORD, &[3, 3, 3]),
        1680
    );
}

#[test]
fn a_deletion_in_every_order() {
    assert_eq!(
        play_every_order(&Stage::Memory, &DELETION, &[3, 3, 3]),
        1680
    );
}

#[test]
fn every_script_in_every_order_of_two_on_sqlite() {
    let stage = Stage::sqlite();
    for script in [
        THEFT,
        LOST,
        LATE,
        TWO_VERSIONS,
        ENDINGS,
        NEW_PASSWORD,
        DELETION,
    ] {
        assert_eq!(play_every_order(&stage, &script, &[3, 3, 0]), 20);
    }
}

/// Times around every bound: the grace, freshness, the lives of tokens and sessions, the memory of
/// the feed.
fn wait() -> impl Strategy<Value = Move> {
    let around = |seconds: u64| [seconds * 1000 - 1, seconds * 1000, seconds * 1000 + 1];
    let bounds = [1, 10, 600, 900, 1200, 3600];
    let times: Vec<u64> = bounds.into_iter().flat_map(around).collect();
    prop::sample::select(times).prop_map(Move::Wait)
}

fn any_move(hands: usize) -> impl Strategy<Value = Move> {
    prop_oneof![
        1 => Just(Move::Register),
        6 => Just(Move::Login),
        1 => Just(Move::LoginStale),
        12 => Just(Move::Refresh),
        6 => Just(Move::RefreshSlowly),
        2 => Just(Move::RefreshByOlder),
        3 => Just(Move::Deliver),
        2 => Just(Move::DeliverUnnoted),
        4 => (0..3_usize).prop_map(Move::Replay),
        1 => Just(Move::LogoutByAccess),
        1 => Just(Move::LogoutByRefresh),
        3 => Just(Move::ChangePassword),
        1 => Just(Move::Delete),
        2 => (0..hands).prop_map(Move::EndSession),
        1 => Just(Move::EndOthers),
        3 => Just(Move::Reauthenticate),
        3 => (0..hands).prop_map(Move::Steal),
        6 => wait(),
        1 => Just(Move::Sweep),
    ]
}

/// Random plays of two accounts in four hands, the same in each run unless `PROPTEST_RNG_SEED` says
/// otherwise. What is reported is the shortest that differs.
fn play_at_random(stage: &Stage, cases: u32) {
    let whose = [0, 0, 0, 1];
    let mut config = Config {
        failure_persistence: None,
        cases,
        ..Config::default()
    };
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(0x0070_6f72_7463);
    }
    let moves = prop::collection::vec((0..whose.len(), any_move(whose.len())), 1..50);
    let played = TestRunner::new(config).run(&moves, |moves| {
        let mut play = Play::new(stage.world(), &whose, false);
        moves
            .into_iter()
            .try_for_each(|(hand, next)| play.make(hand, next))
            .and_then(|()| play.finish())
            .map_err(TestCaseError::fail)
    });
    if let Err(error) = played {
        panic!("{error}");
    }
}

#[test]
fn random_plays() {
    play_at_random(&Stage::Memory, 400);
}

#[test]
fn random_plays_on_sqlite() {
    play_at_random(&Stage::sqlite(), 12);
}

/// What an honest client meets: answers come, or late, or never, with or without a note, and outages last. It
/// uses the token that it has, and waits as long as that is good.
fn honest_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        3 => Just(Move::Refresh),
        4 => Just(Move::RefreshSlowly),
        2 => Just(Move::Deliver),
        2 => Just(Move::DeliverUnnoted),
        3 => wait(),
    ]
}

#[test]
fn no_outage_signs_an_honest_client_out() {
    let config = Config {
        failure_persistence: None,
        cases: 300,
        rng_seed: RngSeed::Fixed(0x0068_6f6e_6573),
        ..Config::default()
    };
    let moves = prop::collection::vec(honest_move(), 1..40);
    let played = TestRunner::new(config).run(&moves, |moves| {
        let mut play = Play::new(Stage::Memory.world(), &[0], false);
        play.make(0, Move::Login).map_err(TestCaseError::fail)?;
        for next in moves {
            if let Move::Wait(_) = next
                && !play.is_good_after(0, next)
            {
                continue;
            }
            play.make(0, next).map_err(TestCaseError::fail)?;
            prop_assert_ne!(play.last, Some(Expected::Refused), "{:?}", next);
        }
        Ok(())
    });
    if let Err(error) = played {
        panic!("{error}");
    }
}

/// However much it is used, a session ends; its tokens end with it.
#[test]
fn a_session_ends_at_its_age() {
    let mut play = Play::new(Stage::Memory.world(), &[0], false);
    let every = [Move::Login]
        .into_iter()
        .chain([Move::Wait(2_900_000), Move::Refresh].repeat(4));
    every.for_each(|next| play.make(0, next).unwrap());
    assert!(
        play.model.refreshable().len() == 4,
        "the fourth refresh comes too late"
    );
    play.finish().unwrap();
}
