//! What an operator asks of accounts, whoever they belong to.

use model::{EmailAddress, User, UsernameKey};

use crate::Error;

/// Some accounts, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub struct UserListing {
    /// Which of them.
    pub filter: UserFilter,
    /// After which one the listing goes on: what [`UserPage::next`] was.
    pub after: Option<UserCursor>,
    /// How many at the most. [`UserListing::MOST`] is the bound, and none is as good as one.
    pub limit: u32,
}

/// Which accounts are listed. What is not asked for excludes none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Those whose name or address begins so.
    pub beginning: Option<Beginning>,
    /// Those that are disabled.
    pub disabled: bool,
    /// Those whose address nobody has proven.
    pub unverified: bool,
    /// Those that have no second factor.
    pub no_factor: bool,
}

/// What a name or an address begins with, as their keys do: without regard to case, and look-alikes are the same.
#[derive(Clone, PartialEq, Eq)]
pub struct Beginning {
    /// The beginning of a name's key, if it can be one.
    pub username_key: Option<String>,
    /// The beginning of an address's key.
    pub email_key: String,
}

/// A place in a listing. Only the backend that gave it can read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCursor(pub String);

/// A part of a listing.
#[derive(Clone, Debug, Default)]
pub struct UserPage {
    /// The accounts. There may be fewer than were asked for, or none, before the listing has ended.
    pub users: Vec<User>,
    /// Accounts that can't be read, whether they would be listed or not: their ids as they stand in the store, and why.
    pub unreadable: Vec<(String, String)>,
    /// Where to go on; nothing at the end.
    pub next: Option<UserCursor>,
}

/// What became of enabling an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enabled {
    /// It can be used.
    Done(User),
    /// Another application switches it off, by this field of its own, and nothing has changed.
    HeldBy(String),
    /// There is no such account.
    Gone,
}

/// Why nothing was listed.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// It is no place in a listing of this store.
    #[error("not a cursor of this store")]
    UnknownCursor,
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl UserListing {
    /// As many as are listed at once.
    pub const MOST: u32 = 1000;

    /// The limit within its bounds.
    pub fn limit(&self) -> u32 {
        self.limit.clamp(1, Self::MOST)
    }
}

impl Beginning {
    /// What begins with `text`.
    pub fn of(text: &str) -> Self {
        Self {
            username_key: UsernameKey::of_login(text).map(|key| key.as_str().to_owned()),
            email_key: EmailAddress::beginning_of_key(text),
        }
    }

    /// The first text, in the order of code points, after all that begin with `key`: so that an index can be used.
    pub fn end_of(key: &str) -> String {
        format!("{key}{}", char::MAX)
    }

    /// Whether one of these keys begins so.
    pub fn begins(&self, username_key: &str, email_key: &str) -> bool {
        let named = self.username_key.as_ref();
        named.is_some_and(|key| username_key.starts_with(key))
            || email_key.starts_with(&self.email_key)
    }
}

impl std::fmt::Debug for Beginning {
    /// It may be a whole address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Beginning([redacted])")
    }
}
