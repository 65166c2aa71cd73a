use async_trait::async_trait;
use model::{Generation, Timestamp, User, UserId};
use storage::{Closing, Closings, Error, FeedEntry, Moment};

use super::{MemoryStore, State};

#[async_trait]
impl Closings for MemoryStore {
    async fn close_user(&self, closing: Closing, moment: Moment) -> Result<Option<User>, Error> {
        let mut state = self.open()?;
        let row = state.users.get_mut(&closing.user);
        let is_as_it_was = |user: &User| user.generation == closing.at && user.is_in_use();
        let Some(row) = row.filter(|row| is_as_it_was(&row.user)) else {
            return Ok(None);
        };
        row.user.closes_at = Some(closing.until);
        Ok(state.revoke(&closing.user, None, moment))
    }

    async fn reopen_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let mut state = self.open()?;
        let row = state.users.get_mut(id);
        let may = |user: &User| user.generation == at && !user.disabled;
        let Some(row) = row.filter(|row| may(&row.user)) else {
            return Ok(None);
        };
        row.user.closes_at = None;
        row.user.updated_at = moment.now;
        let user = row.user.clone();
        state.tell(moment.feed_until, [FeedEntry::Changed(id.clone())]);
        Ok(Some(user))
    }

    async fn due_users(&self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error> {
        let state = self.open()?;
        let users = state.users.values().map(|row| row.user.clone());
        let mut due: Vec<_> = users
            .filter(|user| user.closes_at.is_some_and(|at| at <= now))
            .collect();
        due.sort_by_key(|user| user.closes_at);
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due)
    }

    async fn delete_due_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let is_due = |user: &User| {
            user.generation == at && user.closes_at.is_some_and(|at| at <= moment.now)
        };
        let found = state.users.get(id).is_some_and(|row| is_due(&row.user));
        Ok(found && state.delete(id, moment))
    }
}

impl State {
    /// Deletes an account with all that belongs to it; `false` when it was gone.
    pub(super) fn delete(&mut self, id: &UserId, moment: Moment) -> bool {
        let Some(row) = self.users.remove(id) else {
            return false;
        };
        for (field, key) in row.keys() {
            self.release(field, key, id, moment.now);
        }
        self.sessions.retain(|_, session| session.user != *id);
        let is_theirs = |owner: &Option<UserId>| owner.as_ref() == Some(id);
        self.tickets
            .retain(|_, (ticket, _)| !is_theirs(&ticket.owner));
        self.records
            .retain(|_, (record, _)| !is_theirs(&record.owner));
        self.remove_jobs_of(id);
        self.end_events(id, moment.now);
        self.tell(moment.feed_until, [FeedEntry::Closed(id.clone())]);
        true
    }
}
