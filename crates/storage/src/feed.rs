//! The feed: what every process that checks tokens must hear, in order.
//!
//! Entries only add, and repeating one is harmless: a token, a session or a generation that is
//! refused stays refused. So the feed may be read from any point twice, and never loses by it.
//!
//! # Kinds that a later version brings
//! Beside its kind a [`Notice`] says its coarse [`Effect`], so that a process that does not know the kind still
//! does the safe thing. The first five kinds say it by what they are. Processes of versions that know no effects may
//! serve the same store: as long as one of them is alive, or any that does not read the kind
//! ([`FeedSink::kinds`]), a notice is written as the entry of the first five that has its effect
//! ([`Feed::may_write`]).

use std::sync::Arc;

use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, TokenId, UserId};
use serde::{Deserialize, Serialize};

use crate::Error;

/// One thing to be heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedEntry {
    /// This token is refused from now on.
    Token(TokenId),
    /// Every token of this session is refused from now on.
    Session(SessionId),
    /// Tokens of this account below `minimum` are refused, save those of the session `keep`.
    Generation {
        /// Whose.
        user: UserId,
        /// The lowest generation that is still good.
        minimum: Generation,
        /// The session that lives on all the same.
        keep: Option<SessionId>,
    },
    /// The account is gone or disabled: each of its tokens is refused.
    Closed(UserId),
    /// The name or address of this account changed: copies of it are out of date.
    Changed(UserId),
    /// An entry of a kind that came after these five.
    Notice(Notice),
}

/// An entry of a kind that some versions do not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its kind, none of [`FIRST_KINDS`].
    pub kind: String,
    /// What is done by whoever does not know the kind.
    pub effect: Effect,
    /// What else it says to those who know the kind.
    pub detail: Option<String>,
}

/// What an entry does at the least, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// This token is refused.
    RefuseToken(TokenId),
    /// Every token of this session is refused.
    RefuseSession(SessionId),
    /// Every token of this account is refused, as long as the feed remembers it.
    RefuseUser(UserId),
    /// Copies of this account are out of date.
    Forget(UserId),
    /// Nothing: who does not know the kind needs not hear of it.
    Ignore,
}

/// The kinds that every version reads.
pub const FIRST_KINDS: [&str; 5] = ["token", "session", "generation", "closed", "changed"];

impl FeedEntry {
    /// What it does at the least.
    pub fn effect(&self) -> Effect {
        match self {
            Self::Token(token) => Effect::RefuseToken(token.clone()),
            Self::Session(session) => Effect::RefuseSession(*session),
            Self::Generation { user, .. } | Self::Closed(user) => Effect::RefuseUser(user.clone()),
            Self::Changed(user) => Effect::Forget(user.clone()),
            Self::Notice(notice) => notice.effect.clone(),
        }
    }
}

impl Effect {
    /// The entry of the first five kinds that does the same, if it takes one.
    pub fn in_first_kinds(&self) -> Option<FeedEntry> {
        match self {
            Self::RefuseToken(token) => Some(FeedEntry::Token(token.clone())),
            Self::RefuseSession(session) => Some(FeedEntry::Session(*session)),
            Self::RefuseUser(user) => Some(FeedEntry::Closed(user.clone())),
            Self::Forget(user) => Some(FeedEntry::Changed(user.clone())),
            Self::Ignore => None,
        }
    }

    /// Its name, as rows hold it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RefuseToken(_) | Self::RefuseSession(_) | Self::RefuseUser(_) => "refuse",
            Self::Forget(_) => "forget",
            Self::Ignore => "ignore",
        }
    }

    /// Whom it concerns, as rows hold it: of which kind, and which.
    pub fn concerned(&self) -> Option<(&'static str, String)> {
        match self {
            Self::RefuseToken(token) => Some(("token", token.to_string())),
            Self::RefuseSession(session) => Some(("session", session.to_string())),
            Self::RefuseUser(user) | Self::Forget(user) => Some(("user", user.to_string())),
            Self::Ignore => None,
        }
    }

    /// The effect that a row holds; nothing where this version can't do what it says.
    pub fn read(name: &str, concerned: Option<(&str, &str)>) -> Option<Self> {
        match (name, concerned) {
            ("refuse", Some(("token", id))) => Some(Self::RefuseToken(TokenId::from_stored(id))),
            ("refuse", Some(("session", id))) => SessionId::parse(id).ok().map(Self::RefuseSession),
            ("refuse", Some(("user", id))) => UserId::parse(id).ok().map(Self::RefuseUser),
            ("forget", Some(("user", id))) => UserId::parse(id).ok().map(Self::Forget),
            ("ignore", _) => Some(Self::Ignore),
            _ => None,
        }
    }
}

/// An entry, and when it may be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRow {
    /// What is to be heard.
    pub entry: FeedEntry,
    /// When every token that it could refuse has expired.
    pub until: Timestamp,
}

/// What a process says that asks for second factors. No entry is of this kind.
pub const SECOND_FACTORS: &str = "second_factors";

/// Who listens in this process.
pub trait FeedSink: Send + Sync {
    /// Takes rows in. Called after they are durable, before the method that wrote them answers, and
    /// again for rows that came from elsewhere.
    fn apply(&self, rows: &[FeedRow]);

    /// The time on the listener's own clock, taken before the store is asked.
    fn asked(&self) -> u64;

    /// The store was heard: everything that was acknowledged before the time `asked` has been applied.
    fn heard(&self, asked: u64);

    /// The kinds beyond [`FIRST_KINDS`] that it takes in by more than their effect, and what else other processes must know of
    /// this one before they use it ([`SECOND_FACTORS`]).
    fn kinds(&self) -> &'static [&'static str] {
        &[]
    }
}

/// Reading and writing the feed itself.
#[async_trait]
pub trait Feed: Send + Sync {
    /// Gives `sink` every row that has not run out at `now` (a store that others share gives those that have, too:
    /// this clock may be wrong), and from then on every new one, whoever
    /// writes it. Answers when the present rows have been applied.
    async fn follow(&self, now: Timestamp, sink: Arc<dyn FeedSink>) -> Result<(), Error>;

    /// Appends `rows`.
    async fn append(&self, rows: Vec<FeedRow>) -> Result<(), Error>;

    /// Whether a [`Notice`] of this kind is written as such now, since every process that is alive reads it. Else it
    /// is written as what of the first five kinds has its effect, or not at all where it may be ignored.
    fn may_write(&self, kind: &str) -> bool;

    /// The processes of which one may be serving that does not say of itself that it reads this kind: names for the log. The
    /// store is asked, so whoever began to serve before the call is among them; and whoever has ended only since then may
    /// be, too.
    async fn who_cannot_read(&self, kind: &str) -> Result<Vec<String>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effects() -> [Effect; 5] {
        let user = UserId::parse("u-1").unwrap();
        [
            Effect::RefuseToken(TokenId::from_stored("t")),
            Effect::RefuseSession(
                SessionId::parse("01890000-0000-7000-8000-000000000001").unwrap(),
            ),
            Effect::RefuseUser(user.clone()),
            Effect::Forget(user),
            Effect::Ignore,
        ]
    }

    #[test]
    fn an_effect_reads_back_as_it_was_written() {
        for effect in effects() {
            let concerned = effect.concerned();
            let concerned = concerned.as_ref().map(|(what, id)| (*what, &**id));
            assert_eq!(Effect::read(effect.name(), concerned), Some(effect.clone()));
        }
    }

    #[test]
    fn what_cannot_be_done_is_no_effect() {
        for (name, concerned) in [
            ("refuse", None),
            ("refuse", Some(("session", "junk"))),
            ("refuse", Some(("user", ""))),
            ("refuse", Some(("group", "staff"))),
            ("forget", Some(("token", "t"))),
            ("later", Some(("user", "u-1"))),
        ] {
            assert_eq!(Effect::read(name, concerned), None, "{name} {concerned:?}");
        }
    }

    #[test]
    fn the_first_kinds_have_the_effect_that_they_are_written_for() {
        for effect in effects() {
            let entry = effect.in_first_kinds();
            assert_eq!(entry.map_or(Effect::Ignore, |entry| entry.effect()), effect);
        }
    }
}
