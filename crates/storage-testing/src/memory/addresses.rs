use async_trait::async_trait;
use model::{AddressNumber, Timestamp, User, UserId};
use password::PasswordHash;
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Addresses, Error, FeedEntry, Moment,
    Reservations, SaveUserError,
};

use super::MemoryStore;

#[async_trait]
impl Addresses for MemoryStore {
    async fn confirm_address(
        &self,
        proof: AddressProof,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let mut state = self.open()?;
        let row = state.users.get_mut(&proof.user);
        let is_open =
            |user: &User| proof.holds_for(user) && !user.email_verified && user.closes_at.is_none();
        let Some(row) = row.filter(|row| is_open(&row.user)) else {
            return Ok(None);
        };
        row.user.email_verified = true;
        row.user.updated_at = moment.now;
        let user = row.user.clone();
        state.tell(moment.feed_until, [FeedEntry::Changed(proof.user)]);
        Ok(Some(user))
    }

    async fn change_address(
        &self,
        change: AddressChange,
        moment: Moment,
    ) -> Result<AddressChanged, SaveUserError> {
        let mut state = self.open()?;
        let row = state.users.get(&change.user).cloned();
        let is_as_it_was = |user: &User| {
            user.address_number == change.from
                && user.generation == change.at
                && user.closes_at.is_none()
        };
        let Some(mut row) = row.filter(|row| is_as_it_was(&row.user)) else {
            return Ok(AddressChanged::Superseded);
        };
        row.user.address_number = change.from.next();
        let before = Some(&*row.email_key).filter(|key| !key.is_empty());
        let reservations = Reservations::default();
        let undoable = row
            .undoable
            .after(&change, before, &reservations, moment.now);
        let Some(undoable) = undoable else {
            return Ok(AddressChanged::TooMany);
        };
        row.undoable = undoable;
        row.email_key = change.to.key();
        row.user.email = Some(change.to.as_str().to_owned());
        row.user.email_verified = true;
        row.user.updated_at = moment.now;
        let user = row.user.clone();
        state.save(row, moment.now)?;
        state.tell(moment.feed_until, [FeedEntry::Changed(change.user)]);
        Ok(AddressChanged::Changed(user))
    }

    async fn can_undo_address(
        &self,
        user: &UserId,
        change: AddressNumber,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let state = self.open()?;
        let row = state.users.get(user);
        Ok(row.is_some_and(|row| row.undoable.has(change, now)))
    }

    async fn undo_address(
        &self,
        undo: AddressUndo,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let mut state = self.open()?;
        let Some(mut row) = state.users.get(&undo.user).cloned() else {
            return Ok(None);
        };
        let Some(left) = row.undoable.undone(undo.change, moment.now) else {
            return Ok(None);
        };
        let made_at = row.undoable.made_at(undo.change);
        if row.factor_since() >= made_at {
            row.factor = None;
            row.user.second_factor = false;
        }
        row.undoable = left;
        row.email_key = undo.back_to.key();
        row.hash = PasswordHash::from("");
        row.user.is_invited = false;
        row.user.email = Some(undo.back_to.as_str().to_owned());
        row.user.email_verified = true;
        row.user.address_number = row.user.address_number.next();
        row.user.generation = row.user.generation.next();
        row.user.keep = None;
        row.user.closes_at = None;
        row.user.updated_at = moment.now;
        let user = row.user.clone();
        state.save(row, moment.now)?;
        state
            .sessions
            .retain(|_, session| session.user != undo.user);
        let entry = FeedEntry::Generation {
            user: undo.user,
            minimum: user.generation,
            keep: None,
        };
        state.tell(moment.feed_until, [entry]);
        Ok(Some(user))
    }
}
