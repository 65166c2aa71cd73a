//! A race: use cases at the same time, in every order of their calls to the store.

use std::collections::BTreeSet;

use storage_testing::interleaving::{Choices, Task, block_on, every_schedule, run};

use crate::answer::Answer;
use crate::explain::{Act, Seen};
use crate::play::{Difference, Move, Play, texts};
use crate::request::{Request, Token};
use crate::stage::Stage;
use crate::world::{PASSWORDS, Stock, World};

/// Who does what before, and who does what at the same time.
pub(crate) struct Race {
    pub(crate) hands: usize,
    pub(crate) before: &'static [(usize, Move)],
    /// The hash is outdated when the race begins.
    pub(crate) outdated: bool,
    /// Sessions that the account has besides.
    pub(crate) crowd: usize,
    pub(crate) racing: &'static [(usize, Move)],
}

pub(crate) const fn race(
    before: &'static [(usize, Move)],
    racing: &'static [(usize, Move)],
) -> Race {
    Race {
        hands: 3,
        before,
        outdated: false,
        crowd: 0,
        racing,
    }
}

/// Runs a race with every schedule on `stage`, and says how many there were.
pub(crate) fn hold(stage: &Stage, race: &Race) -> usize {
    every_schedule(|choices| {
        if let Err(difference) = once(stage, race, choices) {
            panic!("{difference}");
        }
    })
}

/// On both backends.
pub(crate) fn hold_everywhere(race: &Race) -> usize {
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
        let answer = block_on(play.world.lagging().perform(
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
