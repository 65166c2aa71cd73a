//! Enrolling an authenticator app at a sign-in, where the server requires a second factor and the account has none: nobody
//! has a session before it is done.
//!
//! What stands for the password meanwhile is a ticket as in `challenge.rs`, of its own kind. The rest is the enrolment of
//! somebody who is signed in.

use std::time::Duration;

use model::{Authentication, ClientInfo, Level, Method, Methods, User, UserId};
use secret::{HashedToken, PlainToken, Secret, TokenPrefix};
use serde::{Deserialize, Serialize};
use storage::{Allowance, Bound, Carried, Kind, Purpose, Taken, Ticket};

use super::kept::Kept;
use super::{AppLabels, EnrolError, Enrolling, FactorError, Memory, RecoveryCodes};
use crate::carrier::Carrier;
use crate::events::{Act, Reason};
use crate::mailing::address_of;
use crate::opening::Proven;
use crate::unreadable::readable;
use crate::{Accounts, LoginError, OpenSessionError};

/// How long there is to set up an app.
const LIFETIME: Duration = Duration::from_mins(15);

/// Codes that are tried, right or wrong; and secrets that are asked for.
const TRIES: Allowance = Allowance {
    most: 5,
    per: LIFETIME,
};

/// The password was right, and the account must get a second factor first.
#[derive(Debug)]
pub struct EnrolmentRequired {
    /// What stands for the password in the next steps, for fifteen minutes, until one session is opened.
    pub challenge: PlainToken,
}

/// Somebody who enrols at a sign-in.
#[derive(Debug)]
pub struct FirstEnrolment {
    /// The challenge, as it was sent back.
    pub challenge: Secret<String>,
    /// What the browser is known by that has proven the password, where a browser has.
    pub browser: Option<HashedToken>,
}

/// The code that confirms it.
#[derive(Debug)]
pub struct FirstCode {
    /// Who enrols.
    pub of: FirstEnrolment,
    /// The code, as it was typed.
    pub code: Secret<String>,
    /// Where it comes from.
    pub client: ClientInfo,
}

/// Why nothing was enrolled, or nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum EnrolFirstError {
    /// The challenge is unknown, was used, has expired, is another client's, or the account has changed since.
    #[error("the challenge is not good any more")]
    InvalidChallenge,
    /// The address is not confirmed: nobody could recover the password, and then the factor would be lost as well.
    #[error("the address is not confirmed")]
    EmailUnverified,
    /// A server of this store is of a version that asks nobody for a second factor.
    #[error("not every server knows second factors")]
    NotEverywhere,
    /// No secret was asked for, or not within the last fifteen minutes.
    #[error("no enrolment was begun")]
    NotBegun,
    /// The code is wrong.
    #[error(transparent)]
    Factor(#[from] FactorError),
    /// The app is enrolled, and no session was opened all the same.
    #[error(transparent)]
    Login(#[from] LoginError),
}

impl From<storage::Error> for EnrolFirstError {
    fn from(error: storage::Error) -> Self {
        Self::Factor(error.into())
    }
}

impl From<OpenSessionError> for EnrolFirstError {
    fn from(error: OpenSessionError) -> Self {
        Self::Login(error.into())
    }
}

impl From<EnrolError> for EnrolFirstError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::EmailUnverified => Self::EmailUnverified,
            EnrolError::NotBegun => Self::NotBegun,
            EnrolError::NotEverywhere => Self::NotEverywhere,
            EnrolError::Factor(error) => error.into(),
            EnrolError::Refused(crate::Refused::Storage(error)) => error.into(),
            EnrolError::Refused(crate::Refused::Revoked | crate::Refused::NotFresh)
            | EnrolError::LevelTooLow => Self::InvalidChallenge,
        }
    }
}

/// The password was proven, and a second factor is to be enrolled.
#[derive(Serialize, Deserialize)]
struct EnrolFirst(Kept);

impl Purpose for EnrolFirst {
    const KIND: Kind = Kind("enrol_first");
    const PREFIX: TokenPrefix = TokenPrefix("pcn_");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.0.user)
    }
}

/// A challenge that is good, and whose it is.
struct Good {
    sent: PlainToken,
    user: User,
}

impl Accounts {
    /// Whether somebody without a session may enrol for `user`. Where mail is sent an address must be confirmed before; an
    /// account that has none is an operator's to recover, with a second factor or without.
    pub(crate) fn may_enrol_at_sign_in(&self, user: &User) -> bool {
        !self.sends_mail() || user.email_verified || address_of(user).is_none()
    }

    /// Keeps what was proven until a second factor is enrolled.
    pub(crate) async fn require_enrolment(
        &self,
        proven: Proven,
    ) -> Result<EnrolmentRequired, OpenSessionError> {
        let (user, bound) = (proven.user.id.clone(), Bound::to(&proven.user));
        let kept = EnrolFirst(self.keep_proven(proven).await?);
        let (challenge, ticket) = Ticket::new(kept, bound, LIFETIME, &*self.0.rng);
        self.put_step(ticket).await?;
        let refused = Act::SignIn.refused(Reason::EnrolmentRequired);
        self.report(refused.of(&user));
        Ok(EnrolmentRequired { challenge })
    }

    /// Gives an app its secret, at a sign-in that demands that one be enrolled. Asking again gives another one.
    pub async fn begin_first_enrolment(
        &self,
        enrolment: FirstEnrolment,
        labels: AppLabels<'_>,
    ) -> Result<Enrolling, EnrolFirstError> {
        let Good { user, .. } = self.good_for_enrolment(&enrolment, "enrol").await?;
        Ok(self.give_secret(&user, labels).await?)
    }

    /// Enrols the app by a code of it, which can't sign in, and opens a session. Every other session ends; recovery codes
    /// are given, once. Of several confirmations of one challenge one opens it.
    pub async fn confirm_first_enrolment<C: Carrier>(
        &self,
        typed: FirstCode,
        carrier: &C,
    ) -> Result<(C::Opened, RecoveryCodes), EnrolFirstError> {
        let FirstCode { of, code, client } = typed;
        let Good { sent, user } = self.good_for_enrolment(&of, "enrol_confirm").await?;
        let confirmed = self.confirm_code(&user, None, &code).await?;
        let taken = self.tickets().take::<EnrolFirst>(&sent).await?;
        let Some(Taken::Granted(granted)) = taken else {
            return Err(self.no_enrolment()); // another confirmation was faster
        };
        let Some((user, codes)) = self.enrol(&user, None, confirmed).await? else {
            return Err(self.no_enrolment()); // overtaken by another change
        };
        let kept = &granted.0;
        let proven = Proven {
            user,
            authentication: Authentication {
                methods: Methods::PASSWORD.with(Method::OneTimeCode),
                level: Level::Two,
                at: kept.at,
            },
            client,
            device: kept.device,
            browser: of.browser,
            memory: Memory::Nothing,
            guess: kept.settlement(),
        };
        Ok((self.open_session(proven, carrier).await?, codes))
    }

    /// A challenge that may be used for `act` once more.
    async fn good_for_enrolment(
        &self,
        enrolment: &FirstEnrolment,
        act: &str,
    ) -> Result<Good, EnrolFirstError> {
        let sent = PlainToken::parse(EnrolFirst::PREFIX, enrolment.challenge.expose());
        let sent = sent.map_err(|_| self.no_enrolment())?;
        let found: Option<Carried<EnrolFirst>> = self.tickets().look(&sent).await?;
        let found = found.filter(|found| found.0.is_of(enrolment.browser.as_ref()));
        let found = found.ok_or_else(|| self.no_enrolment())?;
        if !self.may_try_step(act, &sent, TRIES).await? {
            return Err(self.no_enrolment());
        }
        let user = readable(self.0.storage.user(&found.0.user).await)?;
        let user = user.filter(|user| found.bound.holds_for(user) && user.is_in_use());
        let user = user.ok_or_else(|| self.no_enrolment())?;
        if user.second_factor {
            return Err(self.no_enrolment()); // it has begun another generation, too
        }
        if !self.may_enrol_at_sign_in(&user) {
            return Err(EnrolFirstError::EmailUnverified); // the address was changed meanwhile
        }
        self.expect_factors_everywhere().await?;
        Ok(Good { sent, user })
    }

    fn no_enrolment(&self) -> EnrolFirstError {
        self.report(Act::SignIn.refused(Reason::InvalidChallenge));
        EnrolFirstError::InvalidChallenge
    }
}
