//! What a start finds when it looks once at every account, to be said once: what other applications, or
//! somebody by hand, wrote there can leave people who can't sign in, and nobody would know why.

use std::collections::BTreeMap;

use model::Credentials;

use crate::Error;

/// The most accounts that are named for one reason; the others are counted.
const NAMED: usize = 1000;

/// Accounts that are named in one line of the log.
const IN_A_LINE: usize = 50;

/// What was found. It holds ids and names of fields, and nothing of what is in them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Examination {
    unreadable: Accounts<(String, String)>,
    without_hash: Accounts<String>,
    invited: u64,
    switched_off: BTreeMap<String, u64>,
    unknown_switches: BTreeMap<String, u64>,
}

/// The first accounts that something holds for, and how many there are.
#[derive(Debug, PartialEq, Eq)]
struct Accounts<T> {
    named: Vec<T>,
    count: usize,
}

impl<T> Default for Accounts<T> {
    fn default() -> Self {
        Self {
            named: Vec::new(),
            count: 0,
        }
    }
}

impl<T> Accounts<T> {
    fn push(&mut self, account: T) {
        self.count += 1;
        if self.named.len() < NAMED {
            self.named.push(account);
        }
    }
}

impl Examination {
    /// Notes how an account reads.
    ///
    /// # Errors
    /// Those that are not about the account.
    pub fn note(&mut self, read: Result<Credentials, Error>) -> Result<(), Error> {
        match read {
            Ok(found) if found.user.is_invited => self.invited += 1,
            Ok(found) if found.hash.kind().is_err() => {
                self.without_hash.push(found.user.id.to_string());
            }
            Ok(_) => {}
            Err(Error::UnreadableAccount { account, reason }) => {
                self.unreadable.push((account, reason));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Notes that an account is switched off by the field `name` of another application.
    pub fn note_switched_off(&mut self, name: &str) {
        *self.switched_off.entry(name.to_owned()).or_default() += 1;
    }

    /// Notes that an account has a field `name` that may be a switch, and counts for nothing here.
    pub fn note_unknown_switch(&mut self, name: &str) {
        *self.unknown_switches.entry(name.to_owned()).or_default() += 1;
    }

    /// Accounts that can't be read, with the reason, as far as they are named.
    pub fn unreadable(&self) -> &[(String, String)] {
        &self.unreadable.named
    }

    /// Accounts without a hash that could be checked, as far as they are named.
    pub fn without_hash(&self) -> &[String] {
        &self.without_hash.named
    }

    /// How many accounts were invited whose owners have not chosen a password yet.
    pub const fn invited(&self) -> u64 {
        self.invited
    }

    /// Fields of other applications that switch accounts off, and how many accounts each.
    pub const fn switched_off(&self) -> &BTreeMap<String, u64> {
        &self.switched_off
    }

    /// Fields that may be switches and count for nothing, and how many accounts have each.
    pub const fn unknown_switches(&self) -> &BTreeMap<String, u64> {
        &self.unknown_switches
    }

    /// Says it in the log.
    pub fn report(&self) {
        for (account, reason) in &self.unreadable.named {
            tracing::error!(%account, %reason, "an account can't be read: nobody can sign in to it");
        }
        if self.unreadable.count > NAMED {
            let count = self.unreadable.count;
            tracing::error!(count, "these are not all accounts that can't be read");
        }
        for accounts in self.without_hash.named.chunks(IN_A_LINE) {
            tracing::warn!(
                accounts = accounts.join(", "),
                count = accounts.len(),
                "accounts have no password hash that can be checked: nobody can sign in to them"
            );
        }
        if self.without_hash.count > NAMED {
            let count = self.without_hash.count;
            tracing::warn!(
                count,
                "these are not all accounts without a hash that can be checked"
            );
        }
        if self.invited > 0 {
            let count = self.invited;
            tracing::info!(
                count,
                "accounts were invited whose owners have not chosen a password yet"
            );
        }
        for (field, count) in &self.switched_off {
            tracing::info!(
                field,
                count,
                "accounts are switched off by a field of another application"
            );
        }
        for (field, count) in &self.unknown_switches {
            tracing::warn!(
                field,
                count,
                "accounts have a field that looks like a switch of another application: it counts for nothing here"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_bounded_and_the_rest_is_counted() {
        let mut found = Examination::default();
        for number in 0..NAMED + 7 {
            let read = Err(Error::UnreadableAccount {
                account: number.to_string(),
                reason: "the field email".to_owned(),
            });
            found.note(read).unwrap();
        }
        assert_eq!(found.unreadable().len(), NAMED);
        assert_eq!(found.unreadable.count, NAMED + 7);
    }

    #[test]
    fn whoever_was_invited_is_counted_and_not_reported() {
        let new = crate::NewUser {
            id: model::UserId::parse("u-1").unwrap(),
            username: model::Username::parse("alice").unwrap(),
            email: model::EmailAddress::parse("alice@example.org").unwrap(),
            email_verified: false,
            hash: password::PasswordHash::not_chosen(),
            now: model::Timestamp::from_seconds(0),
        };
        let (user, hash) = (new.account(), new.hash);
        let mut found = Examination::default();
        found.note(Ok(Credentials { user, hash })).unwrap();
        assert_eq!(found.invited(), 1);
        assert!(found.without_hash().is_empty());
    }

    #[test]
    fn an_error_of_the_store_ends_it() {
        assert!(Examination::default().note(Err(Error::Busy)).is_err());
    }
}
