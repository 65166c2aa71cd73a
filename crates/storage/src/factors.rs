//! The second factor of an account: an authenticator app, and codes for whoever has lost it.

use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, User, UserId};
use secret::HashedToken;

use crate::{Error, Moment};

/// What is stored of a second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// The generation of the account that it began. Each enrolment begins another, so this names it.
    pub enrolled: Generation,
    /// What is shared with the app, encrypted.
    pub sealed: Vec<u8>,
    /// The step of time of the last code that was good (RFC 6238 §5.2).
    pub last_step: u64,
    /// Since when there is one.
    pub since: Timestamp,
    /// How many recovery codes are left.
    pub recovery_codes: u32,
}

/// An account gets a second factor, in place of the one that it has.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// Which account.
    pub user: UserId,
    /// The generation of the account: if it has left that, nothing happens.
    pub at: Generation,
    /// The session that lives on.
    pub keep: Option<SessionId>,
    /// What is shared with the app, encrypted.
    pub sealed: Vec<u8>,
    /// The step of the code that confirmed it, which can't sign in.
    pub step: u64,
    /// The hashes of its recovery codes.
    pub recovery_codes: Vec<HashedToken>,
}

/// Second factors of accounts.
///
/// An account that has one says so ([`User::second_factor`]), in whichever way it is read. Whatever sets a password leaves it
/// there.
#[async_trait]
pub trait Factors: Send + Sync {
    /// The second factor of an account, if it has one.
    async fn second_factor(&self, user: &UserId) -> Result<Option<SecondFactor>, Error>;

    /// One update: the second factor, and the next generation, which keeps one session. `None` when the account has left
    /// the generation, waits to be deleted, or is gone. Of several at once one enrols.
    async fn enrol(&self, enrolment: Enrolment, moment: Moment) -> Result<Option<User>, Error>;

    /// One update: no second factor, and the next generation, which keeps one session. `None` when the account has left the
    /// generation, has none, waits to be deleted, or is gone.
    async fn remove_factor(
        &self,
        user: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        moment: Moment,
    ) -> Result<Option<User>, Error>;

    /// Moves the last step on to a later one: `false` when it is not later, or the account has another enrolment, or none. So
    /// of several uses of one code one counts.
    async fn advance_step(
        &self,
        user: &UserId,
        enrolled: Generation,
        step: u64,
    ) -> Result<bool, Error>;

    /// Spends a recovery code, and says how many are left; `None` when the account has no such code in this enrolment. Of
    /// several uses of one code one counts.
    async fn spend_recovery_code(
        &self,
        user: &UserId,
        enrolled: Generation,
        code: HashedToken,
    ) -> Result<Option<u32>, Error>;

    /// Puts new recovery codes in place of those that are left; `false` when the account has another enrolment, or none.
    async fn replace_recovery_codes(
        &self,
        user: &UserId,
        enrolled: Generation,
        codes: Vec<HashedToken>,
    ) -> Result<bool, Error>;

    /// Puts the same secret, encrypted anew, in place of the one that was read; `false` when it is another by now.
    async fn reseal_factor(
        &self,
        user: &UserId,
        from: &SecondFactor,
        sealed: Vec<u8>,
    ) -> Result<bool, Error>;

    /// Some accounts that have a second factor, in the order of their ids, after this one.
    async fn users_with_factors(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error>;
}
