//! Opening a session, by whatever somebody has proven who they are.
//!
//! Signing in is a row of steps. Each proves something, in a request of its own where it must be, and gives a
//! [`Proven`] that says how much has been proven so far; the last one opens the session, and demands that it be
//! enough. A way of signing in is another first step, a second factor one between the two: it takes what the
//! first has proven (kept meanwhile as a ticket, for the client that proved it), raises its level, and comes
//! here. Nothing else opens a session but the trade of a token that knows none (`legacy.rs`).

use futures_util::future::join;
use jwt::IssueError;
use model::{Authentication, AuthenticationContext, ClientInfo, Level, User};

use crate::Accounts;
use crate::attempts::Settlement;
use crate::carrier::Carrier;
use crate::device::Nonce;
use crate::events::Act;

/// Someone who has proven who they are, as far as it goes.
pub(crate) struct Proven {
    pub(crate) user: User,
    /// What they have proven so far.
    pub(crate) authentication: Authentication,
    pub(crate) client: ClientInfo,
    /// The known device that they are on.
    pub(crate) device: Option<Nonce>,
    /// The guess that was right, to be settled with the opening of the session.
    pub(crate) guess: Settlement,
}

/// Why no session was opened for someone who has proven who they are.
#[derive(Debug, thiserror::Error)]
pub enum OpenSessionError {
    /// Their account demands more than they have proven.
    #[error("another factor is needed")]
    Insufficient,
    /// The tokens could not be signed.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

/// How much must be proven for a session of this account.
const fn demanded(user: &User) -> Level {
    if user.second_factor {
        Level::Two
    } else {
        Level::One
    }
}

impl Proven {
    /// Whether it is enough for a session.
    pub(crate) fn is_enough(&self) -> bool {
        self.authentication.level >= demanded(&self.user)
    }
}

impl Accounts {
    /// Opens a session for someone who has proven enough.
    pub(crate) async fn open_session<C: Carrier>(
        &self,
        proven: Proven,
        carrier: &C,
    ) -> Result<C::Opened, OpenSessionError> {
        let is_unconfirmed = self.must_confirm_first(&proven.user);
        if !proven.is_enough() || is_unconfirmed {
            // The password was right, but no success: its failures are counted on.
            self.settle(proven.guess.given_back()).await?;
            return Err(OpenSessionError::Insufficient);
        }
        let Proven {
            user,
            authentication,
            client,
            device,
            guess,
        } = proven;
        let context = AuthenticationContext::just_proven(authentication);
        let mut session = self.new_session(&user, context, client, self.0.clock.now());
        let id = session.id;
        let device = self.issue_device(&user.id, user.generation, device);
        let opening = async {
            let opened = carrier.carry(self, &mut session, device)?;
            self.keep_session(session).await?;
            Ok::<_, OpenSessionError>(opened)
        };
        let (settled, opened) = join(self.settle(guess), opening).await;
        settled?; // a session of which nobody is told proves nothing
        let opened = opened?;
        self.report(Act::SignIn.done().of(&user.id).in_session(id));
        if let Some(previous) = carrier.replaces() {
            self.logout(previous).await?;
        }
        Ok(opened)
    }
}
