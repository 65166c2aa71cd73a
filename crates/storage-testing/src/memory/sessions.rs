use async_trait::async_trait;
use model::{BrowserCookie, Session, SessionId, Timestamp, TokenId, UserId};
use secret::HashedToken;
use storage::rotation::{Decision, decide};
use storage::{Error, FeedEntry, Moment, Rotated, Rotation, Sessions, SpentToken};

use super::{MemoryStore, State};

#[async_trait]
impl Sessions for MemoryStore {
    async fn open_session(
        &self,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<(), Error> {
        self.open()?.begin(session, limit, moment);
        Ok(())
    }

    async fn open_session_once(
        &self,
        token: SpentToken,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let is_first = state.spend(token);
        if is_first {
            state.begin(session, limit, moment);
        }
        Ok(is_first)
    }

    async fn spend_token(&self, token: SpentToken) -> Result<bool, Error> {
        Ok(self.open()?.spend(token))
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        Ok(self.open()?.sessions.get(&id).cloned())
    }

    async fn session_by_cookie(&self, cookie: HashedToken) -> Result<Option<Session>, Error> {
        let state = self.open()?;
        let mut sessions = state.sessions.values();
        Ok(sessions.find(|session| session.has_cookie(cookie)).cloned())
    }

    async fn replace_cookie(
        &self,
        id: SessionId,
        old: HashedToken,
        new: BrowserCookie,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        match state.sessions.get_mut(&id) {
            Some(session) if session.has_cookie(old) => {
                session.browser = Some(new);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        refresh_expires: u64,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        match state.sessions.get_mut(&id) {
            Some(session) if session.browser.is_some() && !session.is_over(now) => {
                session.last_used_at = session.last_used_at.max(now);
                let pair = &mut session.pair;
                pair.refresh_expires = pair.refresh_expires.max(refresh_expires);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
        let mut theirs = self.open()?.of(user);
        theirs.retain(|session| !session.is_over(now));
        theirs.sort_by_key(|session| std::cmp::Reverse((session.last_used_at, session.id)));
        Ok(theirs)
    }

    async fn rotate(&self, rotation: Rotation, moment: Moment) -> Result<Rotated, Error> {
        let mut state = self.open()?;
        let session = state.sessions.get(&rotation.session).cloned();
        let user = state.users.get(&rotation.user).map(|row| row.user.clone());
        Ok(
            match (
                decide(&rotation, session.as_ref(), user.as_ref(), moment),
                session,
            ) {
                (Decision::Renew(renewed), _) => {
                    state.sessions.insert(renewed.id, (*renewed).clone());
                    Rotated::Renewed(*renewed)
                }
                (Decision::Repeat, Some(session)) => Rotated::Repeated(session),
                (Decision::RenewAccess(renewed), _) => {
                    state.sessions.insert(renewed.id, (*renewed).clone());
                    Rotated::Repeated(*renewed)
                }
                (Decision::End, _) => {
                    state.end(vec![rotation.session], moment);
                    Rotated::Replayed
                }
                (Decision::Refuse | Decision::Repeat, _) => Rotated::Refused,
            },
        )
    }

    async fn note_handed_out(
        &self,
        id: SessionId,
        refresh: TokenId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        match state.sessions.get_mut(&id) {
            Some(session) if session.pair.refresh == refresh && !session.is_handed_out() => {
                session.handing = None;
                session.rotated_at = now;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        moment: Moment,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let owner = state.sessions.get(&id).map(|session| session.user.clone());
        if owner.as_ref().is_some_and(|owner| owner != user) {
            return Ok(false);
        }
        state.end(vec![id], moment);
        Ok(owner.is_some())
    }

    async fn end_other_sessions(
        &self,
        user: &UserId,
        keep: SessionId,
        moment: Moment,
    ) -> Result<u64, Error> {
        let mut state = self.open()?;
        let others: Vec<_> = state
            .of(user)
            .iter()
            .map(|session| session.id)
            .filter(|id| *id != keep)
            .collect();
        let count = others.len() as u64;
        state.end(others, moment);
        Ok(count)
    }
}

impl State {
    fn of(&self, user: &UserId) -> Vec<Session> {
        self.sessions
            .values()
            .filter(|session| session.user == *user)
            .cloned()
            .collect()
    }

    fn begin(&mut self, session: Session, limit: u32, moment: Moment) {
        let user = session.user.clone();
        self.sessions.insert(session.id, session);
        let mut theirs = self.of(&user);
        theirs.sort_by_key(|session| (session.created_at, session.id));
        let over = theirs
            .len()
            .saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        let ended = theirs
            .into_iter()
            .take(over)
            .map(|session| session.id)
            .collect();
        self.end(ended, moment);
    }

    /// Whether the token was not spent before.
    fn spend(&mut self, SpentToken { id, until }: SpentToken) -> bool {
        if self.spent.contains_key(&id) {
            return false;
        }
        self.spent.insert(id.clone(), until);
        self.tell(until, [FeedEntry::Token(id)]);
        true
    }

    fn end(&mut self, ids: Vec<SessionId>, moment: Moment) {
        for id in &ids {
            self.sessions.remove(id);
        }
        self.tell(moment.feed_until, ids.into_iter().map(FeedEntry::Session));
    }
}
