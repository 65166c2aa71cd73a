//! Which use cases race with which.

use crate::play::Move;
use crate::race::{hold, hold_everywhere, race};
use crate::stage::Stage;

const ONE: &[(usize, Move)] = &[(0, Move::Login)];
const TWO: &[(usize, Move)] = &[(0, Move::Login), (1, Move::Login)];
/// Two hands hold the tokens of one session, and a third has another.
const SHARED: &[(usize, Move)] = &[
    (0, Move::Login),
    (0, Move::Refresh),
    (1, Move::Steal(0)),
    (2, Move::Login),
];

#[test]
fn a_login_and_a_new_password() {
    let race = race(ONE, &[(0, Move::ChangePassword), (1, Move::Login)]);
    assert_eq!(hold_everywhere(&race), 126);
}

#[test]
fn an_upgrade_of_the_hash_and_a_new_password() {
    let mut race = race(ONE, &[(0, Move::ChangePassword), (1, Move::Login)]);
    race.outdated = true;
    assert!(hold_everywhere(&race) >= 126);
}

#[test]
fn an_upgrade_at_a_reauthentication_and_a_new_password() {
    let mut race = race(TWO, &[(0, Move::ChangePassword), (1, Move::Reauthenticate)]);
    race.outdated = true;
    assert!(hold(&Stage::Memory, &race) > 126);
}

#[test]
fn two_upgrades_of_one_hash() {
    let mut race = race(ONE, &[(0, Move::Login), (1, Move::Login)]);
    race.outdated = true;
    assert!(hold_everywhere(&race) > 60);
}

#[test]
fn two_new_passwords() {
    let race = race(TWO, &[(0, Move::ChangePassword), (1, Move::ChangePassword)]);
    assert!(hold_everywhere(&race) > 100);
}

#[test]
fn two_new_passwords_of_one_session() {
    let race = race(ONE, &[(0, Move::ChangePassword), (0, Move::ChangePassword)]);
    assert!(hold(&Stage::Memory, &race) > 100);
}

#[test]
fn two_refreshes_and_a_logout() {
    let race = race(
        SHARED,
        &[
            (0, Move::Refresh),
            (1, Move::Refresh),
            (0, Move::LogoutByAccess),
        ],
    );
    assert!(hold_everywhere(&race) > 80);
}

#[test]
fn two_refreshes_and_a_new_password_elsewhere() {
    let race = race(
        SHARED,
        &[
            (0, Move::Refresh),
            (1, Move::Refresh),
            (2, Move::ChangePassword),
        ],
    );
    assert!(hold(&Stage::Memory, &race) > 500);
}

#[test]
fn a_refresh_and_a_new_password_of_the_same_session() {
    let race = race(TWO, &[(0, Move::Refresh), (0, Move::ChangePassword)]);
    assert_eq!(hold_everywhere(&race), 21);
}

#[test]
fn two_refreshes_and_the_use_of_an_older_token() {
    let race = race(
        SHARED,
        &[(0, Move::Refresh), (1, Move::Refresh), (1, Move::Replay(0))],
    );
    assert!(hold_everywhere(&race) > 50);
}

#[test]
fn two_refreshes_while_the_grace_runs_out() {
    let race = race(
        SHARED,
        &[
            (0, Move::Refresh),
            (1, Move::Refresh),
            (2, Move::Wait(10_001)),
        ],
    );
    assert_eq!(hold_everywhere(&race), 30);
}

/// The answer of one refresh leaves late, while someone repeats it, and time passes.
#[test]
fn a_late_answer_and_a_repeat_while_the_grace_runs_out() {
    let before = &[
        (0, Move::Login),
        (1, Move::Steal(0)),
        (0, Move::RefreshSlowly),
        (2, Move::Wait(9_000)),
    ];
    let race = race(
        before,
        &[
            (0, Move::Deliver),
            (1, Move::Refresh),
            (2, Move::Wait(10_001)),
        ],
    );
    assert_eq!(hold_everywhere(&race), 30);
}

/// A lost answer is asked for again by two at once, after its access token has expired.
#[test]
fn two_repeats_of_a_lost_answer_after_its_access_token_has_expired() {
    let before = &[
        (0, Move::Login),
        (1, Move::Steal(0)),
        (0, Move::RefreshSlowly),
        (2, Move::Wait(901_000)),
    ];
    let race = race(before, &[(0, Move::Refresh), (1, Move::Refresh)]);
    assert!(hold_everywhere(&race) > 5);
}

/// Both pairs are handed out, and the next is made meanwhile.
#[test]
fn a_late_answer_and_the_next_refresh_and_a_logout() {
    let before = &[
        (0, Move::Login),
        (0, Move::RefreshSlowly),
        (1, Move::Steal(0)),
        (1, Move::Refresh),
    ];
    let race = race(
        before,
        &[
            (1, Move::Refresh),
            (0, Move::Refresh),
            (1, Move::LogoutByRefresh),
        ],
    );
    assert!(hold(&Stage::Memory, &race) > 50);
}

#[test]
fn a_refresh_while_the_session_runs_out_and_is_swept() {
    let before = &[(0, Move::Login), (0, Move::Wait(3_599_000))];
    let race = race(
        before,
        &[(0, Move::Refresh), (1, Move::Wait(1000)), (2, Move::Sweep)],
    );
    assert_eq!(hold_everywhere(&race), 50);
}

#[test]
fn a_deletion_a_refresh_and_a_login() {
    let race = race(
        TWO,
        &[(0, Move::Delete), (1, Move::Refresh), (2, Move::Login)],
    );
    assert!(hold(&Stage::Memory, &race) > 500);
}

#[test]
fn a_deletion_and_a_login() {
    let race = race(ONE, &[(0, Move::Delete), (1, Move::Login)]);
    assert_eq!(hold_everywhere(&race), 70);
}

#[test]
fn a_deletion_and_a_new_password() {
    let race = race(TWO, &[(0, Move::Delete), (1, Move::ChangePassword)]);
    assert!(hold_everywhere(&race) > 50);
}

#[test]
fn a_deletion_a_login_and_a_registration_of_the_name() {
    let race = race(
        ONE,
        &[(0, Move::Delete), (1, Move::Login), (2, Move::Register)],
    );
    assert!(hold(&Stage::Memory, &race) > 500);
}

#[test]
fn an_end_elsewhere_and_a_refresh() {
    let race = race(TWO, &[(0, Move::EndSession(1)), (1, Move::Refresh)]);
    assert_eq!(hold_everywhere(&race), 21);
}

#[test]
fn an_end_elsewhere_and_a_reauthentication() {
    let race = race(TWO, &[(0, Move::EndSession(1)), (1, Move::Reauthenticate)]);
    assert!(hold_everywhere(&race) > 50);
}

#[test]
fn two_ends_of_each_other() {
    let race = race(TWO, &[(0, Move::EndSession(1)), (1, Move::EndSession(0))]);
    assert!(hold(&Stage::Memory, &race) > 50);
}

#[test]
fn the_end_of_the_others_and_a_login() {
    let race = race(TWO, &[(0, Move::EndOthers), (2, Move::Login)]);
    assert_eq!(hold_everywhere(&race), 126);
}

#[test]
fn the_end_of_the_others_and_a_new_password() {
    let race = race(TWO, &[(0, Move::EndOthers), (1, Move::ChangePassword)]);
    assert!(hold_everywhere(&race) > 50);
}

#[test]
fn a_logout_a_refresh_and_a_new_password_of_one_session() {
    let racing = &[
        (0, Move::LogoutByRefresh),
        (0, Move::Refresh),
        (0, Move::ChangePassword),
    ];
    assert!(hold(&Stage::Memory, &race(TWO, racing)) > 500);
}

#[test]
fn a_logout_and_a_reauthentication() {
    let race = race(ONE, &[(0, Move::LogoutByAccess), (0, Move::Reauthenticate)]);
    assert!(hold_everywhere(&race) >= 13);
}

#[test]
fn two_logins_and_a_refresh_of_the_oldest_of_a_hundred_sessions() {
    let before = &[
        (0, Move::Login),
        (0, Move::Wait(1000)),
        (1, Move::Login),
        (0, Move::Wait(1000)),
    ];
    let mut race = race(
        before,
        &[(2, Move::Login), (2, Move::Login), (0, Move::Refresh)],
    );
    race.crowd = 98;
    assert!(hold(&Stage::Memory, &race) > 500);
}
