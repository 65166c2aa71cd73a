//! The promises about sessions and tokens, in their plainest form: nothing is forgotten, nothing is
//! stored twice, and every rule is one sentence.

mod refresh;

use std::collections::BTreeMap;
use std::time::Duration;

use storage::Reservations;

use crate::request::{Expected, Number, Request, Token};

/// How long an access token lives, in seconds.
pub(crate) const ACCESS: u64 = 900;
/// How long a refresh token lives, in seconds.
pub(crate) const REFRESH: u64 = 3600;
/// How long a session lives, in seconds.
pub(crate) const MAX_AGE: u64 = 9000;
/// How long a used refresh token may be repeated.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// How long a proof of who one is counts as fresh, in seconds.
const FRESH: u64 = 600;
/// Sessions of one account.
const MAX_SESSIONS: usize = 100;

#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Since the Unix epoch. Tokens count whole seconds of it.
    now: Duration,
    accounts: Vec<Account>,
    sessions: BTreeMap<Number, Session>,
    tokens: BTreeMap<Number, Tokens>,
}

#[derive(Clone, Debug)]
struct Account {
    who: usize,
    password: usize,
    /// How often the password was changed.
    generation: u64,
    /// The session that asked for the last change.
    keep: Option<Number>,
    deleted: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Session {
    account: usize,
    /// The generation of the account whose password opened it.
    generation: u64,
    opened: Duration,
    ended: bool,
    /// The pairs that it had, the present one last.
    pairs: Vec<Number>,
    /// The request that got the access token of the present pair.
    access: Number,
    /// No answer with the present pair has left.
    handing: bool,
    /// When one did; until then, when the pair was made.
    renewed: Duration,
}

#[derive(Clone, Debug)]
struct Tokens {
    session: Number,
    /// The request that they were made for: the same tokens can be got twice.
    made_for: Number,
    access_ends: u64,
    fresh_until: Option<u64>,
    /// A reauthentication gives no refresh token.
    refresh_ends: Option<u64>,
}

/// What a request has found when it looked: the first of its two halves. The second is its one act.
#[derive(Clone, Debug)]
pub(crate) struct Permit {
    now: Duration,
    /// `None`: refused.
    granted: Option<Granted>,
}

#[derive(Clone, Debug)]
enum Granted {
    /// The token was good.
    Token,
    /// The password was that of this account in this generation.
    Password { account: usize, generation: u64 },
}

impl Model {
    pub(crate) fn starting_at(now: Duration) -> Self {
        Self {
            now,
            accounts: Vec::new(),
            sessions: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// Whether a request with this token gets in.
    pub(crate) fn accepts(&self, token: Token) -> bool {
        let ends = match token {
            Token::Access(number) => Some(self.tokens[&number].access_ends),
            Token::Refresh(number) => self.tokens[&number].refresh_ends,
        };
        ends.is_some_and(|ends| self.now.as_secs() < ends) && self.is_honoured(self.session(token))
    }

    /// Whether neither this refresh token nor its session have run out.
    pub(crate) fn may_refresh(&self, with: Number) -> bool {
        self.accepts(Token::Refresh(with)) && self.is_young(self.tokens[&with].session, self.now)
    }

    /// The requests that got tokens of their own.
    pub(crate) fn issued(&self) -> impl Iterator<Item = Number> {
        self.tokens.keys().copied()
    }

    /// Those among them that got a refresh token.
    pub(crate) fn refreshable(&self) -> Vec<Number> {
        let refreshable =
            |(number, tokens): (&Number, &Tokens)| tokens.refresh_ends.is_some().then_some(*number);
        self.tokens.iter().filter_map(refreshable).collect()
    }

    /// Whether this request opened a session.
    pub(crate) fn is_opened_by(&self, number: Number) -> bool {
        self.sessions.contains_key(&number)
    }

    /// The password of `who`, or what it was last.
    pub(crate) fn password(&self, who: usize) -> Option<usize> {
        let theirs = self
            .accounts
            .iter()
            .rev()
            .find(|account| account.who == who);
        theirs.map(|account| account.password)
    }

    /// The sessions that the holder of this access token has, by the requests that opened them.
    pub(crate) fn listed(&self, with: Number) -> Option<Vec<Number>> {
        let asking = self.acting(with)?;
        let account = self.sessions[&asking].account;
        let theirs = self.sessions.keys().copied();
        Some(
            theirs
                .filter(|id| self.sessions[id].account == account && self.is_live(*id))
                .collect(),
        )
    }

    /// What a request finds when it looks.
    pub(crate) fn look(&self, request: &Request) -> Permit {
        let token = |granted: bool| granted.then_some(Granted::Token);
        let granted = match *request {
            Request::Register { .. }
            | Request::HandOut { .. }
            | Request::Wait(_)
            | Request::Sweep => token(true),
            Request::Login { who, password } => self.opens(self.present(who), password),
            Request::Refresh { with } | Request::RefreshByOlder { with } => {
                token(self.accepts(Token::Refresh(with)))
            }
            // An access token may have expired.
            Request::Logout { with } => token(self.is_honoured(self.session(with))),
            Request::ChangePassword {
                with,
                current: password,
                ..
            }
            | Request::Reauthenticate { with, password } => {
                let account = self
                    .acting(with)
                    .map(|session| self.sessions[&session].account);
                self.opens(account, password)
            }
            Request::Delete { with } | Request::EndOthers { with } => {
                token(self.acting(with).is_some() && self.is_fresh(with))
            }
            Request::EndSession { with, session_of } => {
                let (own, target) = (self.tokens[&with].session, self.tokens[&session_of].session);
                let theirs = self.sessions[&own].account == self.sessions[&target].account;
                let free = own == target || self.is_fresh(with);
                token(self.acting(with).is_some() && free && theirs)
            }
        };
        Permit {
            now: self.now,
            granted,
        }
    }

    /// What a request does after it has looked, all at once.
    pub(crate) fn act(&mut self, number: Number, request: &Request, permit: &Permit) -> Expected {
        let Some(granted) = &permit.granted else {
            // To end what has ended already is nothing to complain about.
            let harmless = matches!(request, Request::Logout { .. });
            return if harmless {
                Expected::Indifferent
            } else {
                Expected::Refused
            };
        };
        match (request, granted) {
            (
                Request::Login { .. },
                Granted::Password {
                    account,
                    generation,
                },
            ) => {
                self.open(number, *account, *generation, permit.now);
                Expected::Pair(number)
            }
            (
                Request::ChangePassword { with, new, .. },
                Granted::Password {
                    account,
                    generation,
                },
            ) => {
                let keep = self.tokens[with].session;
                self.change_password(*account, *generation, *new, keep)
            }
            (Request::Reauthenticate { with, .. }, Granted::Password { .. }) => {
                let session = self.tokens[with].session;
                let fresh_until = Some(permit.now.as_secs() + FRESH);
                self.issue(number, session, permit.now, fresh_until);
                if let Some(tokens) = self.tokens.get_mut(&number) {
                    tokens.refresh_ends = None;
                }
                Expected::Access
            }
            _ => self.act_by_token(number, request, permit.now),
        }
    }

    fn act_by_token(&mut self, number: Number, request: &Request, now: Duration) -> Expected {
        match *request {
            Request::Register { who, password } => self.register(who, password, now),
            Request::Refresh { with } => self.refresh(number, with, now),
            Request::RefreshByOlder { with } => self.refresh_by_older(number, with, now),
            Request::HandOut { of } => self.hand_out(of),
            Request::Logout { with } => {
                self.end(self.session(with));
                Expected::Done
            }
            Request::Delete { with } => {
                let account = self.sessions[&self.tokens[&with].session].account;
                let deleted = &mut self.accounts[account].deleted;
                if deleted.is_some() {
                    return Expected::Refused;
                }
                *deleted = Some(now);
                Expected::Done
            }
            Request::EndSession { session_of, .. } => {
                self.end_one(self.tokens[&session_of].session)
            }
            Request::EndOthers { with } => {
                let own = self.tokens[&with].session;
                let account = self.sessions[&own].account;
                let others = self.sessions.iter_mut().filter(|(id, _)| **id != own);
                others
                    .filter(|(_, session)| session.account == account)
                    .for_each(|(_, session)| session.ended = true);
                Expected::Done
            }
            Request::Wait(duration) => {
                self.now += duration;
                Expected::Done
            }
            Request::Sweep => Expected::Done,
            Request::Login { .. }
            | Request::ChangePassword { .. }
            | Request::Reauthenticate { .. } => Expected::Refused,
        }
    }

    fn register(&mut self, who: usize, password: usize, now: Duration) -> Expected {
        if self.present(who).is_some() || self.is_reserved(who, now) {
            return Expected::Refused;
        }
        self.accounts.push(Account {
            who,
            password,
            generation: 0,
            keep: None,
            deleted: None,
        });
        Expected::Done
    }

    /// One more session of the account of `like`, whose tokens nobody has.
    pub(crate) fn open_unseen(&mut self, number: Number, like: Number) {
        let Session {
            account,
            generation,
            ..
        } = self.sessions[&self.tokens[&like].session];
        self.open(number, account, generation, self.now);
        self.tokens.remove(&number);
    }

    /// A session carries the generation whose password was checked, whatever the generation is now.
    fn open(&mut self, number: Number, account: usize, generation: u64, now: Duration) {
        let session = Session {
            account,
            generation,
            opened: now,
            ended: false,
            pairs: vec![number],
            access: number,
            handing: false,
            renewed: now,
        };
        self.sessions.insert(number, session);
        self.issue(number, number, now, Some(now.as_secs() + FRESH));

        let mut theirs: Vec<_> = self.sessions.keys().copied().collect();
        theirs.retain(|id| self.sessions[id].account == account && !self.sessions[id].ended);
        theirs.sort_by_key(|id| (self.sessions[id].opened, *id));
        let over = theirs.len().saturating_sub(MAX_SESSIONS);
        theirs
            .into_iter()
            .take(over)
            .for_each(|oldest| self.end(oldest));
    }

    /// Of two changes that checked the same password one is made.
    fn change_password(
        &mut self,
        account: usize,
        generation: u64,
        new: usize,
        keep: Number,
    ) -> Expected {
        let account = &mut self.accounts[account];
        if account.deleted.is_some() || account.generation != generation {
            return Expected::Refused;
        }
        account.password = new;
        account.generation += 1;
        account.keep = Some(keep);
        Expected::Done
    }

    fn end_one(&mut self, id: Number) -> Expected {
        let was_live = self.is_live(id);
        let was_there = self.is_honoured(id);
        self.end(id);
        match (was_live, was_there) {
            (true, _) => Expected::Done,
            (false, true) => Expected::Indifferent, // over by age, and swept away or not
            (false, false) => Expected::Refused,
        }
    }

    fn issue(&mut self, number: Number, id: Number, now: Duration, fresh_until: Option<u64>) {
        let (now, end) = (now.as_secs(), self.sessions[&id].opened.as_secs() + MAX_AGE);
        let tokens = Tokens {
            session: id,
            made_for: number,
            access_ends: end.min(now + ACCESS),
            fresh_until,
            refresh_ends: Some(end.min(now + REFRESH)),
        };
        self.tokens.insert(number, tokens);
    }

    fn end(&mut self, id: Number) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.ended = true;
        }
    }

    fn session(&self, token: Token) -> Number {
        let (Token::Access(number) | Token::Refresh(number)) = token;
        self.tokens[&number].session
    }

    /// The account that `who` has now.
    fn present(&self, who: usize) -> Option<usize> {
        let is_theirs = |account: &Account| account.who == who && account.deleted.is_none();
        self.accounts.iter().position(is_theirs)
    }

    /// Whether somebody had the name of `who` until lately: it is theirs, and they are gone.
    fn is_reserved(&self, who: usize, now: Duration) -> bool {
        let lately = |at: Duration| now < at + Reservations::LIFETIME;
        let let_go = |account: &Account| account.who == who && account.deleted.is_some_and(lately);
        self.accounts.iter().any(let_go)
    }

    fn opens(&self, account: Option<usize>, password: usize) -> Option<Granted> {
        let account = account?;
        let found = &self.accounts[account];
        let generation = found.generation;
        (found.password == password).then_some(Granted::Password {
            account,
            generation,
        })
    }

    /// Nobody ended it: not by itself, not with its account, not by a change of the password
    /// elsewhere.
    fn is_honoured(&self, id: Number) -> bool {
        let session = &self.sessions[&id];
        let account = &self.accounts[session.account];
        let is_current = session.generation >= account.generation || account.keep == Some(id);
        !session.ended && account.deleted.is_none() && is_current
    }

    /// It was used lately enough, and is not too old.
    fn is_young(&self, id: Number, now: Duration) -> bool {
        let present = self.sessions[&id].pairs.last();
        let ends = present.and_then(|pair| self.tokens.get(pair)?.refresh_ends);
        ends.is_some_and(|ends| now.as_secs() < ends)
    }

    fn is_live(&self, id: Number) -> bool {
        self.is_honoured(id) && self.is_young(id, self.now)
    }

    /// The session that this access token may act for.
    fn acting(&self, with: Number) -> Option<Number> {
        let session = self.tokens[&with].session;
        (self.accepts(Token::Access(with)) && self.is_live(session)).then_some(session)
    }

    fn is_fresh(&self, with: Number) -> bool {
        let until = self.tokens[&with].fresh_until;
        until.is_some_and(|until| self.now.as_secs() <= until)
    }
}
