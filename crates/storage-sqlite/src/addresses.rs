//! The addresses of accounts.

use std::sync::Arc;

use async_trait::async_trait;
use model::{AddressNumber, Credentials, EmailAddress, Generation, Timestamp, User, UserId};
use rusqlite::{Connection, named_params};
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Addresses, Error, FeedEntry, Moment,
    Reservations, SaveUserError, Undoable, UniqueField,
};

use crate::SqliteStore;
use crate::query::{execute, first, integer};
use crate::released::{keys_of, refuse_reserved, release};
use crate::users::{find, refuse_taken_email};
use crate::writer::Change;
use crate::{factors, sessions};

const TABLE: &str = "users";

#[async_trait]
impl Addresses for SqliteStore {
    async fn confirm_address(
        &self,
        proof: AddressProof,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        self.writer
            .write(move |change| confirm(change, proof, moment))
            .await
    }

    async fn change_address(
        &self,
        change: AddressChange,
        moment: Moment,
    ) -> Result<AddressChanged, SaveUserError> {
        let reservations = Arc::clone(&self.reservations);
        self.writer
            .write(move |writing| replace(writing, &change, &reservations, moment))
            .await
    }

    async fn undo_address(
        &self,
        undo: AddressUndo,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let reservations = Arc::clone(&self.reservations);
        self.writer
            .write(move |change| take_back(change, &undo, &reservations, moment))
            .await
    }

    async fn can_undo_address(
        &self,
        user: &UserId,
        change: AddressNumber,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let id = user.clone();
        let found = self
            .readers
            .read(move |connection| undoable(connection, &id));
        Ok(found.await?.has(change, now))
    }
}

fn confirm(
    change: &mut Change<'_>,
    proof: AddressProof,
    moment: Moment,
) -> Result<Option<User>, Error> {
    let connection = change.connection();
    let user = account(connection, &proof.user)?;
    let is_open =
        |user: &User| proof.holds_for(user) && !user.email_verified && user.closes_at.is_none();
    let Some(mut user) = user.filter(is_open) else {
        return Ok(None);
    };
    user.email_verified = true;
    user.updated_at = moment.now;
    execute(
        connection,
        "UPDATE users SET email_verified = 1, updated_at = ?2 WHERE id = ?1",
        (user.id.as_str(), moment.now.as_millis()),
    )?;
    change.tell(FeedEntry::Changed(proof.user), moment.feed_until)?;
    Ok(Some(user))
}

fn replace(
    writing: &mut Change<'_>,
    change: &AddressChange,
    reservations: &Reservations,
    moment: Moment,
) -> Result<AddressChanged, SaveUserError> {
    let connection = writing.connection();
    let is_as_it_was = |user: &User| {
        user.address_number == change.from
            && user.generation == change.at
            && user.closes_at.is_none()
    };
    let Some(mut user) = account(connection, &change.user)?.filter(is_as_it_was) else {
        return Ok(AddressChanged::Superseded);
    };
    let before = keys_of(connection, &user.id)?.email;
    let undoable = undoable(connection, &user.id)?;
    let Some(undoable) = undoable.after(change, before.as_deref(), reservations, moment.now) else {
        return Ok(AddressChanged::TooMany);
    };
    let number = change.from.next();
    exchange(connection, &user, &change.to, reservations, moment)?;
    write(connection, &mut user, &change.to, number, &undoable, moment)?;
    writing.tell(FeedEntry::Changed(user.id.clone()), moment.feed_until)?;
    Ok(AddressChanged::Changed(user))
}

fn take_back(
    change: &mut Change<'_>,
    undo: &AddressUndo,
    reservations: &Reservations,
    moment: Moment,
) -> Result<Option<User>, SaveUserError> {
    let connection = change.connection();
    let Some(mut user) = account(connection, &undo.user)? else {
        return Ok(None);
    };
    let undoable = undoable(connection, &user.id)?;
    let Some(left) = undoable.undone(undo.change, moment.now) else {
        return Ok(None);
    };
    let made_at = undoable.made_at(undo.change);
    let (number, minimum) = (user.address_number.next(), user.generation.next());
    exchange(connection, &user, &undo.back_to, reservations, moment)?;
    write(connection, &mut user, &undo.back_to, number, &left, moment)?;
    void_password(connection, &mut user, minimum)?;
    if let Some(made_at) = made_at
        && factors::remove_since(connection, &user.id, made_at)?
    {
        user.second_factor = false;
    }
    sessions::delete_of(connection, &user.id, None)?;
    let entry = FeedEntry::Generation {
        user: user.id.clone(),
        minimum,
        keep: None,
    };
    change.tell(entry, moment.feed_until)?;
    Ok(Some(user))
}

/// Takes the new address, if nobody else has it, and lets go of the old one.
fn exchange(
    connection: &Connection,
    user: &User,
    to: &EmailAddress,
    reservations: &Reservations,
    moment: Moment,
) -> Result<(), SaveUserError> {
    let key = to.key();
    refuse_taken_email(connection, user, &key)?;
    let before = keys_of(connection, &user.id)?;
    if before.email.as_deref() == Some(&*key) {
        return Ok(());
    }
    let address = (UniqueField::Email, &*key);
    refuse_reserved(
        connection,
        reservations,
        address,
        Some(&user.id),
        moment.now,
    )?;
    if let Some(held) = before.address() {
        release(connection, reservations, held, &user.id, moment.now)?;
    }
    Ok(())
}

fn write(
    connection: &Connection,
    user: &mut User,
    to: &EmailAddress,
    number: AddressNumber,
    undoable: &Undoable,
    moment: Moment,
) -> Result<(), Error> {
    user.email = Some(to.as_str().to_owned());
    user.email_verified = true;
    user.address_number = number;
    user.updated_at = moment.now;
    execute(
        connection,
        "UPDATE users SET email = :email, email_key = :email_key, email_verified = 1,
             address_number = :number, undoable = :undoable, updated_at = :updated_at
         WHERE id = :id",
        named_params! {
            ":id": user.id.as_str(),
            ":email": to.as_str(),
            ":email_key": to.key(),
            ":number": integer(number.0),
            ":undoable": undoable.to_text(),
            ":updated_at": moment.now.as_millis(),
        },
    )?;
    Ok(())
}

fn void_password(
    connection: &Connection,
    user: &mut User,
    minimum: Generation,
) -> Result<(), Error> {
    user.generation = minimum;
    user.keep = None;
    user.closes_at = None;
    user.is_invited = false;
    execute(
        connection,
        "UPDATE users SET hash = '', hash_kind = NULL, generation = ?2, keep = NULL,
             closes_at = NULL WHERE id = ?1",
        (user.id.as_str(), integer(minimum.0)),
    )?;
    Ok(())
}

fn account(connection: &Connection, id: &UserId) -> Result<Option<User>, Error> {
    let found: Option<Credentials> = find(connection, id)?;
    Ok(found.map(|found| found.user))
}

fn undoable(connection: &Connection, id: &UserId) -> Result<Undoable, Error> {
    let sql = "SELECT undoable FROM users WHERE id = ?1";
    let found = first(connection, TABLE, sql, [id.as_str()], |columns| {
        let text: Option<String> = columns.get("undoable")?;
        text.map_or(Ok(Undoable::default()), |text| {
            Undoable::parse(&text).ok_or_else(|| Error::UnreadableAccount {
                account: id.to_string(),
                reason: "undoable".to_owned(),
            })
        })
    });
    Ok(found?.unwrap_or_default())
}
