//! The budget for answers that reveal that a name or an address is taken, and for changes that reserve one.
//!
//! Registration and changes of a profile must say so, and whoever asks often enough learns who has an
//! account. So all of them share one small budget, of the client and, where somebody is signed in, of
//! their account as well: neither many accounts on one address nor one account on many gets more.
//!
//! A change of one's own name or address costs the same: what was there before is reserved for a while, and
//! whoever could change without an end would keep any number of names from others. A registration reserves
//! nothing more than it takes, and has limits of its own.
//!
//! Each attempt is charged before the store is asked, and given back unless it was one of these. Of
//! many at once no more are answered than fit, and one whose client has left stays charged. Whoever has
//! used the budget up is refused before anything is looked up, also where the name would have been free:
//! else the refusal itself would reveal it.

use std::net::IpAddr;
use std::sync::Arc;

use account::{
    Accounts, AskForAddressError, ChangeProfileError, ChangedProfile, Confirm, ConfirmError,
    ConfirmWith, Confirmable, RegisterError, SignUpError, Throttled,
};
use model::{Timestamp, UserId};
use ratelimit::{Call, Decision, Principal};

use super::{RequestLimits, milliseconds};
use crate::error::ApiError;
use crate::to_the_end::to_the_end;

/// Whose budget the answer to a request may use.
pub(crate) struct TakenBudget {
    /// Hears of refusals.
    pub(crate) accounts: Accounts,
    /// Nothing where requests are not limited.
    pub(crate) limits: Option<Arc<RequestLimits>>,
    pub(crate) client: Option<IpAddr>,
    pub(crate) now: Timestamp,
}

/// What came of an attempt to get a name or an address.
pub(crate) trait Outcome {
    /// Whether it reveals that something is taken, or reserves something.
    fn costs(&self) -> bool;
}

impl TakenBudget {
    /// Does `what`, which may cost something, for `user` if somebody is signed in.
    ///
    /// # Errors
    /// When a budget is used up or can't be asked: then nothing was done.
    pub(crate) async fn spend<T: Outcome>(
        &self,
        user: Option<&UserId>,
        what: impl Future<Output = T>,
    ) -> Result<T, ApiError> {
        let Some(limits) = &self.limits else {
            return Ok(what.await);
        };
        let client = self.client.ok_or_else(|| ApiError::internal(NoClient))?;
        let callers = user
            .map(|user| Principal::User(user.as_str()))
            .into_iter()
            .chain([Principal::Address(client)]);
        let mut paid = Vec::new();
        for caller in callers {
            let charged = limits.taken.check(&self.call(caller)).await;
            let refused = match charged {
                Ok(decision) => match decision.retry_after() {
                    None => {
                        paid.push((caller, decision));
                        continue;
                    }
                    Some(wait) => {
                        self.report(user);
                        ApiError::rate_limited(wait).by(decision)
                    }
                },
                Err(error) => error.into(),
            };
            self.give_back(limits, &paid).await;
            return Err(refused);
        }
        let done = what.await;
        if !done.costs() {
            self.give_back(limits, &paid).await;
        }
        Ok(done)
    }

    /// Confirms something. The budget pays where the answer may say that a name is taken.
    ///
    /// # Errors
    /// As in [`spend`](Self::spend).
    pub(crate) async fn confirm(
        &self,
        by: Confirm,
        with: ConfirmWith,
    ) -> Result<Result<Confirmable, ConfirmError>, ApiError> {
        let accounts = self.accounts.clone();
        let may_reveal = by.may_reveal_a_name(&with);
        let confirming = to_the_end(async move { accounts.confirm(by, with).await });
        if may_reveal {
            self.spend(None, confirming).await
        } else {
            Ok(confirming.await)
        }
    }

    fn report(&self, user: Option<&UserId>) {
        let what = match user {
            Some(_) => Throttled::ProfileChange,
            None => Throttled::Registration,
        };
        self.accounts.report_throttled(what, user);
    }

    /// What can't be given back stays charged.
    async fn give_back(&self, limits: &RequestLimits, paid: &[(Principal<'_>, Decision)]) {
        for (caller, decision) in paid {
            let given_back = limits.taken.give_back(&self.call(*caller), decision).await;
            if let Err(error) = given_back {
                tracing::debug!(%error, "a rate limit charge could not be refunded");
            }
        }
    }

    fn call<'a>(&self, caller: Principal<'a>) -> Call<'a> {
        Call {
            caller,
            route: None, // one budget, whichever route it is
            method: "*",
            cost: 1,
            refundable: true,
            now: milliseconds(self.now),
        }
    }
}

impl<T> Outcome for Result<T, RegisterError> {
    fn costs(&self) -> bool {
        matches!(self, Err(RegisterError::Taken(_)))
    }
}

impl<T> Outcome for Result<T, SignUpError> {
    fn costs(&self) -> bool {
        let taken = |error| matches!(error, &SignUpError::Register(RegisterError::Taken(_)));
        self.as_ref().is_err_and(taken)
    }
}

impl Outcome for Result<Confirmable, ConfirmError> {
    fn costs(&self) -> bool {
        matches!(self, Err(ConfirmError::UsernameTaken))
    }
}

impl Outcome for Result<ChangedProfile, ChangeProfileError> {
    fn costs(&self) -> bool {
        match self {
            Ok(changed) => changed.differs,
            Err(error) => matches!(error, ChangeProfileError::Taken(_)),
        }
    }
}

/// Each has a mail sent, to whatever address it names.
impl Outcome for Result<bool, AskForAddressError> {
    fn costs(&self) -> bool {
        matches!(self, Ok(true))
    }
}

/// The stack notes the client of whatever changes something.
#[derive(Debug, thiserror::Error)]
#[error("a request that changes something has no client")]
struct NoClient;
