//! The step between the password and the session of an account that has a second factor.
//!
//! A challenge is a ticket for the client that has proven the password: whoever presents it, or, where a browser asked, that
//! browser. It opens one session.

use std::time::Duration;

use jwt::IssueError;
use model::{Authentication, ClientInfo, Level, Methods, UserId};
use secret::{HashedToken, PlainToken, Secret, TokenPrefix};
use serde::{Deserialize, Serialize};
use storage::{Allowance, Bound, Kind, Purpose, Taken, Ticket};

use super::kept::Kept;
use super::{FactorError, FactorKind, Memory, PresentedFactor};
use crate::carrier::Carrier;
use crate::events::{Act, Reason};
use crate::opening::Proven;
use crate::unreadable::readable;
use crate::{Accounts, LoginError, OpenSessionError};

/// How long a challenge is good.
const LIFETIME: Duration = Duration::from_mins(5);

/// Tries at a challenge, right or wrong.
const TRIES: Allowance = Allowance {
    most: 5,
    per: LIFETIME,
};

/// The password was right, and the account has a second factor.
#[derive(Debug)]
pub struct FactorRequired {
    /// What stands for the password in the next step, for five minutes, once.
    pub challenge: PlainToken,
    /// What the account can prove itself by.
    pub factors: Vec<FactorKind>,
}

/// The answer to a challenge.
#[derive(Debug)]
pub struct ChallengeAnswer {
    /// The challenge, as it was sent back.
    pub challenge: Secret<String>,
    /// The second factor.
    pub presented: PresentedFactor,
    /// What the browser is known by that has proven the password, where a browser has.
    pub browser: Option<HashedToken>,
    /// Where it comes from.
    pub client: ClientInfo,
    /// Whether an account that waits to be deleted is kept.
    pub keeps_account: bool,
    /// Whether the device is to be remembered, where that is possible.
    pub remember: bool,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The challenge is unknown, was used, has expired, is another client's, or the account has changed since.
    #[error("the challenge is not good any more")]
    InvalidChallenge,
    /// The second factor proved nothing.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// It did, and no session was opened all the same.
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl From<storage::Error> for AnswerError {
    fn from(error: storage::Error) -> Self {
        Self::Factor(error.into())
    }
}

impl From<IssueError> for AnswerError {
    fn from(error: IssueError) -> Self {
        Self::Login(error.into())
    }
}

impl From<OpenSessionError> for AnswerError {
    fn from(error: OpenSessionError) -> Self {
        Self::Login(error.into())
    }
}

/// The password was proven, and the second factor is asked for.
#[derive(Serialize, Deserialize)]
struct Challenge(Kept);

impl Purpose for Challenge {
    const KIND: Kind = Kind("challenge");
    const PREFIX: TokenPrefix = TokenPrefix("pcq_");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.0.user)
    }
}

impl Accounts {
    /// Keeps what was proven for the next step.
    pub(crate) async fn challenge(
        &self,
        proven: Proven,
    ) -> Result<FactorRequired, OpenSessionError> {
        let factor = self.0.storage.second_factor(&proven.user.id).await?;
        let has_codes = factor.is_some_and(|factor| factor.recovery_codes > 0);
        let (user, bound) = (proven.user.id.clone(), Bound::to(&proven.user));
        let challenge = Challenge(self.keep_proven(proven).await?);
        let (kept, ticket) = Ticket::new(challenge, bound, LIFETIME, &*self.0.rng);
        self.put_step(ticket).await?;
        self.report(Act::SignIn.refused(Reason::FactorRequired).of(&user));
        let by_code = has_codes.then_some(FactorKind::RecoveryCode);
        Ok(FactorRequired {
            challenge: kept,
            factors: std::iter::once(FactorKind::Totp).chain(by_code).collect(),
        })
    }

    /// Takes the second factor of somebody who has proven the password, and opens a session. Of several answers to one
    /// challenge one opens it.
    pub async fn answer_challenge<C: Carrier>(
        &self,
        answer: ChallengeAnswer,
        carrier: &C,
    ) -> Result<C::Opened, AnswerError> {
        let invalid = || {
            self.report(Act::SignIn.refused(Reason::InvalidChallenge));
            AnswerError::InvalidChallenge
        };
        let sent = PlainToken::parse(Challenge::PREFIX, answer.challenge.expose());
        let sent = sent.map_err(|_| invalid())?;
        let found = self.tickets().look::<Challenge>(&sent).await?;
        let found = found.filter(|found| found.0.is_of(answer.browser.as_ref()));
        let found = found.ok_or_else(invalid)?;
        if !self.may_try_challenge(&sent).await? {
            return Err(invalid());
        }
        let user = readable(self.0.storage.user(&found.0.user).await)?;
        let user = user.filter(|user| found.bound.holds_for(user) && !user.disabled);
        let user = user.ok_or_else(invalid)?;

        // Before the factor is looked at: what forgets devices from here on means this one too.
        let memory = if answer.remember {
            self.to_be_remembered(&user).await
        } else {
            Memory::Nothing
        };
        let method = self
            .prove_factor(Act::SignIn, &user.id, &answer.presented)
            .await?;
        let Some(Taken::Granted(granted)) = self.tickets().take::<Challenge>(&sent).await? else {
            return Err(invalid()); // another answer was faster
        };
        let proven = Proven {
            user,
            authentication: Authentication {
                methods: Methods::PASSWORD.with(method),
                level: Level::Two,
                at: granted.0.at,
            },
            client: answer.client,
            device: granted.0.device,
            browser: answer.browser,
            memory,
            guess: granted.0.settlement(),
        };
        let proven = if answer.keeps_account {
            self.keep_account(proven).await?
        } else {
            self.refuse_closing(proven).await?
        };
        Ok(self.open_session(proven, carrier).await?)
    }

    async fn may_try_challenge(&self, token: &PlainToken) -> Result<bool, storage::Error> {
        self.may_try_step("challenge", token, TRIES).await
    }
}
