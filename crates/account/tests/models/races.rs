//! Use cases at the same time, in every order of their calls to the store.

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::explain::{Act, Seen};
use crate::play::{Difference, Move, Play, texts};
use crate::request::{Request, Token};
use crate::schedule::{Choices, Task, every_schedule, run};
use crate::stage::Stage;
use crate::world::{PASSWORDS, Stock, World};

/// Who does what before, and who does what at the same time.
struct Race {
    hands: usize,
    before: &'static [(usize, Move)],
    /// The hash is outdated when the race begins.
    outdated: bool,
    /// Sessions that the account has besides.
    crowd: usize,
    racing: &'static [(usize, Move)],
}

const fn race(before: &'static [(usize, Move)], racing: &'static [(usize, Move)]) -> Race {
    Race {
        hands: 3,
        before,
        outdated: false,
        crowd: 0,
        racing,
    }
}

const ONE: &[(usize, Move)] = &[(0, Move::Login)];
const TWO: &[(usize, Move)] = &[(0, Move::Login), (1, Move::Login)];
/// Two hands hold the tokens of one session, and a third has another.
const SHARED: &[(usize, Move)] = &[
    (0, Move::Login),
    (0, Move::Refresh),
    (1, Move::Steal(0)),
    (2, Move::Login),
];

/// Runs a race with every schedule on `stage`, and says how many there were.
fn hold(stage: &Stage, race: &Race) -> usize {
    every_schedule(|choices| {
        if let Err(difference) = once(stage, race, choices) {
            panic!("{difference}");
        }
    })
}

/// On both backends.
fn hold_everywhere(race: &Race) -> usize {
    let schedules = hold(&Stage::Memory, race);
    assert_eq!(
        hold(&Stage::sqlite(), race),
        schedules,
        "the backends are called alike"
    );
    schedules
}

fn once(stage: &Stage, race: &Race, choices: &mut Choices) -> Result<(), Difference> {
    let mut play = Play::new(stage.world(), &vec![0; race.hands], false);
    race.before
        .iter()
        .try_for_each(|(hand, next)| play.make(*hand, *next))?;
    if race.crowd > 0 {
        play.crowd(race.crowd);
    }
    if race.outdated {
        play.world.outdate(&play.name(0), 0);
    }
    let model = play.model.clone();

    let (acts, order) = race_through(&mut play, race, choices);
    let racing = acts.len();
    let mut seen = Seen {
        acts,
        racing,
        accepted: accepted(&play.world, &play.stock),
        accepted_at_last: BTreeSet::new(),
        stock: Stock::new(),
    };
    let anew = play
        .world
        .accepted_anew(&*play.world.storage, texts(&play.stock));
    let here: Vec<_> = texts(&play.stock)
        .map(|text| seen.accepted.contains(text))
        .collect();
    try_everything(&mut play, &mut seen.acts);
    seen.accepted_at_last = accepted(&play.world, &play.stock);
    seen.stock = play.stock;

    let failed = if here != anew {
        "a process that starts afterwards judges otherwise"
    } else if let Some(broken) = broken_promise(&seen) {
        broken
    } else if !seen.is_explained_by(&model) {
        "no order of the same acts explains it"
    } else {
        return Ok(());
    };
    Err(format!(
        "{failed}: schedule {order:?}\n  {}",
        told(&seen.acts)
    ))
}

/// The race itself.
fn race_through(play: &mut Play, race: &Race, choices: &mut Choices) -> (Vec<Act>, Vec<usize>) {
    let requests: Vec<Request> = race
        .racing
        .iter()
        .filter_map(|(hand, next)| play.request(*hand, *next))
        .collect();
    assert_eq!(
        requests.len(),
        race.racing.len(),
        "everyone has what the race takes"
    );
    let tasks = requests
        .iter()
        .enumerate()
        .map(|(hand, request)| {
            let play = &*play;
            Box::pin(
                play.world
                    .asked_by(hand)
                    .perform(|who| play.name(who), &play.stock, request),
            ) as Task<'_, _>
        })
        .collect();
    let (ended, order) = run(tasks, &play.world.gate, choices);

    let mut acts = Vec::new();
    for (request, ended) in requests.into_iter().zip(ended) {
        let number = play.number();
        if let Answer::Tokens(issued) = &ended.answer {
            play.stock.insert(number, issued.clone());
        }
        acts.push(Act {
            number,
            request,
            answer: ended.answer,
            began: ended.began,
            ended: ended.last_step,
        });
    }
    (acts, order)
}

/// Tries every password, and then every refresh token, the newest first, where nothing is known of
/// what was revoked: a refresh reads the store.
fn try_everything(play: &mut Play, acts: &mut Vec<Act>) {
    let logins = (0..PASSWORDS.len()).map(|password| Request::Login { who: 0, password });
    let holders = play
        .stock
        .iter()
        .filter(|(_, issued)| issued.refresh.is_some());
    let refreshes: Vec<_> = holders
        .rev()
        .map(|(with, _)| Request::Refresh { with: *with })
        .collect();
    for request in logins.chain(refreshes) {
        let number = play.number();
        let answer = crate::schedule::block_on(play.world.lagging().perform(
            |who| play.name(who),
            &play.stock,
            &request,
        ));
        if let Answer::Tokens(issued) = &answer {
            play.stock.insert(number, issued.clone());
        }
        let at = acts.iter().map(|act| act.ended).max().unwrap_or(0) + 1;
        acts.push(Act {
            number,
            request,
            answer,
            began: at,
            ended: at,
        });
    }
}

fn accepted(world: &World, stock: &Stock) -> BTreeSet<String> {
    texts(stock)
        .filter(|text| world.accepts(text))
        .map(str::to_owned)
        .collect()
}

/// What must never be, said once more without the model.
fn broken_promise(seen: &Seen) -> Option<&'static str> {
    let (racing, tried) = seen.acts.split_at(seen.racing);
    let is_accepted = |number: &usize| {
        let issued = &seen.stock[number];
        let refresh = issued.refresh.as_ref();
        seen.accepted.contains(&issued.access)
            || refresh.is_some_and(|text| seen.accepted.contains(text))
    };
    for act in racing {
        match (&act.request, &act.answer) {
            (
                Request::Logout {
                    with: Token::Access(with) | Token::Refresh(with),
                },
                Answer::Done,
            ) => {
                let session = seen.stock[with].session;
                let mut theirs = seen
                    .stock
                    .iter()
                    .filter(|(_, issued)| issued.session == session);
                if theirs.any(|(number, _)| is_accepted(number)) {
                    return Some("a token is accepted after its logout");
                }
            }
            (Request::ChangePassword { current, .. }, Answer::Done) => {
                let is_old = |act: &&Act| {
                    matches!(act.request, Request::Login { password, .. } if password == *current)
                        && matches!(act.answer, Answer::Tokens(_))
                };
                if racing
                    .iter()
                    .filter(is_old)
                    .any(|act| is_accepted(&act.number))
                {
                    return Some("a token got by the old password is accepted after the change");
                }
                if tried.iter().any(|act| is_old(&act)) {
                    return Some("the old password opens the door after the change");
                }
            }
            (Request::Refresh { with }, Answer::Tokens(issued)) => {
                let alike = |act: &&Act| matches!(act.request, Request::Refresh { with: other } if other == *with);
                let answers = racing.iter().filter(alike).map(|act| &act.answer);
                let mut pairs = answers.filter(|answer| matches!(answer, Answer::Tokens(_)));
                if pairs.any(|answer| *answer != Answer::Tokens(issued.clone())) {
                    return Some("two uses of one refresh token gave two pairs");
                }
            }
            _ => {}
        }
    }
    None
}

fn told(acts: &[Act]) -> String {
    let line = |act: &Act| {
        let Act {
            number,
            request,
            answer,
            began,
            ended,
        } = act;
        format!("{number}: {request:?} -> {answer:?}, steps {began} to {ended}")
    };
    acts.iter().map(line).collect::<Vec<_>>().join("\n  ")
}

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
    assert_eq!(hold_everywhere(&race), 26);
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
    assert_eq!(hold_everywhere(&race), 70);
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
