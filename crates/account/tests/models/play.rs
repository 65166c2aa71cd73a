//! A play: a world and the model go through the same requests, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use model::Clock as _;
use storage_testing::interleaving::block_on;

use crate::answer::{Answer, Issued};
use crate::model::Model;
use crate::request::{Expected, Number, Request, Token};
use crate::world::{PASSWORDS, Stock, World};

/// What someone does next, in terms of the tokens at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Register,
    Login,
    /// With the password before the present one.
    LoginStale,
    Refresh,
    /// The answer has not left yet: it may never come, or be a 503 although the pair was written.
    RefreshSlowly,
    /// Asks a process of the version before.
    RefreshByOlder,
    /// The answer that had not left comes.
    Deliver,
    /// It comes, and that it left is not noted.
    DeliverUnnoted,
    /// Uses the refresh token that lies so many before the present one, which may be used again.
    Replay(usize),
    LogoutByAccess,
    LogoutByRefresh,
    ChangePassword,
    Delete,
    /// Ends the session of someone else.
    EndSession(usize),
    EndOthers,
    Reauthenticate,
    /// Copies all tokens of someone else.
    Steal(usize),
    /// Lets milliseconds pass.
    Wait(u64),
    Sweep,
}

/// Someone with a name to sign in with, and the tokens got so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hand {
    who: usize,
    /// Of the present session, the newest last.
    pairs: Vec<Number>,
    access: Option<Number>,
    /// An answer that has not come yet.
    held: Option<(Number, Expected)>,
}

pub(crate) struct Play {
    pub(crate) world: Arc<World>,
    pub(crate) model: Model,
    pub(crate) stock: Stock,
    pub(crate) hands: Vec<Hand>,
    pub(crate) next: Number,
    number: usize,
    /// What was promised last.
    pub(crate) last: Option<Expected>,
    trail: Vec<String>,
}

/// A hand that asks the process that lags.
const LAGGING: usize = 1;

/// How the world differs from the model.
pub(crate) type Difference = String;

impl Play {
    /// One hand for each of `whose`, which names accounts that exist.
    pub(crate) fn new(world: Arc<World>, whose: &[usize], outdated: bool) -> Self {
        static PLAYS: AtomicUsize = AtomicUsize::new(0);

        let now = Duration::from_millis(u64::try_from(world.clock.now().as_millis()).unwrap_or(0));
        let mut play = Self {
            world,
            model: Model::starting_at(now),
            stock: Stock::new(),
            hands: whose
                .iter()
                .map(|who| Hand {
                    who: *who,
                    ..Hand::default()
                })
                .collect(),
            next: 0,
            number: PLAYS.fetch_add(1, Ordering::Relaxed),
            last: None,
            trail: Vec::new(),
        };
        for who in 0..=whose.iter().copied().max().unwrap_or(0) {
            play.world.import(&play.name(who), 0, outdated);
            let request = Request::Register { who, password: 0 };
            let permit = play.model.look(&request);
            let number = play.number();
            play.model.act(number, &request, &permit);
        }
        play
    }

    /// The name of the account `who`: plays may share a world.
    pub(crate) fn name(&self, who: usize) -> String {
        format!("person-{}x{who}", self.number)
    }

    pub(crate) fn number(&mut self) -> Number {
        self.next += 1;
        self.next
    }

    /// Makes a move and holds the answer, and every token there is, against the model.
    pub(crate) fn make(&mut self, hand: usize, next: Move) -> Result<(), Difference> {
        if let Move::Steal(from) = next {
            self.hands[hand] = self.hands[from].clone();
            self.trail.push(format!("{hand}: {next:?}"));
            return Ok(());
        }
        if let Move::Deliver | Move::DeliverUnnoted = next {
            return self.deliver(hand, next);
        }
        let Some(request) = self.request(hand, next) else {
            return Ok(());
        };
        self.hands[hand].held = None; // nobody waits for it any more
        let (number, expected) = self.ask(hand, &request)?;
        self.last = Some(expected);
        match next {
            Move::RefreshSlowly => self.hands[hand].held = Some((number, expected)),
            Move::Refresh if expected != Expected::Refused => {
                self.ask(hand, &Request::HandOut { of: number })?;
                self.take(hand, number, expected);
            }
            _ => self.take(hand, number, expected),
        }
        Ok(())
    }

    /// Whether the refresh token of a hand is still good after a wait.
    pub(crate) fn is_good_after(&self, hand: usize, wait: Move) -> bool {
        let mut later = self.model.clone();
        if let Move::Wait(millis) = wait {
            let request = Request::Wait(Duration::from_millis(millis));
            let permit = later.look(&request);
            later.act(0, &request, &permit);
        }
        let newest = self.hands[hand].pairs.last();
        newest.is_some_and(|with| later.may_refresh(*with))
    }

    /// The answer that was held comes.
    fn deliver(&mut self, hand: usize, how: Move) -> Result<(), Difference> {
        let Some((number, expected)) = self.hands[hand].held.take() else {
            return Ok(());
        };
        if how == Move::Deliver && expected != Expected::Refused {
            self.ask(hand, &Request::HandOut { of: number })?;
        }
        self.take(hand, number, expected);
        Ok(())
    }

    /// Asks both, the world and the model.
    fn ask(&mut self, hand: usize, request: &Request) -> Result<(Number, Expected), Difference> {
        let number = self.number();
        let permit = self.model.look(request);
        let issued_before: Vec<_> = self.model.issued().collect();
        let expected = self.model.act(number, request, &permit);
        let answer = block_on(self.world.asked_by(hand).perform(
            |who| self.name(who),
            &self.stock,
            request,
        ));
        self.trail
            .push(format!("{number}: {request:?} -> {answer:?}"));
        if let Answer::Tokens(issued) = &answer {
            self.stock.insert(number, issued.clone());
        }
        if !agrees(number, expected, &answer, &issued_before, &self.stock) {
            return Err(self.difference(&format!("{expected:?} was promised")));
        }
        let wrong = wrongly_judged(&self.model, |token| {
            accepts(&self.world, &self.stock, token)
        });
        if !wrong.is_empty() {
            return Err(self.difference(&format!("{wrong:?}: accepted, or refused, wrongly")));
        }
        Ok((number, expected))
    }

    /// Asks for a new pair with every refresh token there is, the newest first, where nothing is known
    /// of what was revoked, and has a new process look at what is left.
    pub(crate) fn finish(&mut self) -> Result<(), Difference> {
        self.compare_lists()?;
        for with in self.model.refreshable().into_iter().rev() {
            self.ask(LAGGING, &Request::Refresh { with })?;
        }
        // Not the refresh tokens: what has become of those only the store knows in the end.
        let tokens = self.stock.values();
        let texts: Vec<_> = tokens.map(|issued| issued.access.as_str()).collect();
        let here: Vec<_> = texts.iter().map(|text| self.world.accepts(text)).collect();
        let anew = self
            .world
            .accepted_anew(&*self.world.storage, texts.into_iter());
        if here == anew {
            Ok(())
        } else {
            Err(self.difference("a process that starts now judges otherwise"))
        }
    }

    /// Everyone sees the sessions that go on, and no other.
    fn compare_lists(&self) -> Result<(), Difference> {
        for with in self.hands.iter().filter_map(|hand| hand.access) {
            let Some(actor) = self.world.admit(&self.stock[&with], Token::Access(with)) else {
                continue;
            };
            let listed = block_on(self.world.accounts.sessions(&actor))
                .ok()
                .map(|sessions| {
                    let mut ids: Vec<_> = sessions
                        .into_iter()
                        .map(|listed| listed.session.id)
                        .collect();
                    ids.sort_unstable();
                    ids
                });
            let promised = self.model.listed(with).map(|opened| {
                let mut ids: Vec<_> = opened.iter().map(|by| self.stock[by].session).collect();
                ids.sort_unstable();
                ids
            });
            if listed != promised {
                return Err(self.difference(&format!("the sessions that {with} sees")));
            }
        }
        Ok(())
    }

    /// Opens `count` more sessions of the account of the first hand, whose tokens nobody has.
    pub(crate) fn crowd(&mut self, count: usize) {
        let with = self.hands[0].access.unwrap();
        let actor = self
            .world
            .admit(&self.stock[&with], Token::Access(with))
            .unwrap();
        self.world.crowd(&actor, count);
        for _ in 0..count {
            let number = self.number();
            self.model.open_unseen(number, with);
        }
    }

    /// What a move means with the tokens at hand; `None` when it needs some that are not there.
    pub(crate) fn request(&self, hand: usize, next: Move) -> Option<Request> {
        let Hand {
            who,
            ref pairs,
            access,
            held,
        } = self.hands[hand];
        let password = self.model.password(who).unwrap_or(0);
        Some(match next {
            Move::Register => Request::Register { who, password: 0 },
            Move::Login => Request::Login { who, password },
            Move::LoginStale => Request::Login {
                who,
                password: before(password),
            },
            Move::Refresh | Move::RefreshSlowly => Request::Refresh {
                with: *pairs.last()?,
            },
            Move::RefreshByOlder => Request::RefreshByOlder {
                with: *pairs.last()?,
            },
            Move::Deliver | Move::DeliverUnnoted => Request::HandOut { of: held?.0 },
            Move::Replay(back) => {
                let index = pairs.len().checked_sub(back + 2)?;
                Request::Refresh { with: pairs[index] }
            }
            Move::LogoutByAccess => Request::Logout {
                with: Token::Access(access?),
            },
            Move::LogoutByRefresh => Request::Logout {
                with: Token::Refresh(*pairs.last()?),
            },
            Move::ChangePassword => Request::ChangePassword {
                with: access?,
                current: password,
                new: (password + 1) % PASSWORDS.len(),
            },
            Move::Delete => Request::Delete { with: access? },
            Move::EndSession(other) => Request::EndSession {
                with: access?,
                session_of: self.hands[other].access?,
            },
            Move::EndOthers => Request::EndOthers { with: access? },
            Move::Reauthenticate => Request::Reauthenticate {
                with: access?,
                password,
            },
            Move::Wait(millis) => Request::Wait(Duration::from_millis(millis)),
            Move::Sweep => Request::Sweep,
            Move::Steal(_) => return None,
        })
    }

    fn take(&mut self, hand: usize, number: Number, expected: Expected) {
        let hand = &mut self.hands[hand];
        match expected {
            Expected::Pair(pair) => {
                if pair == number && self.model.is_opened_by(number) {
                    hand.pairs.clear();
                }
                if !hand.pairs.contains(&pair) {
                    hand.pairs.push(pair);
                }
                hand.access = Some(pair);
            }
            Expected::Renewed(_) => {
                hand.pairs.push(number);
                hand.access = Some(number);
            }
            Expected::Access => hand.access = Some(number),
            Expected::Done | Expected::Refused | Expected::Indifferent => {}
        }
    }

    fn difference(&self, what: &str) -> Difference {
        format!("{what}, after\n  {}", self.trail.join("\n  "))
    }
}

/// Whether an answer is the one that was promised. `before` are the requests that had got a pair of
/// their own by then.
pub(crate) fn agrees(
    number: Number,
    expected: Expected,
    answer: &Answer,
    before: &[Number],
    stock: &Stock,
) -> bool {
    match (expected, answer) {
        (Expected::Pair(pair), Answer::Tokens(issued)) if pair == number => {
            issued.refresh.is_some() && is_new(issued, before, stock)
        }
        (Expected::Pair(pair), Answer::Tokens(issued)) => stock.get(&pair) == Some(issued),
        (Expected::Renewed(pair), Answer::Tokens(issued)) => {
            let mut known = before.iter().filter_map(|number| stock.get(number));
            issued.refresh == stock[&pair].refresh
                && known.all(|known| known.access != issued.access)
        }
        (Expected::Access, Answer::Tokens(issued)) => {
            issued.refresh.is_none() && is_new(issued, before, stock)
        }
        (Expected::Done, Answer::Done) | (Expected::Refused, Answer::Refused) => true,
        (Expected::Indifferent, answer) => matches!(answer, Answer::Done | Answer::Refused),
        _ => false,
    }
}

fn is_new(issued: &Issued, before: &[Number], stock: &Stock) -> bool {
    before
        .iter()
        .filter_map(|number| stock.get(number))
        .all(|known| {
            known.access != issued.access
                && (known.refresh.is_none() || known.refresh != issued.refresh)
        })
}

/// Every token that `accepts` judges otherwise than the model.
///
/// The memory of a process forgets a revocation when no access token is left that it could refuse: of a
/// refresh token only what is good is compared here, what is not shows when it is used, since that
/// reads the store.
pub(crate) fn wrongly_judged(model: &Model, accepts: impl Fn(Token) -> bool) -> Vec<Token> {
    model
        .issued()
        .flat_map(|number| [Token::Access(number), Token::Refresh(number)])
        .filter(|token| match (model.accepts(*token), token) {
            (false, Token::Refresh(_)) => false,
            (accepted, token) => accepts(*token) != accepted,
        })
        .collect()
}

pub(crate) fn accepts(world: &World, stock: &Stock, token: Token) -> bool {
    match token {
        Token::Access(number) => world.accepts(&stock[&number].access),
        Token::Refresh(number) => stock[&number]
            .refresh
            .as_deref()
            .is_some_and(|text| world.accepts(text)),
    }
}

/// Every token, as text.
pub(crate) fn texts(stock: &Stock) -> impl Iterator<Item = &str> {
    stock.values().flat_map(|issued| {
        [Some(issued.access.as_str()), issued.refresh.as_deref()]
            .into_iter()
            .flatten()
    })
}

const fn before(password: usize) -> usize {
    (password + PASSWORDS.len() - 1) % PASSWORDS.len()
}
