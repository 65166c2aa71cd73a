//! What the limits before the use cases refuse: no use case hears of it, but it happened to an account.

use model::UserId;

use crate::Accounts;
use crate::events::{Act, Reason};

/// What somebody asked for too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Throttled {
    /// An account, after too many answers that a name or an address is taken.
    Registration,
    /// Another name or address, after too many such answers or changes.
    ProfileChange,
    /// A check of the password.
    Reauthentication,
    /// A change of the password, which checks the current one.
    PasswordChange,
}

impl Accounts {
    /// Reports that a limit has refused what somebody asked for, with `account` if they are signed in.
    pub fn report_throttled(&self, what: Throttled, account: Option<&UserId>) {
        let (act, reason) = match what {
            Throttled::Registration => (Act::Registration, Reason::TooManyTaken),
            Throttled::ProfileChange => (Act::ProfileChange, Reason::TooManyTaken),
            Throttled::Reauthentication => (Act::Reauthentication, Reason::TooManyChecks),
            Throttled::PasswordChange => (Act::PasswordChange, Reason::TooManyChecks),
        };
        self.report(act.refused(reason).of_any(account));
    }
}
