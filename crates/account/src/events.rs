//! What happened to an account, for whoever must know it later: a line in the log.
//!
//! Each use case reports what came of it, once, here. An event names accounts and sessions by their ids,
//! and holds no name, no address of mail, no password and no token: lines are kept longer, and read by
//! more people, than accounts are.
//!
//! What the store could not do is no event: that is a failure of the server, and in the log as one.

use std::net::IpAddr;
use std::sync::Arc;

use model::{SessionId, UserId};
use storage::UniqueField;

use crate::Accounts;

/// The target of the lines: `PORTCULLIS_LOG=warn,account::events=info` keeps them alone.
pub const TARGET: &str = "account::events";

/// The request that a use case serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// Its id, by which its other lines are found.
    pub id: String,
    /// The network address of its client.
    pub client: String,
    /// The network that a stranger's share of the hashing pool belongs to: the client's IPv4 address, or the first of
    /// its IPv6 /64. `None` where a trusted back end asks, for whomever: then the name does.
    pub network: Option<IpAddr>,
    /// The languages that its client would read, as it says (`Accept-Language`).
    pub languages: Option<String>,
}

/// What somebody wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Registration,
    SignIn,
    /// The trade of a token that belongs to no session for a session.
    LegacyTokenTrade,
    Refresh,
    SignOut,
    Reauthentication,
    PasswordChange,
    /// A new password by a link.
    PasswordReset,
    /// A sign-up whose address must be confirmed first: there is no account yet.
    SignUp,
    /// An address, or a sign-up, by a link or a code.
    Confirmation,
    /// Another address is asked for.
    AddressRequest,
    /// It is in force.
    AddressChange,
    /// A change of the address is taken back.
    AddressUndo,
    /// A mail to the owner.
    Mail,
    /// An account that an operator makes.
    Invitation,
    /// A link to a new password that an operator hands out.
    ResetLink,
    ProfileChange,
    /// Everything that is held about the owner, to the owner.
    Export,
    SessionEnd,
    OtherSessionsEnd,
    /// The end of every session, by an operator.
    SessionsEnd,
    Disabling,
    Enabling,
    /// The opening of budgets of guesses, by an operator.
    Unlocking,
    Deletion,
    /// An authenticator app.
    FactorEnrolment,
    FactorRemoval,
    /// A recovery code is spent.
    RecoveryCode,
    /// New recovery codes.
    RecoveryCodes,
    /// The account will be deleted, unless its owner comes back.
    Closing,
    /// Its owner came back.
    Keeping,
}

/// Why it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// Registration is closed.
    Closed,
    /// The new password breaks the rules.
    UnacceptablePassword,
    UsernameTaken,
    EmailTaken,
    UnknownAccount,
    /// The account can't be read: another line names it, and says why.
    UnreadableAccount,
    WrongPassword,
    /// The code of the second factor, or a recovery code.
    WrongCode,
    /// The password was right, and the second factor is asked for.
    FactorRequired,
    /// The step between password and second factor is unknown, was used, has expired, or is another client's.
    InvalidChallenge,
    /// The account is switched off.
    Disabled,
    /// The account waits to be deleted.
    DeletionScheduled,
    /// Too many guesses failed: nothing was compared.
    TooManyAttempts,
    /// The user has signed in too often: the password was right.
    TooManySignIns,
    /// The user had the password checked too often: nothing was compared.
    TooManyChecks,
    /// The client, or the user, was told too often that a name or an address is taken: nothing was looked up.
    TooManyTaken,
    /// The link or the code is wrong, was used, or has expired.
    InvalidLink,
    /// The address is not confirmed, and must be.
    EmailUnverified,
    /// Too many changes can still be undone.
    TooManyChanges,
    /// The mail server refuses the address for good.
    Undeliverable,
    /// A used refresh token came again, and ended its session.
    Replayed,
    /// The password was changed in between.
    Superseded,
}

/// Something that happened, or was refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    act: Act,
    refused: Option<Reason>,
    account: Option<&'a UserId>,
    session: Option<SessionId>,
}

impl Act {
    const fn name(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::SignIn => "sign_in",
            Self::LegacyTokenTrade => "legacy_token_trade",
            Self::Refresh => "refresh",
            Self::SignOut => "sign_out",
            Self::Reauthentication => "reauthentication",
            Self::PasswordChange => "password_change",
            Self::PasswordReset => "password_reset",
            Self::SignUp => "sign_up",
            Self::Confirmation => "confirmation",
            Self::AddressRequest => "address_request",
            Self::AddressChange => "address_change",
            Self::AddressUndo => "address_undo",
            Self::Mail => "mail",
            Self::Invitation => "invitation",
            Self::ResetLink => "reset_link",
            Self::ProfileChange => "profile_change",
            Self::Export => "export",
            Self::SessionEnd => "session_end",
            Self::OtherSessionsEnd => "other_sessions_end",
            Self::SessionsEnd => "sessions_end",
            Self::Disabling => "disabling",
            Self::Enabling => "enabling",
            Self::Unlocking => "unlocking",
            Self::Deletion => "deletion",
            Self::FactorEnrolment => "factor_enrolment",
            Self::FactorRemoval => "factor_removal",
            Self::RecoveryCode => "recovery_code_used",
            Self::RecoveryCodes => "recovery_codes_renewed",
            Self::Closing => "deletion_scheduled",
            Self::Keeping => "deletion_cancelled",
        }
    }

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
    const fn code(self) -> &'static str {
        match self {
            Self::Closed => "registration_closed",
            Self::UnacceptablePassword => "unacceptable_password",
            Self::UsernameTaken => "username_taken",
            Self::EmailTaken => "email_taken",
            Self::UnknownAccount => "unknown_account",
            Self::UnreadableAccount => "unreadable_account",
            Self::WrongPassword => "wrong_password",
            Self::WrongCode => "wrong_code",
            Self::FactorRequired => "factor_required",
            Self::InvalidChallenge => "invalid_challenge",
            Self::Disabled => "disabled",
            Self::DeletionScheduled => "deletion_scheduled",
            Self::TooManyAttempts => "too_many_attempts",
            Self::TooManySignIns => "too_many_sign_ins",
            Self::TooManyChecks => "too_many_checks",
            Self::TooManyTaken => "too_many_taken",
            Self::InvalidLink => "invalid_link",
            Self::EmailUnverified => "email_unverified",
            Self::TooManyChanges => "too_many_changes",
            Self::Undeliverable => "undeliverable",
            Self::Replayed => "replayed",
            Self::Superseded => "superseded",
        }
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
    pub(crate) const fn in_session(mut self, id: SessionId) -> Self {
        self.session = Some(id);
        self
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
            reason = self.refused.map(Reason::code),
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
        )
    }

    /// Reports what happened.
    pub(crate) fn report(&self, event: Event<'_>) {
        event.write(None, self.1.as_deref());
    }
}
