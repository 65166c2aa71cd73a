use std::collections::BTreeMap;

use async_trait::async_trait;
use model::{Credentials, Timestamp, User, UserId};
use password::PasswordHash;
use storage::{
    Enabled, Error, FeedEntry, ListUsersError, LoginName, Moment, NewUser, PasswordChange,
    PasswordChanged, ProfileChange, Reservations, SaveUserError, Undoable, UniqueField,
    UserListing, UserPage, Users,
};

use super::{MemoryStore, Row, State};

#[async_trait]
impl Users for MemoryStore {
    async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError> {
        let mut state = self.open()?;
        let user = new.account();
        if state.users.contains_key(&user.id) {
            return Err(SaveUserError::Exists);
        }
        let row = Row {
            user: user.clone(),
            hash: new.hash,
            username_key: new.username.key().as_str().to_owned(),
            email_key: new.email.key(),
            undoable: Undoable::default(),
            factor: None,
        };
        state.save(row, new.now)?;
        Ok(user)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        Ok(self.open()?.users.get(id).map(|row| row.user.clone()))
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<Credentials>, Error> {
        Ok(self.open()?.users.get(id).map(Row::credentials))
    }

    async fn credentials_by_login(&self, name: &LoginName) -> Result<Option<Credentials>, Error> {
        let state = self.open()?;
        let rows = || state.users.values();
        let exact = rows().find(|row| row.user.username.as_ref() == Some(&name.exact));
        let mut alike = rows().filter(|row| Some(&row.username_key) == name.username_key.as_ref());
        let alike = alike.next().filter(|_| alike.next().is_none());
        let addressed = rows().find(|row| Some(&row.email_key) == name.email_key.as_ref());
        Ok(exact.or(alike).or(addressed).map(Row::credentials))
    }

    async fn change_profile(
        &self,
        id: &UserId,
        change: ProfileChange,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let mut state = self.open()?;
        let row = state.users.get(id).cloned();
        let Some(mut row) = row.filter(|row| row.user.closes_at.is_none()) else {
            return Ok(None);
        };
        if let Some(username) = &change.username {
            username.key().as_str().clone_into(&mut row.username_key);
        }
        if let Some(email) = &change.email {
            row.email_key = email.key();
        }
        let user = change.applied_to(&row.user, moment.now);
        row.user = user.clone();
        state.save(row, moment.now)?;
        state.tell(moment.feed_until, [FeedEntry::Changed(id.clone())]);
        Ok(Some(user))
    }

    async fn upgrade_hash(
        &self,
        id: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        match state.users.get_mut(id) {
            Some(row) if row.hash.expose() == from.expose() => {
                row.hash = to.clone();
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error> {
        let mut state = self.open()?;
        let Some(row) = state.users.get_mut(&change.user) else {
            return Ok(PasswordChanged::Superseded);
        };
        if !change.holds_for(&row.user) {
            return Ok(PasswordChanged::Superseded);
        }
        let minimum = change.at.next();
        row.user.is_invited = change.hash.is_not_chosen();
        row.hash = change.hash;
        row.user.generation = minimum;
        row.user.keep = change.keep;
        row.user.closes_at = None;
        row.user.email_verified |= change.proven.is_some();
        row.user.updated_at = moment.now;
        let (user, keep) = (change.user, change.keep);
        state
            .sessions
            .retain(|id, session| session.user != user || Some(*id) == keep);
        state.tell(
            moment.feed_until,
            [FeedEntry::Generation {
                user,
                minimum,
                keep,
            }],
        );
        Ok(PasswordChanged::Changed)
    }

    async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error> {
        Ok(self.open()?.delete(id, moment))
    }

    async fn disable_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        Ok(self.open()?.revoke(id, Some(true), moment))
    }

    async fn enable_user(&self, id: &UserId, moment: Moment) -> Result<Enabled, Error> {
        Ok(self.open()?.enable(id, moment))
    }

    async fn revoke_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        Ok(self.open()?.revoke(id, None, moment))
    }

    async fn list_users(&self, listing: UserListing) -> Result<UserPage, ListUsersError> {
        self.open()?.list(&listing)
    }

    async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error> {
        if self.is_uncountable {
            return Err(Error::Unavailable("it did not answer in time".to_owned()));
        }
        let mut counts = BTreeMap::new();
        for row in self.open()?.users.values() {
            if let Ok(kind) = row.hash.kind() {
                *counts.entry(kind.to_string()).or_default() += 1;
            }
        }
        Ok(counts.into_iter().collect())
    }
}

impl Row {
    pub(super) fn keys(&self) -> [(UniqueField, &str); 2] {
        [
            (UniqueField::Username, &self.username_key),
            (UniqueField::Email, &self.email_key),
        ]
    }

    fn credentials(&self) -> Credentials {
        Credentials {
            user: self.user.clone(),
            hash: self.hash.clone(),
        }
    }
}

impl State {
    pub(super) fn save(&mut self, row: Row, now: Timestamp) -> Result<(), SaveUserError> {
        let id = row.user.id.clone();
        let before = self.users.get(&id).cloned();
        let had = |key: &(UniqueField, &str)| before.iter().any(|row| row.keys().contains(key));
        for new in row.keys().into_iter().filter(|key| !had(key)) {
            let mut others = self.users.values().filter(|other| other.user.id != id);
            let (field, key) = new;
            if others.any(|other| other.keys().contains(&new))
                || self.is_reserved(field, key, before.as_ref().map(|_| &id), now)
            {
                return Err(SaveUserError::Taken(field));
            }
        }
        let before = before.iter().flat_map(Row::keys);
        for (field, key) in before.filter(|key| !row.keys().contains(key)) {
            self.release(field, key, &id, now);
        }
        self.users.insert(id, row);
        Ok(())
    }

    fn is_reserved(
        &self,
        field: UniqueField,
        key: &str,
        id: Option<&UserId>,
        now: Timestamp,
    ) -> bool {
        let mut wanted = Reservations::default().wanted(field, key, id).into_iter();
        wanted.any(|wanted| {
            let kept = self.released.get(&wanted.name);
            kept.is_some_and(|(owner, until)| *owner != wanted.owner && *until > now)
        })
    }

    pub(super) fn release(&mut self, field: UniqueField, key: &str, id: &UserId, now: Timestamp) {
        if let Some(released) = Reservations::default().released(field, key, id) {
            let until = now.plus(Reservations::LIFETIME);
            self.released.insert(released.name, (released.owner, until));
        }
    }
}
