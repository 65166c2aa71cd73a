//! Looking at an account.

use model::{Timestamp, User};

use super::{FindError, Operator};
use crate::mailing::undeliverable_since;

/// An account, as an operator sees it. Its hash stays where it is.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The account.
    pub user: User,
    /// The kind of its hash; nothing where there is none, or none that can be read.
    pub hash: Option<String>,
    /// How many sessions go on.
    pub sessions: usize,
    /// When one of them was last used.
    pub last_used_at: Option<Timestamp>,
    /// Since when the mail server refuses the address for good.
    pub undeliverable_since: Option<Timestamp>,
    /// The budgets of guesses that are used up.
    pub blocked: Vec<Blocked>,
}

/// A budget of guesses that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Which.
    pub budget: Budget,
    /// Until when no password is checked.
    pub until: Timestamp,
}

/// Where guesses at the password of an account are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// At sign-in, by the name.
    Username,
    /// At sign-in, by the address.
    Email,
    /// Where somebody who is signed in gives the password once more.
    SignedIn,
    /// At the second factor.
    Factor,
}

impl Operator {
    /// What there is to know of an account.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn show(&self, named: &str) -> Result<Shown, FindError> {
        let id = self.find(named).await?;
        let found = self.storage.credentials(&id).await?;
        let found = found.ok_or(FindError::Unknown)?;
        let now = self.clock.now();
        let mut sessions = self.storage.sessions_of(&id, now).await?;
        sessions.retain(|session| found.user.accepts(session.id, session.generation));
        let mut blocked = Vec::new();
        for (budget, key) in self.budgets_of(&found.user) {
            let counted = self.storage.attempts(key).await?;
            let until = counted.and_then(|counted| counted.refused_until(now));
            blocked.extend(until.map(|until| Blocked { budget, until }));
        }
        let undeliverable_since = undeliverable_since(&*self.storage, &found.user).await?;
        Ok(Shown {
            undeliverable_since,
            hash: found.hash.kind().ok().map(|kind| kind.to_string()),
            sessions: sessions.len(),
            last_used_at: sessions.iter().map(|session| session.last_used_at).max(),
            blocked,
            user: found.user,
        })
    }
}
