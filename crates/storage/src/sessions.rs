//! Sessions.

use async_trait::async_trait;
use model::{Session, SessionId, Timestamp, UserId};

use crate::{Error, Moment, Rotated, Rotation};

/// Sessions and their refresh tokens.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Keeps a session that was opened. When its user then has more than `limit`, the oldest end.
    /// When the account has gone meanwhile, the session is of no use, kept or not.
    async fn open_session(&self, session: Session, limit: u32, moment: Moment)
    -> Result<(), Error>;

    /// The session with this id, also when it is over by age.
    async fn session(&self, id: SessionId) -> Result<Option<Session>, Error>;

    /// The sessions of a user that are not over by age at `now`, the one used last first.
    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error>;

    /// Uses a refresh token, by the rules of [`crate::rotation`].
    async fn rotate(&self, rotation: Rotation, moment: Moment) -> Result<Rotated, Error>;

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
