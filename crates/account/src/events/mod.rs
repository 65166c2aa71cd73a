//! What happened to an account, for whoever must know it later: a line in the log, and a link in the chain of the account.
//!
//! Each use case reports what came of it, once, here. An event names accounts and sessions by their ids,
//! and holds no name, no address of mail, no password and no token: lines are kept longer, and read by
//! more people, than accounts are.
//!
//! What the store could not do is no event: that is a failure of the server, and in the log as one.

mod entry;
mod own;
#[cfg(test)]
mod tests;
mod trail;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Rng, SessionId, UserId};
use storage::UniqueField;

use crate::Accounts;
use crate::outbox::share_of;
use trail::Kept;

pub use entry::Happened;
pub(crate) use own::page;
pub use own::{AccountEvent, EventPage};
pub(crate) use trail::Trail;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// The target of the lines: `PORTCULLIS_LOG=warn,account::events=info` keeps them alone.
pub const TARGET: &str = "account::events";

/// The request that a use case serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// Its id, by which its other lines are found.
    pub id: String,
    /// The network address of its client.
    pub client: String,
    /// What its client says that it is (`User-Agent`), bounded by whoever reads it.
    pub agent: String,
    /// The network that a stranger's share of the hashing pool belongs to: the client's IPv4 address, or the first of
    /// its IPv6 /64. `None` where a trusted back end asks, for whomever: then the name does.
    pub network: Option<IpAddr>,
    /// The languages that its client would read, as it says (`Accept-Language`).
    pub languages: Option<String>,
}

/// An enum whose variants have names, which stand in lines and in the store: they never change.
macro_rules! named {
    ($(#[$doc:meta])* pub(crate) enum $enum:ident { $($(#[$about:meta])* $variant:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $enum {
            $($(#[$about])* $variant,)+
        }

        impl $enum {
            /// The names of all.
            pub(crate) const NAMES: &[&str] = &[$($name),+];

            const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

named! {
    /// What somebody wanted.
    pub(crate) enum Act {
        Registration = "registration",
        SignIn = "sign_in",
        /// The trade of a token that belongs to no session for a session.
        LegacyTokenTrade = "legacy_token_trade",
        Refresh = "refresh",
        SignOut = "sign_out",
        Reauthentication = "reauthentication",
        PasswordChange = "password_change",
        /// A new password by a link.
        PasswordReset = "password_reset",
        /// A sign-up whose address must be confirmed first: there is no account yet.
        SignUp = "sign_up",
        /// An address, or a sign-up, by a link or a code.
        Confirmation = "confirmation",
        /// Another address is asked for.
        AddressRequest = "address_request",
        /// It is in force.
        AddressChange = "address_change",
        /// A change of the address is taken back.
        AddressUndo = "address_undo",
        /// A mail to the owner.
        Mail = "mail",
        /// An account that an operator makes.
        Invitation = "invitation",
        /// A link to a new password that an operator hands out.
        ResetLink = "reset_link",
        ProfileChange = "profile_change",
        /// Everything that is held about the owner, to the owner.
        Export = "export",
        SessionEnd = "session_end",
        OtherSessionsEnd = "other_sessions_end",
        /// The end of every session, by an operator.
        SessionsEnd = "sessions_end",
        Disabling = "disabling",
        Enabling = "enabling",
        /// The opening of budgets of guesses, by an operator.
        Unlocking = "unlocking",
        Deletion = "deletion",
        /// An authenticator app.
        FactorEnrolment = "factor_enrolment",
        FactorRemoval = "factor_removal",
        /// A recovery code is spent.
        RecoveryCode = "recovery_code_used",
        /// New recovery codes.
        RecoveryCodes = "recovery_codes_renewed",
        /// The second factor isn't asked for on a device any more.
        DeviceRemembered = "device_remembered",
        /// It is, on every device.
        DevicesForgotten = "devices_forgotten",
        /// The account will be deleted, unless its owner comes back.
        Closing = "deletion_scheduled",
        /// Its owner came back.
        Keeping = "deletion_cancelled",
    }
}

named! {
    /// Why it was refused.
    pub(crate) enum Reason {
        /// Registration is closed.
        Closed = "registration_closed",
        /// The new password breaks the rules.
        UnacceptablePassword = "unacceptable_password",
        UsernameTaken = "username_taken",
        EmailTaken = "email_taken",
        UnknownAccount = "unknown_account",
        /// The account can't be read: another line names it, and says why.
        UnreadableAccount = "unreadable_account",
        WrongPassword = "wrong_password",
        /// The code of the second factor, or a recovery code.
        WrongCode = "wrong_code",
        /// The password was right, and the second factor is asked for.
        FactorRequired = "factor_required",
        /// The password was right, and the account must get a second factor first.
        EnrolmentRequired = "factor_enrolment_required",
        /// The step between password and second factor is unknown, was used, has expired, or is another client's.
        InvalidChallenge = "invalid_challenge",
        /// The account is switched off.
        Disabled = "disabled",
        /// The account waits to be deleted.
        DeletionScheduled = "deletion_scheduled",
        /// Too many guesses failed: nothing was compared.
        TooManyAttempts = "too_many_attempts",
        /// The user has signed in too often: the password was right.
        TooManySignIns = "too_many_sign_ins",
        /// The user had the password checked too often: nothing was compared.
        TooManyChecks = "too_many_checks",
        /// The client, or the user, was told too often that a name or an address is taken: nothing was looked up.
        TooManyTaken = "too_many_taken",
        /// The link or the code is wrong, was used, or has expired.
        InvalidLink = "invalid_link",
        /// The address is not confirmed, and must be.
        EmailUnverified = "email_unverified",
        /// Too many changes can still be undone.
        TooManyChanges = "too_many_changes",
        /// The mail server refuses the address for good.
        Undeliverable = "undeliverable",
        /// A used refresh token came again, and ended its session.
        Replayed = "replayed",
        /// The password was changed in between.
        Superseded = "superseded",
    }
}

/// The names of everything that is reported of accounts.
pub const EVENT_NAMES: &[&str] = Act::NAMES;

/// The names of everything for which it may be refused.
pub const REASON_NAMES: &[&str] = Reason::NAMES;

/// Something that happened, or was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    act: Act,
    refused: Option<Reason>,
    account: Option<&'a UserId>,
    session: Option<SessionId>,
}

impl Act {
    /// It was done.
    pub(crate) const fn done(self) -> Event<'static> {
        self.event(None)
    }

    /// It was refused.
    pub(crate) const fn refused(self, reason: Reason) -> Event<'static> {
        self.event(Some(reason))
    }

    const fn event(self, refused: Option<Reason>) -> Event<'static> {
        Event {
            act: self,
            refused,
            account: None,
            session: None,
        }
    }
}

impl Reason {
    /// Whether the password was right, and a next step is asked for: that is in the answer, so it needs no hiding.
    const fn is_a_step(self) -> bool {
        matches!(self, Self::FactorRequired | Self::EnrolmentRequired)
    }
}

impl From<UniqueField> for Reason {
    fn from(field: UniqueField) -> Self {
        match field {
            UniqueField::Username => Self::UsernameTaken,
            UniqueField::Email => Self::EmailTaken,
        }
    }
}

impl<'a> Event<'a> {
    /// The account is `id`.
    pub(crate) const fn of(self, id: &'a UserId) -> Self {
        self.of_any(Some(id))
    }

    /// The account is `id`, where one is known.
    pub(crate) const fn of_any(mut self, id: Option<&'a UserId>) -> Self {
        self.account = id;
        self
    }

    /// The session is `id`.
    pub(crate) const fn in_session(self, id: SessionId) -> Self {
        self.in_any_session(Some(id))
    }

    /// The session is `id`, where there is one.
    pub(crate) const fn in_any_session(mut self, id: Option<SessionId>) -> Self {
        self.session = id;
        self
    }

    /// What it is counted as, where so many of a day are kept: strangers can be refused without end, and most of what its owner can
    /// do may be done by whoever has got hold of a token. Sign-ins are all kept, which take the password and have limits of
    /// their own.
    fn bounded_sort(&self) -> Option<&'static str> {
        match self.refused {
            None => (self.act != Act::SignIn).then(|| self.act.name()),
            Some(reason) if reason.is_a_step() || reason == Reason::WrongCode => {
                Some(reason.name())
            }
            Some(_) => Some("refused"),
        }
    }

    /// Writes the line: who did it, where it wasn't whoever the account belongs to, and the request that it came of.
    pub(crate) fn write(self, by: Option<&'static str>, request: Option<&RequestInfo>) {
        let outcome = if self.refused.is_none() {
            "done"
        } else {
            "refused"
        };
        tracing::info!(
            target: TARGET,
            event = self.act.name(),
            outcome,
            reason = self.refused.map(Reason::name),
            by,
            account = self.account.map(UserId::as_str),
            session = self.session.map(tracing::field::display),
            client = request.map(|request| &*request.client),
            request_id = request.map(|request| &*request.id),
            "{} {outcome}", self.act.name()
        );
    }
}

impl Accounts {
    /// The same, for one request: what comes of it is reported with its id.
    #[must_use]
    pub fn serving(&self, request: RequestInfo) -> Self {
        Self(
            Arc::clone(&self.0),
            Some(Arc::new(request)),
            Arc::clone(&self.2),
            Arc::clone(&self.3),
            Arc::clone(&self.4),
        )
    }

    /// Reports what happened.
    pub(crate) fn report(&self, event: Event<'_>) {
        let request = self.1.as_deref();
        event.write(None, request);
        let Some(account) = event.account.filter(|_| self.keeps(&event)) else {
            return;
        };
        let mut happened = Happened::of(&event, None, request);
        let now = self.0.clock.now();
        if let Some(sort) = event.bounded_sort() {
            match self.3.count(account, sort, now.as_seconds() / DAY) {
                Kept::All => {}
                Kept::Last => happened.more = true,
                Kept::No => return,
            }
        }
        let after = if event.refused.is_some_and(|reason| !reason.is_a_step()) {
            share_of(self.0.settings.mail_delay, &*self.0.rng)
        } else {
            Duration::ZERO
        };
        match happened.to_stored(now, &*self.0.rng) {
            Ok(stored) => self.3.take(account, stored, after),
            Err(error) => tracing::error!(%error, "an event can't be written"),
        }
    }

    /// Reports what was done, and waits until it is in the store, a short while at most: what was acknowledged is found there.
    pub(crate) async fn report_kept(&self, event: Event<'_>) {
        self.report(event);
        let Some(account) = event.account.filter(|_| self.keeps(&event)) else {
            return;
        };
        if !self.3.settled(account).await {
            tracing::warn!(%account, "an event is not in the store yet");
        }
    }

    /// Whether an event becomes a link of its account's chain. The end of an account ends its chain in the store.
    fn keeps(&self, event: &Event<'_>) -> bool {
        self.0.settings.keep_events.is_some() && !matches!(event.act, Act::Deletion)
    }

    /// Writes events into the store, for as long as it is polled: what happened is in the log at once, and there soon after.
    pub async fn keep_events(&self) {
        self.3.write(&*self.0.storage).await;
    }

    /// Waits until every event is in the store, no longer than `bound`.
    pub async fn drain_events(&self, bound: Duration) {
        if tokio::time::timeout(bound, self.3.drain()).await.is_err() {
            let left = self.3.waiting();
            tracing::error!(
                left,
                "events could not be written: they are in the log only"
            );
        }
    }
}

/// Who did it, where that was an operator.
pub(crate) const BY_OPERATOR: Option<&str> = Some("operator");

/// Has the store keep what an operator did.
pub(crate) async fn keep_of_operator(
    storage: &dyn storage::Storage,
    clock: &dyn Clock,
    rng: &dyn Rng,
    event: Event<'_>,
) {
    let Some(account) = event
        .account
        .filter(|_| !matches!(event.act, Act::Deletion))
    else {
        return;
    };
    let stored = Happened::of(&event, BY_OPERATOR, None).to_stored(clock.now(), rng);
    let kept = match stored {
        Ok(stored) => storage.append_events(account, vec![stored]).await,
        Err(error) => Err(storage::Error::Backend(Box::new(error))),
    };
    if let Err(error) = kept {
        tracing::error!(%error, %account, "an event could not be written: it is in the log only");
    }
}
