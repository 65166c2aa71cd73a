//! What an operator asks of accounts.

use model::{User, UserId};
use rusqlite::{Connection, named_params};
use storage::{
    Beginning, Enabled, Error, FeedEntry, Moment, UserCursor, UserFilter, UserListing, UserPage,
};

use crate::query::{all, first};
use crate::sessions;
use crate::users::{TABLE, columns, read};
use crate::writer::Change;

/// The next generation, with this switch; whatever was issued before is refused, and its sessions end.
pub(crate) fn revoke(
    change: &mut Change<'_>,
    id: &UserId,
    disabled: Option<bool>,
    moment: Moment,
) -> Result<Option<User>, Error> {
    let sql = concat!(
        "UPDATE users SET generation = generation + 1, keep = NULL, updated_at = :now,
             disabled = coalesce(:disabled, disabled), closes_at = iif(:disabled, NULL, closes_at)
         WHERE id = :id RETURNING ",
        columns!()
    );
    let params = named_params! {
        ":id": id.as_str(),
        ":now": moment.now.as_millis(),
        ":disabled": disabled,
    };
    let Some(found) = first(change.connection(), TABLE, sql, params, read)? else {
        return Ok(None);
    };
    end_generation(change, &found.user, moment)?;
    Ok(Some(found.user))
}

/// Ends the sessions of an account whose next generation has begun, and tells it.
pub(crate) fn end_generation(
    change: &mut Change<'_>,
    user: &User,
    moment: Moment,
) -> Result<(), Error> {
    sessions::delete_of(change.connection(), &user.id, None)?;
    let entry = FeedEntry::Generation {
        user: user.id.clone(),
        minimum: user.generation,
        keep: None,
    };
    change.tell(entry, moment.feed_until)
}

/// Takes the switch back, or that the account waits to be deleted, and nothing else.
pub(crate) fn enable(
    change: &mut Change<'_>,
    id: &UserId,
    moment: Moment,
) -> Result<Enabled, Error> {
    let sql = concat!(
        "UPDATE users SET disabled = 0, closes_at = NULL, updated_at = ?2 WHERE id = ?1 RETURNING ",
        columns!()
    );
    let params = (id.as_str(), moment.now.as_millis());
    let Some(found) = first(change.connection(), TABLE, sql, params, read)? else {
        return Ok(Enabled::Gone);
    };
    change.tell(FeedEntry::Changed(id.clone()), moment.feed_until)?;
    Ok(Enabled::Done(found.user))
}

/// Some accounts.
pub(crate) fn list(connection: &Connection, listing: &UserListing) -> Result<UserPage, Error> {
    let UserFilter {
        beginning,
        disabled,
        unverified,
        no_factor,
    } = &listing.filter;
    let username = beginning.as_ref().and_then(|it| it.username_key.as_deref());
    let email = beginning.as_ref().map(|it| &*it.email_key);
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM users
         WHERE id > :after
             AND (:email IS NULL OR (email_key >= :email AND email_key < :email_end)
                 OR (username_key >= :username AND username_key < :username_end))
             AND (disabled <> 0 OR NOT :disabled)
             AND (email_verified = 0 OR NOT :unverified)
             AND (NOT :no_factor OR NOT EXISTS (SELECT 1 FROM second_factors WHERE user = id))
         ORDER BY id LIMIT :limit"
    );
    let params = named_params! {
        ":after": listing.after.as_ref().map_or("", |UserCursor(id)| id),
        ":email": email,
        ":email_end": email.map(Beginning::end_of),
        ":username": username,
        ":username_end": username.map(Beginning::end_of),
        ":disabled": disabled,
        ":unverified": unverified,
        ":no_factor": no_factor,
        ":limit": listing.limit() + 1, // one more shows whether the listing goes on
    };
    let mut found = all(connection, TABLE, sql, params, |columns| {
        // One that can't be read keeps nobody from looking at the others.
        Ok((columns.get::<String>("id")?, read(columns)))
    })?;
    let mut page = UserPage::default();
    if found.len() > listing.limit() as usize {
        found.truncate(listing.limit() as usize);
        page.next = found.last().map(|(id, _)| UserCursor(id.clone()));
    }
    for (_, read) in found {
        match read {
            Ok(found) => page.users.push(found.user),
            Err(Error::UnreadableAccount { account, reason }) => {
                page.unreadable.push((account, reason));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(page)
}
