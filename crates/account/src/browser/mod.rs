//! Sessions that a browser's cookie carries.
//!
//! The session behind a cookie is a session like any other, on the same list and the same feed. The
//! cookie is an opaque 256-bit id that is stored hashed; whoever gets hold of an old one has nothing,
//! since it is replaced whenever its owner proves who they are.

mod visit;

use std::time::Duration;

use jwt::IssueError;
use model::{Authentication, BrowserCookie, Session, SessionId};
use secret::{PlainToken, TokenPrefix};

use crate::carrier::{Carrier, Given, Holder};
use crate::{Accounts, Actor, DeviceToken, ReauthenticateError, Refused, RememberedDevice};

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
    /// Stands for the second factor at the next sign-ins with this browser, where its owner wanted that.
    pub remembered: Option<RememberedDevice>,
}

/// Who uses a browser, as far as its cookie tells.
#[derive(Clone, Debug)]
pub struct BrowserActor {
    /// The account and session that the cookie leads to.
    pub actor: Actor,
    /// The cookie that says so.
    pub cookie: PlainToken,
}

/// A browser's cookie is to carry the session, which takes the place of the one that the browser had.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Who has used the browser so far.
    pub previous: Option<BrowserActor>,
}

impl Carrier for Cookie {
    type Opened = BrowserSession;

    fn carry(
        &self,
        accounts: &Accounts,
        session: &mut Session,
        given: Given,
    ) -> Result<BrowserSession, IssueError> {
        let proven = session.authentication;
        let (cookie, kept) = accounts.new_cookie(match session.pair.fresh_until {
            Some(_) => proven,
            None => proven.no_longer_fresh(),
        });
        session.browser = Some(kept);
        Ok(BrowserSession {
            cookie,
            session: session.id,
            device: given.device,
            remembered: given.remembered,
        })
    }

    fn replaces(&self) -> Option<&Actor> {
        self.previous.as_ref().map(|previous| &previous.actor)
    }
}

impl Holder for BrowserActor {
    type Fresh = PlainToken;
    type Renewed = PlainToken;

    fn actor(&self) -> &Actor {
        &self.actor
    }

    async fn freshen(
        &self,
        accounts: &Accounts,
        _: &Session,
        proven: Authentication,
    ) -> Result<PlainToken, ReauthenticateError> {
        Ok(accounts.renew_cookie(self, proven).await?)
    }

    async fn renew(
        &self,
        accounts: &Accounts,
        proven: Authentication,
    ) -> Result<PlainToken, Refused> {
        accounts.renew_cookie(self, proven).await
    }
}

impl Accounts {
    /// Gives the session of `browser` another cookie, of which its owner has just `proven` to be that.
    async fn renew_cookie(
        &self,
        browser: &BrowserActor,
        proven: Authentication,
    ) -> Result<PlainToken, Refused> {
        let (cookie, kept) = self.new_cookie(proven);
        let (session, old) = (browser.actor.session, browser.cookie.hashed());
        if self.0.storage.replace_cookie(session, old, kept).await? {
            Ok(cookie)
        } else {
            Err(Refused::Revoked) // it has ended, or someone else has renewed it
        }
    }

    fn new_cookie(&self, authentication: Authentication) -> (PlainToken, BrowserCookie) {
        let mut bytes = [0; 32];
        self.0.rng.fill(&mut bytes);
        let cookie = PlainToken::from_bytes(COOKIE, bytes);
        let kept = BrowserCookie {
            hash: cookie.hashed(),
            authentication,
        };
        (cookie, kept)
    }
}
