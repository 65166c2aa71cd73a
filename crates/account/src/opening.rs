//! Opening a session, by whatever somebody has proven who they are.
//!
//! Signing in is a row of steps. Each proves something, in a request of its own where it must be, and gives a
//! [`Proven`] that says how much has been proven so far; the last one opens the session, and demands that it be
//! enough. A way of signing in is another first step, a second factor one between the two: it takes what the
//! first has proven (kept meanwhile as a ticket, for the client that proved it), raises its level, and comes
//! here. Nothing else opens a session but the trade of a token that knows none (`legacy.rs`), which asks the same
//! question: [`Accounts::demands`].

use futures_util::future::join;
use jwt::IssueError;
use model::{Authentication, AuthenticationContext, ClientInfo, Level, SessionId, Timestamp, User};
use secret::HashedToken;

use crate::attempts::Settlement;
use crate::carrier::{Carrier, Given};
use crate::device::Nonce;
use crate::events::{Act, Reason};
use crate::factor::Memory;
use crate::{Accounts, EnrolmentRequired, FactorRequired};

/// Someone who has proven who they are, as far as it goes.
pub(crate) struct Proven {
    pub(crate) user: User,
    /// What they have proven so far.
    pub(crate) authentication: Authentication,
    pub(crate) client: ClientInfo,
    /// The known device that they are on.
    pub(crate) device: Option<Nonce>,
    /// The hash of what the browser is known by that asks, if a browser does: a next step is taken from it and nobody else.
    pub(crate) browser: Option<HashedToken>,
    /// Whether the device is remembered, or is to be.
    pub(crate) memory: Memory,
    /// The guess that was right, to be settled with the opening of the session.
    pub(crate) guess: Settlement,
}

/// Why no session was opened for someone who has proven who they are.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// Their account demands more than they have proven.
    #[error("another factor is needed")]
    Insufficient,
    /// It demands the second factor, since the device that stood for it was forgotten meanwhile.
    #[error("the second factor is needed")]
    FactorRequired(FactorRequired),
    /// Their account must get a second factor first, which this server requires.
    #[error("a second factor must be enrolled")]
    EnrolmentRequired(EnrolmentRequired),
    /// The same, and before that they must confirm their address.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// The account was deleted in between.
    #[error("the account is gone")]
    Gone,
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// What an account demands of somebody who wants a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demands {
    /// No more than was proven.
    Met {
        /// Until when that is so, where the server requires a second factor which the account has not.
        enrol_by: Option<Timestamp>,
    },
    /// That the address be confirmed.
    Address,
    /// The second factor that the account has.
    Factor,
    /// That it get one.
    Enrolment,
}

impl Demands {
    /// Whether a session may be opened.
    pub(crate) const fn are_met(self) -> bool {
        matches!(self, Self::Met { .. })
    }
}

/// How much must be proven for a session of this account.
const fn level_of(user: &User) -> Level {
    if user.second_factor {
        Level::Two
    } else {
        Level::One
    }
}

impl Proven {
    /// Whether it is all that is asked for of what the account has.
    pub(crate) fn is_enough(&self) -> bool {
        self.is_remembered() || self.authentication.level >= level_of(&self.user)
    }

    /// Whether the second factor isn't asked for, since the device is remembered.
    const fn is_remembered(&self) -> bool {
        matches!(self.memory, Memory::Holds(_))
    }
}

impl Accounts {
    /// What is missing for a session of `user`, of whom all `is_proven` that the account has, or not. Whatever opens one asks this. Where the server
    /// requires a second factor, the time of an account that has none begins with the first time that it is asked.
    pub(crate) async fn demands(
        &self,
        user: &User,
        is_proven: bool,
    ) -> Result<Demands, storage::Error> {
        if self.must_confirm_first(user) {
            return Ok(Demands::Address);
        }
        if !is_proven {
            return Ok(Demands::Factor);
        }
        if user.second_factor || !self.0.settings.factor_rules.required {
            return Ok(Demands::Met { enrol_by: None });
        }
        match self.time_to_enrol(&user.id).await? {
            Some(until) => Ok(Demands::Met {
                enrol_by: Some(until),
            }),
            None if self.may_enrol_at_sign_in(user) => Ok(Demands::Enrolment),
            None => Ok(Demands::Address),
        }
    }

    /// Opens a session for someone who has proven enough.
    pub(crate) async fn open_session<C: Carrier>(
        &self,
        mut proven: Proven,
        carrier: &C,
    ) -> Result<C::Opened, OpenSessionError> {
        let demands = self.demands(&proven.user, proven.is_enough());
        let enrol_by = match demands.await {
            Ok(Demands::Met { enrol_by }) => enrol_by,
            Ok(missing) => return Err(self.refuse_session(proven, missing).await?),
            Err(error) => {
                self.settle(proven.guess.given_back()).await?;
                return Err(error.into());
            }
        };
        let user = proven.user.id.clone();
        let (opened, id) = if proven.is_remembered() {
            let (opened, id) = match self.keep_opened(&proven, enrol_by, carrier).await {
                Ok(kept) => kept,
                Err(error) => {
                    self.settle(proven.guess.given_back()).await?; // not the fault of the password
                    return Err(error);
                }
            };
            proven = self.still_remembered(proven, id).await?;
            self.settle(proven.guess).await?;
            (opened, id)
        } else {
            let guess = std::mem::replace(&mut proven.guess, Settlement::Nothing);
            let opening = self.keep_opened(&proven, enrol_by, carrier);
            let (settled, opened) = join(self.settle(guess), opening).await;
            settled?; // a session of which nobody is told proves nothing
            opened?
        };
        let done = Act::SignIn.done();
        self.report(done.of(&user).in_session(id));
        if let Some(previous) = carrier.replaces() {
            self.logout(previous).await?;
        }
        Ok(opened)
    }

    /// Keeps a session for them, and gives what carries it.
    async fn keep_opened<C: Carrier>(
        &self,
        proven: &Proven,
        enrol_by: Option<Timestamp>,
        carrier: &C,
    ) -> Result<(C::Opened, SessionId), OpenSessionError> {
        let user = &proven.user;
        let context = if proven.is_remembered() {
            AuthenticationContext::carried_on(proven.authentication) // nobody has shown the factor
        } else {
            AuthenticationContext::just_proven(proven.authentication)
        };
        let client = proven.client.clone();
        let mut session = self.new_session(user, context, client, self.0.clock.now());
        let id = session.id;
        let given = Given {
            device: self.issue_device(&user.id, user.generation, proven.device),
            enrol_by,
            remembered: match proven.memory {
                Memory::Wanted(forgotten) => self.remember(user, forgotten).await,
                Memory::Nothing | Memory::Presented(_) | Memory::Holds(_) => None,
            },
        };
        let opened = carrier.carry(self, &mut session, given)?;
        self.keep_session(session).await?;
        Ok((opened, id))
    }

    /// Asks once more whether the device is remembered that a session was opened by, now that it is there: whoever forgot
    /// devices since, and ended sessions then, may have been too early for this one. Where it isn't, the session ends, of
    /// which nobody was told, and the factor is asked for.
    async fn still_remembered(
        &self,
        proven: Proven,
        opened: SessionId,
    ) -> Result<Proven, OpenSessionError> {
        if let Memory::Holds(device) = &proven.memory
            && self.stands_for_the_factor(&proven.user, device).await
        {
            return Ok(proven);
        }
        let (storage, user) = (&self.0.storage, &proven.user.id);
        storage.end_session(user, opened, self.moment()).await?;
        Err(OpenSessionError::FactorRequired(
            self.challenge(proven).await?,
        ))
    }

    /// Why there is no session. The password was right, but no success: its failures are counted on.
    async fn refuse_session(
        &self,
        proven: Proven,
        missing: Demands,
    ) -> Result<OpenSessionError, OpenSessionError> {
        if missing == Demands::Enrolment {
            let required = self.require_enrolment(proven).await?;
            return Ok(OpenSessionError::EnrolmentRequired(required));
        }
        let user = proven.user.id;
        self.settle(proven.guess.given_back()).await?;
        if missing == Demands::Address {
            let refused = Act::SignIn.refused(Reason::EmailUnverified);
            self.report(refused.of(&user));
            return Ok(OpenSessionError::EmailUnverified);
        }
        Ok(OpenSessionError::Insufficient)
    }
}
