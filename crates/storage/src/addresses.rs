//! The addresses of accounts: proven, changed and taken back.

use std::time::Duration;

use async_trait::async_trait;
use model::{AddressNumber, EmailAddress, Generation, Timestamp, User, UserId};

use crate::{Error, Moment, Reservations, SaveUserError, UniqueField};

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
    /// Whether the owner of the old address may take it back, unless it is a change back itself ([`Undoable`]).
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
    /// A second factor that was enrolled since the change is removed; an older one stays, and is asked for.
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
///
/// A change back to an address that was left by one of them undoes that one, as its link would: whoever has come in between
/// gets no right to undo it, and those after it can't be undone any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undoable(Vec<UndoableChange>);

/// A change that may be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UndoableChange {
    /// The number of the address that it brought.
    number: AddressNumber,
    until: Timestamp,
    /// Stands for the address that it left, as in [`Reserved::owner`]; empty where that can't be said.
    left: String,
}

impl Undoable {
    /// How long a change may be undone.
    pub const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

    /// The most changes that may be undone at once.
    pub const MOST: usize = 10;

    /// Those that a store keeps, as [`Self::to_text`] wrote them; nothing when it is another text.
    pub fn parse(text: &str) -> Option<Self> {
        let changes = text.split_terminator(',').map(|change| {
            let (number, rest) = change.split_once('@')?;
            let (until, left) = rest.split_once('@').unwrap_or((rest, ""));
            let is_mark = left.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_mark.then_some(())?;
            Some(UndoableChange {
                number: AddressNumber(number.parse().ok()?),
                until: Timestamp::from_millis(until.parse().ok()?),
                left: left.to_owned(),
            })
        });
        changes.collect::<Option<_>>().map(Self)
    }

    /// What a store keeps: a number, a time in milliseconds and what stands for the address before, for each.
    pub fn to_text(&self) -> String {
        let changes = self.0.iter().map(|change| {
            let UndoableChange {
                number,
                until,
                left,
            } = change;
            format!("{}@{}@{left},", number.0, until.as_millis())
        });
        changes.collect()
    }

    /// After `change` at `now`; nothing when there are too many: whoever makes many changes must not put the first out
    /// of its owner's reach. `before` is the key of the address that it leaves, where it has one.
    #[must_use]
    pub fn after(
        &self,
        change: &AddressChange,
        before: Option<&str>,
        reservations: &Reservations,
        now: Timestamp,
    ) -> Option<Self> {
        const EMAIL: UniqueField = UniqueField::Email;
        let mut changes = self.left(now);
        let wanted = reservations.wanted(EMAIL, &change.to.key(), Some(&change.user));
        let is_left = |by: &UndoableChange| wanted.iter().any(|it| it.owner == by.left);
        if let Some(back) = changes.iter().position(is_left) {
            changes.truncate(back);
            return Some(Self(changes));
        }
        if !change.may_be_undone {
            return Some(Self(changes));
        }
        if changes.len() >= Self::MOST {
            return None;
        }
        let left = before.and_then(|key| reservations.released(EMAIL, key, &change.user));
        changes.push(UndoableChange {
            number: change.from.next(),
            until: now.plus(Self::LIFETIME),
            left: left.map(|left| left.owner).unwrap_or_default(),
        });
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

    /// When a change was made; nothing when it is not among those that may be undone.
    pub fn made_at(&self, number: AddressNumber) -> Option<Timestamp> {
        let found = self.0.iter().find(|change| change.number == number);
        found.map(|change| change.until.minus(Self::LIFETIME))
    }

    fn left(&self, now: Timestamp) -> Vec<UndoableChange> {
        let left = self.0.iter().filter(|change| now < change.until);
        left.cloned().collect()
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

    fn address(number: u64) -> EmailAddress {
        EmailAddress::parse(&format!("a{number}@example.org")).unwrap()
    }

    /// The change that brings an address of this number.
    fn bringing(number: u64, to: EmailAddress) -> AddressChange {
        AddressChange {
            user: UserId::parse("u-1").unwrap(),
            from: AddressNumber(number - 1),
            at: Generation(0),
            to,
            may_be_undone: true,
        }
    }

    /// With one more, of the address that the number says to another.
    fn and(undoable: &Undoable, number: u64, days: u64) -> Option<Undoable> {
        let change = bringing(number, address(number));
        let before = address(number - 1).key();
        undoable.after(&change, Some(&before), &Reservations::default(), at(days))
    }

    fn after(numbers: &[u64]) -> Undoable {
        let changes = numbers
            .iter()
            .try_fold(Undoable::default(), |before, number| {
                and(&before, *number, 0)
            });
        changes.unwrap()
    }

    #[test]
    fn a_change_back_undoes_the_change_that_left_the_address_and_those_after_it() {
        let changes = after(&[1, 2, 3]);
        for (back_to, days, left) in [
            (0, 1, &[][..]),
            (1, 1, &[1]),
            (2, 1, &[1, 2]),
            // Nobody has left it, or nobody can undo that any more.
            (3, 1, &[1, 2, 3, 4]),
            (7, 1, &[1, 2, 3, 4]),
            (0, 7, &[4]),
        ] {
            let change = bringing(4, address(back_to));
            let before = address(9).key();
            let now = changes.after(&change, Some(&before), &Reservations::default(), at(days));
            assert_eq!(numbers(&now.unwrap()), left, "{back_to} {days}");
        }
        // Of another account, or without a key, it is none.
        let mut other = bringing(4, address(0));
        other.user = UserId::parse("u-2").unwrap();
        let now = changes.after(&other, None, &Reservations::default(), at(1));
        assert_eq!(numbers(&now.unwrap()), [1, 2, 3, 4]);
    }

    #[test]
    fn a_change_that_cannot_be_undone_leaves_those_before() {
        let change = AddressChange {
            may_be_undone: false,
            ..bringing(3, address(3))
        };
        let now = after(&[1, 2]).after(&change, None, &Reservations::default(), at(1));
        assert_eq!(numbers(&now.unwrap()), [1, 2]);
    }

    #[test]
    fn undoing_a_change_undoes_those_after_it_and_leaves_those_before() {
        let undone = after(&[1, 2, 3]).undone(AddressNumber(2), at(1)).unwrap();
        assert_eq!(numbers(&undone), [1]);
        assert_eq!(undone.undone(AddressNumber(3), at(1)), None);
        assert_eq!(undone.made_at(AddressNumber(1)), Some(at(0)));
        assert_eq!(undone.made_at(AddressNumber(2)), None);
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
        assert_eq!(and(&full, 11, 6), None);
        assert!(full.undone(AddressNumber(1), at(6)).is_some());
        let later = and(&full, 11, 7).unwrap();
        assert_eq!(numbers(&later), [11]);
    }

    #[test]
    fn what_a_store_keeps_reads_back() {
        for numbers in [&[][..], &[1], &[2, 7, u64::MAX - 1]] {
            let changes = after(numbers);
            assert_eq!(Undoable::parse(&changes.to_text()), Some(changes));
        }
        let first = Undoable::parse("1@1800000000000,").unwrap();
        assert_eq!(numbers(&first), [1]);
        for other in [
            "1", "1@", "@1", "1@2;", "x@1,", "1@2,,", "1@2@z,", "1@2@a@b,",
        ] {
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
            second_factor: false,
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
