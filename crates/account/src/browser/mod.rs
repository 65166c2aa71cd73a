//! Signing in and out with a browser: what the pages need besides the use cases of the API.
//!
//! The session behind a cookie is a session like any other, on the same list and the same feed. The
//! cookie is an opaque 256-bit id that is stored hashed; whoever gets hold of an old one has nothing,
//! since it is replaced whenever its owner proves who they are.

mod login;
mod password;
mod reauthenticate;
mod register;
mod visit;

use std::time::Duration;

use futures_util::future::join;
use model::{BrowserCookie, SessionId, Timestamp};
use secret::{PlainToken, TokenPrefix};

use crate::login::Proven;
use crate::settings::FRESHNESS;
use crate::tokens::TokensError;
use crate::{Accounts, Actor, DeviceToken, Refused};

pub use password::Renewed;
pub use register::BrowserRegisterError;

/// The start of every cookie that leads to a session.
pub const COOKIE: TokenPrefix = TokenPrefix("pcb_");

/// A use of a session is noted when it moves its end by more than this: not each request is a write.
const NOTED_AFTER: Duration = Duration::from_hours(1);

/// A session that was opened for a browser.
#[derive(Clone, Debug)]
pub struct BrowserSession {
    /// The value of its cookie.
    pub cookie: PlainToken,
    /// The session.
    pub session: SessionId,
    /// Tells that this browser is known.
    pub device: DeviceToken,
}

/// Who uses a browser, as far as its cookie tells.
#[derive(Clone, Debug)]
pub struct BrowserActor {
    /// The account and session that the cookie leads to.
    pub actor: Actor,
    /// The cookie that says so.
    pub cookie: PlainToken,
}

impl Accounts {
    /// Opens a session behind a cookie for someone who has proven who they are. It takes the place of
    /// the one that the browser had.
    async fn open_browser_session(
        &self,
        proven: Proven,
        previous: Option<&BrowserActor>,
    ) -> Result<BrowserSession, TokensError> {
        let Proven {
            user,
            origin,
            device,
            guess,
        } = proven;
        let now = self.0.clock.now();
        let (cookie, kept) = self.new_cookie(now);
        let mut session = self.new_session(&user, origin, now);
        session.browser = Some(kept);
        let id = session.id;
        let (settled, kept) = join(self.settle(guess), self.keep_session(session)).await;
        settled?;
        kept?;
        self.report_sign_in(&user.id, id);
        if let Some(previous) = previous {
            self.logout(&previous.actor).await?;
        }
        Ok(BrowserSession {
            cookie,
            session: id,
            device: self.issue_device(&user.id, user.generation, device),
        })
    }

    /// Gives the session of `browser` another cookie, which counts as fresh.
    async fn renew_cookie(&self, browser: &BrowserActor) -> Result<PlainToken, Refused> {
        let (cookie, kept) = self.new_cookie(self.0.clock.now());
        let (session, old) = (browser.actor.session, browser.cookie.hashed());
        if self.0.storage.replace_cookie(session, old, kept).await? {
            Ok(cookie)
        } else {
            Err(Refused::Revoked) // it has ended, or someone else has renewed it
        }
    }

    fn new_cookie(&self, now: Timestamp) -> (PlainToken, BrowserCookie) {
        let mut bytes = [0; 32];
        self.0.rng.fill(&mut bytes);
        let cookie = PlainToken::from_bytes(COOKIE, bytes);
        let kept = BrowserCookie {
            hash: cookie.hashed(),
            fresh_until: now.plus(FRESHNESS),
        };
        (cookie, kept)
    }
}
