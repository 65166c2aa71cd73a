//! Sessions.

use async_trait::async_trait;
use model::{BrowserCookie, Session, SessionId, Timestamp, TokenId, UserId};
use secret::HashedToken;

use crate::{Error, Moment, Rotated, Rotation};

/// A token that belongs to no session and was used up: it opens none any more, and is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentToken {
    /// Its `jti`.
    pub id: TokenId,
    /// When it would be refused anyway, so that it may be forgotten.
    pub until: Timestamp,
}

/// Sessions and their refresh tokens.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a session that was opened. When its user then has more than `limit`, the oldest end.
    /// When the account has gone meanwhile, the session is of no use, kept or not.
    async fn open_session(&self, session: Session, limit: u32, moment: Moment)
    -> Result<(), Error>;

    /// Opens a session for a token that belongs to none, and spends the token, in one step: `false`,
    /// and nothing is kept, when it was spent before. The feed hears that the token is refused; the
    /// rest is as with [`open_session`](Self::open_session).
    ///
    /// A backend that can't do both in one step spends first: a token whose session was lost by a
    /// crash in between stays spent.
    async fn open_session_once(
        &self,
        token: SpentToken,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<bool, Error>;

    /// Spends a token that belongs to no session; `false` when it was spent before. The feed hears
    /// that it is refused.
    async fn spend_token(&self, token: SpentToken) -> Result<bool, Error>;

    /// The session with this id, also when it is over by age.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, Error>;

    /// The session that this cookie leads to, also when it is over by age.
    async fn session_by_cookie(&self, cookie: HashedToken) -> Result<Option<Session>, Error>;

    /// Puts `new` in place of the cookie `old` of a session; `false` when the session has another
    /// one, or is gone: of two that replace the same cookie at once, one does.
    async fn replace_cookie(
        &self,
        id: SessionId,
        old: HashedToken,
        new: BrowserCookie,
    ) -> Result<bool, Error>;

    /// Notes that a browser uses its session, so that it ends no sooner than `refresh_expires` (Unix
    /// seconds, not after the session's own end). Nothing ever gets shorter by it, a session that is
    /// over at `now` stays over, and one without a cookie is left alone: `false` then.
    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        refresh_expires: u64,
    ) -> Result<bool, Error>;

    /// The sessions of a user that are not over by age at `now`, the one used last first.
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error>;

    /// Uses a refresh token, by the rules of [`crate::rotation`].
    async fn rotate(&self, rotation: Rotation, moment: Moment) -> Result<Rotated, Error>;

    /// Notes that an answer with the pair of this refresh token has begun to leave for its owner: from
    /// `now` on the token before it may be repeated for the grace, and no longer. `false` when there is
    /// nothing to note: it was noted before, or the session has another pair or is gone.
    async fn note_handed_out(
        &self,
        id: SessionId,
        refresh: TokenId,
        now: Timestamp,
    ) -> Result<bool, Error>;

    /// Ends a session of `user`; `false` when `user` has no such session. The feed hears of it also
    /// when there is no row, so that tokens of a session whose row has gone are refused too; of a
    /// session that belongs to another account it hears nothing.
    async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        moment: Moment,
    ) -> Result<bool, Error>;

    /// Ends every session of `user` but `keep`, and says how many.
    async fn end_other_sessions(
        &self,
        user: &UserId,
        keep: SessionId,
        moment: Moment,
    ) -> Result<u64, Error>;
}
