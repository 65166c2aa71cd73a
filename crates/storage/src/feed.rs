//! The feed: what every process that checks tokens must hear, in order.
//!
//! Entries only add, and repeating one is harmless: a token, a session or a generation that is
//! refused stays refused. So the feed may be read from any point twice, and never loses by it.

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
}

/// An entry, and when it may be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedRow {
    /// What is to be heard.
    pub entry: FeedEntry,
    /// When every token that it could refuse has expired.
    pub until: Timestamp,
}

/// Who listens in this process.
pub trait FeedSink: Send + Sync {
    /// Takes rows in. Called after they are durable, before the method that wrote them answers, and
    /// again for rows that came from elsewhere.
    fn apply(&self, rows: &[FeedRow]);

    /// The time on the listener's own clock, taken before the store is asked.
    fn asked(&self) -> u64;

    /// The store was heard: everything that was acknowledged before the time `asked` has been applied.
    fn heard(&self, asked: u64);
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
}
