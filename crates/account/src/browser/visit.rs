//! Who uses a browser.

use jwt::Claims;
use model::{AuthenticationContext, Session, Timestamp};
use secret::PlainToken;

use crate::unreadable::readable;
use crate::{Accounts, Actor, BrowserActor, browser::NOTED_AFTER};

impl Accounts {
    /// Whom the cookie leads to: nobody when its session has ended, by whatever means, or the account
    /// does not accept it. Reads the store, and asks besides what this process has heard.
    ///
    /// # Errors
    /// When the store can't be read, or was not heard for too long.
    pub async fn browser_actor(
        &self,
        cookie: PlainToken,
    ) -> Result<Option<BrowserActor>, storage::Error> {
        let storage = &self.0.storage;
        let Some(session) = storage.session_by_cookie(cookie.hashed()).await? else {
            return Ok(None);
        };
        let Some(user) = readable(storage.user(&session.user).await)? else {
            return Ok(None);
        };
        let now = self.0.clock.now();
        let accepted = user.accepts(session.id, session.generation);
        if session.is_over(now) || !accepted || self.is_revoked(&session)? {
            return Ok(None);
        }
        self.note_visit(&session, now).await;
        let authentication = match session.browser {
            Some(cookie) => AuthenticationContext::just_proven(cookie.authentication),
            None => AuthenticationContext::carried_on(session.authentication),
        };
        let actor = Actor {
            user: session.user,
            session: session.id,
            token: session.pair.access,
            generation: session.generation,
            authentication,
        };
        Ok(Some(BrowserActor { actor, cookie }))
    }

    /// Whether a token of the session would be refused.
    fn is_revoked(&self, session: &Session) -> Result<bool, storage::Error> {
        let revoked = self.0.live.revoked();
        if revoked.is_stale() {
            let reason = "it was not heard for too long".to_owned();
            return Err(storage::Error::Unavailable(reason));
        }
        let (user, jti) = (session.user.as_str(), session.pair.access.as_str());
        let claims = Claims::access(user, jti, session.pair.access_issued_at, 0)
            .with_session(session.id.to_string(), session.generation.0);
        Ok(revoked.is_revoked(&claims))
    }

    /// Moves the end of an unused session on. A store that can't be written to now is no reason to
    /// show nothing: the next visit notes it.
    async fn note_visit(&self, session: &Session, now: Timestamp) {
        let idle_end = now.plus(self.0.settings.refresh_lifetime);
        let until = idle_end.min(session.expires_at).as_seconds();
        let gained = until.saturating_sub(session.pair.refresh_expires);
        if gained <= NOTED_AFTER.as_secs() {
            return;
        }
        let noted = self.0.storage.touch_session(session.id, now, until).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "session activity could not be recorded");
        }
    }
}
