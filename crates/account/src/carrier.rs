//! What carries a session: a pair of tokens, or a browser's cookie.
//!
//! Each use case is written once, for both. These are the four points where they differ: what is made when a
//! session opens, which session goes by that, and what takes the place of what carries it when its owner has
//! proven once more who they are. Nobody outside can name the two traits: what they do is done by the use cases.

use jwt::IssueError;
use model::{Authentication, Session, Timestamp};

use crate::{Accounts, Actor, DeviceToken, ReauthenticateError, Refused, RememberedDevice};

/// What is to carry a session that opens: [`Bearer`](crate::Bearer) or [`Cookie`](crate::Cookie).
pub trait Carrier: Sync {
    /// What its owner gets.
    type Opened: Send;

    /// Makes what carries `session`, before it is kept.
    fn carry(
        &self,
        accounts: &Accounts,
        session: &mut Session,
        given: Given,
    ) -> Result<Self::Opened, IssueError>;

    /// Whose session ends when another takes its place.
    fn replaces(&self) -> Option<&Actor>;
}

/// What the owner of a session gets beside what carries it.
#[derive(Debug)]
pub struct Given {
    /// Tells that the device is known.
    pub device: DeviceToken,
    /// Until when the account may sign in without a second factor, which the server requires; nothing where it has one, or
    /// none is required.
    pub enrol_by: Option<Timestamp>,
    /// Stands for the second factor at the next sign-ins on this device, where its owner wanted that.
    pub remembered: Option<RememberedDevice>,
}

/// Someone whose session goes on: an [`Actor`] by tokens, a [`BrowserActor`](crate::BrowserActor) by a cookie.
pub trait Holder: Sync {
    /// What says that they have just proven who they are.
    type Fresh: Send;
    /// What they get when they have changed their password.
    type Renewed: Send;

    /// The account and the session.
    fn actor(&self) -> &Actor;

    /// Says that they have `proven` who they are.
    fn freshen(
        &self,
        accounts: &Accounts,
        session: &Session,
        proven: Authentication,
    ) -> impl Future<Output = Result<Self::Fresh, ReauthenticateError>> + Send;

    /// Puts out whoever has a copy of what carries their session, as far as the change has not done so.
    fn renew(
        &self,
        accounts: &Accounts,
        proven: Authentication,
    ) -> impl Future<Output = Result<Self::Renewed, Refused>> + Send;
}
