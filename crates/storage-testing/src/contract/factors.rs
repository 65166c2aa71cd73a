//! Second factors.

use std::sync::Arc;

use model::{Generation, User};
use secret::HashedToken;
use storage::{
    AddressChange, AddressChanged, AddressUndo, Closing, Enrolment, FeedEntry, PasswordChanged,
    SecondFactor, Storage,
};

use super::Backend;
use super::fixtures::{
    account, at, at_once, change, email, exists, hash, id, moment, opened, session_id, stored,
    stored_hash, typed,
};
use super::listener::Listener;

/// The hash of the `number`th recovery code.
fn code(number: u8) -> HashedToken {
    HashedToken::from_bytes([number; 32])
}

/// An enrolment of an account in this generation, by a code of step 100, with three recovery codes.
fn enrolment(name: &str, generation: u64) -> Enrolment {
    Enrolment {
        user: id(name),
        at: Generation(generation),
        keep: None,
        sealed: format!("secret of {generation}").into_bytes(),
        step: 100,
        recovery_codes: vec![code(1), code(2), code(3)],
    }
}

/// An account of the second generation that has enrolled at 1.
async fn enrolled(store: &Arc<dyn Storage>, name: &str) -> User {
    account(store, name).await;
    let enrolled = store.enrol(enrolment(name, 0), moment(1)).await;
    enrolled.unwrap().unwrap()
}

async fn factor(store: &Arc<dyn Storage>, name: &str) -> Option<SecondFactor> {
    store.second_factor(&id(name)).await.unwrap()
}

async fn spent(store: &Arc<dyn Storage>, generation: u64, number: u8) -> Option<u32> {
    let enrolled = Generation(generation);
    let spent = store
        .spend_recovery_code(&id("alice"), enrolled, code(number))
        .await;
    spent.unwrap()
}

async fn advanced(store: &Arc<dyn Storage>, generation: u64, step: u64) -> bool {
    let enrolled = Generation(generation);
    let advanced = store.advance_step(&id("alice"), enrolled, step).await;
    advanced.unwrap()
}

pub async fn an_enrolment_reads_back_and_keeps_one_session(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    let alice = account(&store, "alice").await;
    assert!(!alice.second_factor);
    assert_eq!(factor(&store, "alice").await, None);
    account(&store, "bob").await;
    for number in 1..=2 {
        opened(&store, "alice", number, 0).await;
    }
    let listener = Listener::on(&store).await;
    let keep = Some(session_id(2));
    let enrolment = Enrolment {
        keep,
        ..enrolment("alice", 0)
    };
    let enrolled = beside.enrol(enrolment, moment(7)).await.unwrap();
    let expected = User {
        second_factor: true,
        generation: Generation(1),
        keep,
        updated_at: at(7),
        ..alice
    };
    assert!(enrolled.unwrap() == expected);
    assert!(stored(&store, "alice").await == expected);
    let found = store
        .credentials_by_login(&typed("alice", Some("alice"), None))
        .await;
    let found = found.unwrap().unwrap();
    assert!(found.user == expected);
    assert_eq!(found.hash.expose(), hash("old").expose());
    let kept = SecondFactor {
        enrolled: Generation(1),
        sealed: b"secret of 0".to_vec(),
        last_step: 100,
        since: at(7),
        recovery_codes: 3,
    };
    assert_eq!(factor(&store, "alice").await, Some(kept));
    assert!(!exists(&store, 1).await && exists(&store, 2).await);
    let entry = FeedEntry::Generation {
        user: id("alice"),
        minimum: Generation(1),
        keep,
    };
    listener.hears(&entry).await;
    assert!(!stored(&store, "bob").await.second_factor);
    beside.close().await;
}

pub async fn of_fifty_enrolments_at_once_one_is_made(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let made = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move {
            let made = store.enrol(enrolment("alice", 0), moment(1));
            u32::from(made.await.unwrap().is_some())
        }
    });
    assert_eq!(made.await.iter().sum::<u32>(), 1);
}

pub async fn an_enrolment_takes_the_place_of_the_one_before(backend: &dyn Backend) {
    let store = backend.open().await;
    enrolled(&store, "alice").await;
    assert_eq!(spent(&store, 1, 1).await, Some(2));
    let another = store.enrol(enrolment("alice", 1), moment(2)).await;
    assert!(another.unwrap().is_some());
    let now = factor(&store, "alice").await.unwrap();
    assert_eq!((now.enrolled, now.recovery_codes), (Generation(2), 3));
    assert_eq!(now.sealed, b"secret of 1");
    assert!(!advanced(&store, 1, 101).await, "of the one before");
    assert_eq!(spent(&store, 1, 2).await, None);
    assert!(advanced(&store, 2, 101).await);
}

pub async fn an_enrolment_that_was_overtaken_changes_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let changed = store
        .change_password(change("alice", 0, "new", None), moment(1))
        .await;
    assert_eq!(changed.unwrap(), PasswordChanged::Changed);
    let late = store.enrol(enrolment("alice", 0), moment(2)).await;
    assert!(late.unwrap().is_none());
    let nobody = store.enrol(enrolment("nobody", 0), moment(2)).await;
    assert!(nobody.unwrap().is_none());
    let closing = Closing {
        user: id("alice"),
        at: Generation(1),
        until: at(900),
    };
    store.close_user(closing, moment(3)).await.unwrap().unwrap();
    let closed = store.enrol(enrolment("alice", 2), moment(4)).await;
    assert!(closed.unwrap().is_none());
    assert_eq!(factor(&store, "alice").await, None);
    assert!(!stored(&store, "alice").await.second_factor);
}

pub async fn a_new_password_leaves_the_second_factor(backend: &dyn Backend) {
    let store = backend.open().await;
    enrolled(&store, "alice").await;
    let upgraded = store
        .upgrade_hash(&id("alice"), &hash("old"), &hash("upgraded"))
        .await;
    assert!(upgraded.unwrap());
    assert_eq!(
        stored_hash(&store, "alice").await,
        hash("upgraded").expose()
    );
    let changed = store
        .change_password(change("alice", 1, "new", None), moment(2))
        .await;
    assert_eq!(changed.unwrap(), PasswordChanged::Changed);
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
    assert!(stored(&store, "alice").await.second_factor);
    assert_eq!(
        factor(&store, "alice").await.unwrap().enrolled,
        Generation(1)
    );
}

pub async fn a_step_only_goes_on(backend: &dyn Backend) {
    let store = backend.open().await;
    enrolled(&store, "alice").await;
    assert!(!advanced(&store, 1, 100).await, "that of the enrolment");
    assert!(!advanced(&store, 1, 99).await);
    assert!(advanced(&store, 1, 102).await);
    assert!(!advanced(&store, 1, 101).await);
    assert_eq!(factor(&store, "alice").await.unwrap().last_step, 102);
    assert!(!advanced(&store, 0, 200).await, "of no enrolment");
    let nobody = store.advance_step(&id("nobody"), Generation(1), 200).await;
    assert!(!nobody.unwrap());
}

pub async fn of_fifty_uses_of_a_step_at_once_one_counts(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    enrolled(&store, "alice").await;
    let uses = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        async move {
            let advanced = store.advance_step(&id("alice"), Generation(1), 101).await;
            u32::from(advanced.unwrap())
        }
    });
    assert_eq!(uses.await.iter().sum::<u32>(), 1);
    beside.close().await;
}

pub async fn a_recovery_code_is_good_once(backend: &dyn Backend) {
    let store = backend.open().await;
    enrolled(&store, "alice").await;
    assert_eq!(spent(&store, 1, 9).await, None);
    assert_eq!(spent(&store, 1, 2).await, Some(2));
    assert_eq!(spent(&store, 1, 2).await, None);
    assert_eq!(spent(&store, 1, 1).await, Some(1));
    assert_eq!(factor(&store, "alice").await.unwrap().recovery_codes, 1);
    let new = vec![code(7), code(8)];
    let replaced = store
        .replace_recovery_codes(&id("alice"), Generation(0), new.clone())
        .await;
    assert!(!replaced.unwrap(), "of another enrolment");
    let replaced = store
        .replace_recovery_codes(&id("alice"), Generation(1), new)
        .await;
    assert!(replaced.unwrap());
    assert_eq!(spent(&store, 1, 3).await, None);
    assert_eq!(spent(&store, 1, 7).await, Some(1));
}

pub async fn of_fifty_uses_of_a_recovery_code_at_once_one_counts(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    enrolled(&store, "alice").await;
    let uses = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        async move { spent(&store, 1, 1).await }
    });
    let granted: Vec<_> = uses.await.into_iter().flatten().collect();
    assert_eq!(granted, [2]);
    beside.close().await;
}

pub async fn a_removed_factor_leaves_the_password_and_one_session(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = enrolled(&store, "alice").await;
    for number in 1..=2 {
        opened(&store, "alice", number, 1).await;
    }
    let keep = Some(session_id(1));
    let stale = store
        .remove_factor(&id("alice"), Generation(0), keep, moment(2))
        .await;
    assert!(stale.unwrap().is_none());
    let removed = store
        .remove_factor(&id("alice"), Generation(1), keep, moment(3))
        .await;
    let expected = User {
        second_factor: false,
        generation: Generation(2),
        keep,
        updated_at: at(3),
        ..alice
    };
    assert!(removed.unwrap() == Some(expected.clone()));
    assert!(stored(&store, "alice").await == expected);
    assert_eq!(stored_hash(&store, "alice").await, hash("old").expose());
    assert_eq!(factor(&store, "alice").await, None);
    assert_eq!(spent(&store, 1, 1).await, None);
    let again = store
        .remove_factor(&id("alice"), Generation(2), None, moment(4))
        .await;
    assert!(again.unwrap().is_none(), "there is none");
    assert_eq!(stored(&store, "alice").await.generation, Generation(2));
}

pub async fn an_undone_address_takes_along_what_was_enrolled_since(backend: &dyn Backend) {
    let store = backend.open().await;
    for (name, enrols_at, stays) in [("alice", 2, true), ("bob", 4, false)] {
        let user = account(&store, name).await;
        let mut generation = 0;
        let old = user.email.clone().unwrap();
        if stays {
            store
                .enrol(enrolment(name, 0), moment(enrols_at))
                .await
                .unwrap()
                .unwrap();
            generation = 1;
        }
        let changed = store.change_address(
            AddressChange {
                user: id(name),
                from: user.address_number,
                at: Generation(generation),
                to: email(&format!("{name}@example.net")),
                may_be_undone: true,
            },
            moment(3),
        );
        let AddressChanged::Changed(changed) = changed.await.unwrap() else {
            panic!("not changed");
        };
        if !stays {
            store
                .enrol(enrolment(name, 0), moment(enrols_at))
                .await
                .unwrap()
                .unwrap();
        }
        let undo = AddressUndo {
            user: id(name),
            change: changed.address_number,
            back_to: email(&old),
        };
        let undone = store.undo_address(undo, moment(5)).await.unwrap().unwrap();
        assert_eq!(undone.second_factor, stays, "{name}");
        assert_eq!(factor(&store, name).await.is_some(), stays, "{name}");
        assert_eq!(stored_hash(&store, name).await, "");
    }
}

pub async fn what_is_sealed_anew_is_the_same_factor(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["carol", "alice", "bob"] {
        account(&store, name).await;
    }
    for name in ["carol", "alice"] {
        store
            .enrol(enrolment(name, 0), moment(1))
            .await
            .unwrap()
            .unwrap();
    }
    let all = store.users_with_factors(None, 10).await.unwrap();
    assert_eq!(all, [id("alice"), id("carol")]);
    let rest = store.users_with_factors(Some(&id("alice")), 10).await;
    assert_eq!(rest.unwrap(), [id("carol")]);
    assert_eq!(store.users_with_factors(None, 1).await.unwrap().len(), 1);

    let read = factor(&store, "alice").await.unwrap();
    let resealed = store
        .reseal_factor(&id("alice"), &read, b"anew".to_vec())
        .await;
    assert!(resealed.unwrap());
    let expected = SecondFactor {
        sealed: b"anew".to_vec(),
        ..read.clone()
    };
    assert_eq!(factor(&store, "alice").await, Some(expected));
    let late = store
        .reseal_factor(&id("alice"), &read, b"late".to_vec())
        .await;
    assert!(!late.unwrap());
}

pub async fn a_deleted_account_leaves_no_factor(backend: &dyn Backend) {
    let store = backend.open().await;
    enrolled(&store, "alice").await;
    assert!(store.delete_user(&id("alice"), moment(2)).await.unwrap());
    assert_eq!(factor(&store, "alice").await, None);
    assert!(!advanced(&store, 1, 101).await);
    assert_eq!(spent(&store, 1, 1).await, None);
    assert!(store.users_with_factors(None, 10).await.unwrap().is_empty());
}
