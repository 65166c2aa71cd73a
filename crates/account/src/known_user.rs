//! An account as it was read, and what others have made of it.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use model::User;

/// An account as it was read, and what was made of it since: a view of it, say, which is kept for as long as the account
/// is known here.
pub struct KnownUser {
    user: User,
    made: Made,
}

/// One thing of each type. What a type stands for is up to whoever has it: nobody else can ask for it.
#[derive(Default)]
struct Made(OnceLock<Box<One<dyn Any + Send + Sync>>>);

struct One<T: ?Sized> {
    next: Made,
    thing: T,
}

impl KnownUser {
    pub(crate) fn new(user: User) -> Self {
        Self {
            user,
            made: Made::default(),
        }
    }

    /// What `make` makes of the account, and keeps with it under its type `T`. Nothing is waited for.
    ///
    /// # Errors
    /// Those of `make`; then nothing is kept.
    pub fn kept<T: Any + Send + Sync, E>(
        &self,
        make: impl Fn(&User) -> Result<T, E>,
    ) -> Result<&T, E> {
        let mut place = &self.made;
        loop {
            if let Some(one) = place.0.get() {
                let thing: &(dyn Any + Send + Sync) = &one.thing;
                match thing.downcast_ref() {
                    Some(thing) => return Ok(thing),
                    None => place = &one.next,
                }
            } else {
                // Whoever is faster puts theirs here, which may be ours, too: look again.
                let _ = place.0.set(Box::new(One {
                    next: Made::default(),
                    thing: make(&self.user)?,
                }));
            }
        }
    }
}

impl fmt::Debug for KnownUser {
    /// As the account, which names nobody: what was made of it might.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.user.fmt(f)
    }
}

impl Deref for KnownUser {
    type Target = User;

    fn deref(&self) -> &User {
        &self.user
    }
}

#[cfg(test)]
mod tests {
    use model::{AddressNumber, Generation, Timestamp, UserId};

    use super::*;

    #[derive(Debug, PartialEq)]
    struct Name(String);

    #[derive(Debug, PartialEq)]
    struct Address(String);

    fn alice() -> KnownUser {
        KnownUser::new(User {
            id: UserId::parse("1").unwrap(),
            username: Some("alice".into()),
            email: Some("alice@example.org".into()),
            email_verified: false,
            address_number: AddressNumber(0),
            generation: Generation(0),
            keep: None,
            disabled: false,
            is_invited: false,
            closes_at: None,
            second_factor: false,
            created_at: Timestamp::from_seconds(0),
            updated_at: Timestamp::from_seconds(0),
        })
    }

    fn name(user: &User) -> Result<Name, &'static str> {
        user.username.clone().map(Name).ok_or("nameless")
    }

    fn address(user: &User) -> Result<Address, &'static str> {
        user.email.clone().map(Address).ok_or("without an address")
    }

    #[test]
    fn a_thing_is_made_once_and_a_failure_is_not_kept() {
        let alice = alice();
        assert_eq!(alice.kept(|_| Err::<Name, _>("full")), Err("full"));
        assert_eq!(alice.kept(name).unwrap(), &Name("alice".into()));
        let again = alice.kept(|_| Err::<Name, _>("again"));
        assert_eq!(again, Ok(&Name("alice".into())));
    }

    #[test]
    fn one_view_of_an_account_is_never_taken_for_another() {
        let alice = alice();
        for _ in 0..2 {
            assert_eq!(alice.kept(name).unwrap(), &Name("alice".into()));
            let address = alice.kept(address).unwrap();
            assert_eq!(address, &Address("alice@example.org".into()));
        }
    }

    #[test]
    fn of_many_who_make_it_at_once_all_get_the_same() {
        let (alice, begin) = (alice(), std::sync::Barrier::new(8));
        let kept = std::thread::scope(|scope| {
            let makers = [(); 8].map(|()| {
                scope.spawn(|| {
                    begin.wait();
                    std::ptr::from_ref(alice.kept(name).unwrap()).addr()
                })
            });
            makers.map(|maker| maker.join().unwrap())
        });
        assert!(kept.iter().all(|one| *one == kept[0]), "{kept:?}");
    }

    #[test]
    fn what_was_made_of_an_account_tells_a_log_neither_name_nor_address() {
        let alice = alice();
        alice.kept(address).unwrap();
        let told = format!("{alice:?}");
        assert_eq!(told, format!("{:?}", alice.user));
        assert!(!told.contains("example.org"), "{told}");
    }
}
