//! The addresses of accounts: proven, changed and taken back.

use std::time::Duration;

use async_trait::async_trait;
use model::{AddressNumber, EmailAddress, Generation, Timestamp, User, UserId};

use crate::{Error, Moment, SaveUserError};

/// Somebody has proven that the address of an account is theirs. It is of use while the account is as it was when the
/// proof was asked for: else the address may be another's by now.
#[derive(Clone, PartialEq, Eq)]
pub struct AddressProof {
    /// Whose address it is.
    pub user: UserId,
    /// The address, as it is stored. Other software may change it without a new number.
    pub email: String,
    /// Its number.
    pub number: AddressNumber,
    /// The generation of the account.
    pub at: Generation,
}

impl AddressProof {
    /// What a proof of the address that `user` has now would be. Nothing when there is none.
    pub fn of(user: &User) -> Option<Self> {
        Some(Self {
            user: user.id.clone(),
            email: user.email.clone()?,
            number: user.address_number,
            at: user.generation,
        })
    }

    /// Whether the account is still as it was when the proof was asked for.
    pub fn holds_for(&self, user: &User) -> bool {
        self.user == user.id
            && user.email.as_deref() == Some(&*self.email)
            && self.number == user.address_number
            && self.at == user.generation
    }
}

impl std::fmt::Debug for AddressProof {
    /// An address reaches no log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddressProof")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// An address takes the place of another, and its owner has proven that it is theirs.
#[derive(Clone, Debug)]
pub struct AddressChange {
    /// Whose address changes.
    pub user: UserId,
    /// The number of the address that they have: another change makes this one nothing.
    pub from: AddressNumber,
    /// The generation of the account.
    pub at: Generation,
    /// The new address.
    pub to: EmailAddress,
    /// Whether the owner of the old address may take it back.
    pub may_be_undone: bool,
}

/// What became of an [`AddressChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressChanged {
    /// It is changed: the account, as it is now.
    Changed(User),
    /// The account has another address, another password, waits to be deleted, or is gone: nothing happened.
    Superseded,
    /// Too many changes can still be undone: one more would put the first of them out of reach.
    TooMany,
}

/// The owner of an address takes it back.
#[derive(Clone, Debug)]
pub struct AddressUndo {
    /// Whose address it was.
    pub user: UserId,
    /// The number that the address had which took its place.
    pub change: AddressNumber,
    /// The address.
    pub back_to: EmailAddress,
}

/// The addresses of accounts.
#[async_trait]
pub trait Addresses: Send + Sync {
    /// Counts the address of an account as confirmed; `None` when it is already, when the account is no longer as
    /// the proof says, or waits to be deleted. Of several at once one counts.
    async fn confirm_address(
        &self,
        proof: AddressProof,
        moment: Moment,
    ) -> Result<Option<User>, Error>;

    /// One update: the new address, which counts as confirmed, and its number. The old one is reserved for the account.
    async fn change_address(
        &self,
        change: AddressChange,
        moment: Moment,
    ) -> Result<AddressChanged, SaveUserError>;

    /// One update: the address as it was before a change, confirmed, under a new number; no password; the next
    /// generation, in which no session is left. `None` when the change can't be undone any more, and once it is.
    ///
    /// An account that waits to be deleted waits no more: whoever has changed the address may have wanted that, too.
    /// Undoing a change undoes those after it; those before it can still be undone.
    async fn undo_address(
        &self,
        undo: AddressUndo,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError>;

    /// Whether [`Addresses::undo_address`] would undo this change at `now`, unless somebody else has the address.
    async fn can_undo_address(
        &self,
        user: &UserId,
        change: AddressNumber,
        now: Timestamp,
    ) -> Result<bool, Error>;
}

/// The changes of an account's address that may still be undone. It stands with the account, and every store keeps it
/// by these rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undoable(Vec<UndoableChange>);

/// A change that may be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct UndoableChange {
    /// The number of the address that it brought.
    number: AddressNumber,
    until: Timestamp,
}

impl Undoable {
    /// How long a change may be undone.
    pub const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

    /// The most changes that may be undone at once.
    pub const MOST: usize = 10;

    /// Those that a store keeps, as [`Self::to_text`] wrote them; nothing when it is another text.
    pub fn parse(text: &str) -> Option<Self> {
        let changes = text.split_terminator(',').map(|change| {
            let (number, until) = change.split_once('@')?;
            Some(UndoableChange {
                number: AddressNumber(number.parse().ok()?),
                until: Timestamp::from_millis(until.parse().ok()?),
            })
        });
        changes.collect::<Option<_>>().map(Self)
    }

    /// What a store keeps: a number and a time in milliseconds for each.
    pub fn to_text(&self) -> String {
        let changes = self.0.iter().map(|change| {
            let UndoableChange { number, until } = change;
            format!("{}@{},", number.0, until.as_millis())
        });
        changes.collect()
    }

    /// With one more at `now`; nothing when there are too many: whoever makes many changes must not put the first out
    /// of its owner's reach.
    #[must_use]
    pub fn and(&self, number: AddressNumber, now: Timestamp) -> Option<Self> {
        let mut changes = self.left(now);
        if changes.len() >= Self::MOST {
            return None;
        }
        let until = now.plus(Self::LIFETIME);
        changes.push(UndoableChange { number, until });
        Some(Self(changes))
    }

    /// Whether a change can be undone at `now`.
    pub fn has(&self, number: AddressNumber, now: Timestamp) -> bool {
        self.left(now).iter().any(|change| change.number == number)
    }

    /// Without a change and those after it, which are undone with it; nothing when it can't be undone at `now`.
    #[must_use]
    pub fn undone(&self, number: AddressNumber, now: Timestamp) -> Option<Self> {
        if !self.has(number, now) {
            return None;
        }
        let mut changes = self.left(now);
        changes.retain(|change| change.number < number);
        Some(Self(changes))
    }

    fn left(&self, now: Timestamp) -> Vec<UndoableChange> {
        let left = self.0.iter().filter(|change| now < change.until);
        left.copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: u64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000).plus(Duration::from_secs(days * 86_400))
    }

    fn numbers(undoable: &Undoable) -> Vec<u64> {
        let numbers = undoable.0.iter().map(|change| change.number.0);
        numbers.collect()
    }

    fn after(numbers: &[u64]) -> Undoable {
        let changes = numbers
            .iter()
            .try_fold(Undoable::default(), |before, number| {
                before.and(AddressNumber(*number), at(0))
            });
        changes.unwrap()
    }

    #[test]
    fn undoing_a_change_undoes_those_after_it_and_leaves_those_before() {
        let undone = after(&[1, 2, 3]).undone(AddressNumber(2), at(1)).unwrap();
        assert_eq!(numbers(&undone), [1]);
        assert_eq!(undone.undone(AddressNumber(3), at(1)), None);
        assert_eq!(undone.undone(AddressNumber(2), at(1)), None);
        assert!(undone.undone(AddressNumber(1), at(1)).is_some());
    }

    #[test]
    fn a_change_can_be_undone_for_seven_days() {
        let changes = after(&[1]);
        let last = Timestamp::from_millis(at(7).as_millis() - 1);
        assert!(changes.undone(AddressNumber(1), last).is_some());
        assert_eq!(changes.undone(AddressNumber(1), at(7)), None);
    }

    #[test]
    fn the_first_change_is_never_put_out_of_reach() {
        let full = after(&(1..=10).collect::<Vec<_>>());
        assert_eq!(full.and(AddressNumber(11), at(6)), None);
        assert!(full.undone(AddressNumber(1), at(6)).is_some());
        let later = full.and(AddressNumber(11), at(7)).unwrap();
        assert_eq!(numbers(&later), [11]);
    }

    #[test]
    fn what_a_store_keeps_reads_back() {
        for numbers in [&[][..], &[1], &[2, 7, u64::MAX]] {
            let changes = after(numbers);
            assert_eq!(Undoable::parse(&changes.to_text()), Some(changes));
        }
        for other in ["1", "1@", "@1", "1@2;", "x@1,", "1@2,,"] {
            assert_eq!(Undoable::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_proof_is_of_use_while_the_account_is_as_it_was() {
        let alice = User {
            id: UserId::parse("u-1").unwrap(),
            username: None,
            email: Some("alice@example.org".to_owned()),
            email_verified: false,
            address_number: AddressNumber(1),
            generation: Generation(2),
            keep: None,
            disabled: false,
            is_invited: false,
            closes_at: None,
            created_at: at(0),
            updated_at: at(0),
        };
        let proof = AddressProof::of(&alice).unwrap();
        assert!(proof.holds_for(&alice));
        let changed = |change: fn(&mut User)| {
            let mut changed = alice.clone();
            change(&mut changed);
            changed
        };
        for changed in [
            changed(|user| user.id = UserId::parse("u-2").unwrap()),
            changed(|user| user.email = Some("alice@example.net".to_owned())),
            changed(|user| user.email = None),
            changed(|user| user.address_number = AddressNumber(2)),
            changed(|user| user.generation = Generation(3)),
        ] {
            assert!(!proof.holds_for(&changed));
        }
    }
}
