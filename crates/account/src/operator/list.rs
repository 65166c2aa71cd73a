//! Listing accounts.

use model::User;
use storage::{Beginning, ListUsersError, UserCursor, UserFilter, UserListing};

use super::Operator;

/// The longest beginning of a name or an address that is looked for: no address is longer.
const LONGEST_BEGINNING: usize = 254;

/// Some accounts.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// The accounts, in the order of their ids.
    pub users: Vec<User>,
    /// Accounts that can't be read: their ids as they stand in the store, and why.
    pub unreadable: Vec<(String, String)>,
    /// Where to go on; nothing at the end.
    pub next: Option<String>,
}

/// Why nothing was listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No name and no address begins so.
    #[error("a name or an address has at most 254 bytes")]
    TooLong,
    /// It was not printed by a listing of this store.
    #[error("the cursor is none that a listing of this store has printed")]
    UnknownCursor,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<ListUsersError> for ListError {
    fn from(error: ListUsersError) -> Self {
        match error {
            ListUsersError::UnknownCursor => Self::UnknownCursor,
            ListUsersError::Storage(error) => Self::Storage(error),
        }
    }
}

impl Operator {
    /// As many accounts as are asked for, which a page of the store may not hold.
    ///
    /// # Errors
    /// When what is asked for can't be, or the store fails.
    pub async fn list(
        &self,
        beginning: Option<&str>,
        only: UserFilter,
        after: Option<String>,
        limit: u32,
    ) -> Result<Listed, ListError> {
        if beginning.is_some_and(|text| text.len() > LONGEST_BEGINNING) {
            return Err(ListError::TooLong);
        }
        let mut listing = UserListing {
            filter: UserFilter {
                beginning: beginning.map(Beginning::of),
                ..only
            },
            after: after.map(UserCursor),
            limit,
        };
        let mut left = listing.limit();
        let mut listed = Listed::default();
        loop {
            listing.limit = left;
            let page = self.storage.list_users(listing.clone()).await?;
            left = left.saturating_sub(u32::try_from(page.users.len()).unwrap_or(u32::MAX));
            listed.users.extend(page.users);
            listed.unreadable.extend(page.unreadable);
            match page.next {
                Some(next) if left > 0 => listing.after = Some(next),
                next => {
                    listed.next = next.map(|UserCursor(next)| next);
                    return Ok(listed);
                }
            }
        }
    }
}
