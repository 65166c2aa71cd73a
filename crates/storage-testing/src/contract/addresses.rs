//! The addresses of accounts: proven, changed and taken back.

use std::sync::Arc;

use model::{AddressNumber, Generation, User};
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, FeedEntry, Moment, PasswordChange,
    PasswordChanged, ProfileChange, SaveUserError, Storage, UniqueField,
};

use super::Backend;
use super::fixtures::{
    account, at, at_once, change, email, exists, hash, id, moment, new_user, opened, stored,
    stored_hash,
};
use super::listener::Listener;

/// A proof of the address that `name` has now.
async fn proof(store: &Arc<dyn Storage>, name: &str) -> AddressProof {
    AddressProof::of(&stored(store, name).await).unwrap()
}

/// A change of alice's address that can be undone.
fn to(address: &str, from: u64) -> AddressChange {
    AddressChange {
        user: id("alice"),
        from: AddressNumber(from),
        at: Generation(0),
        to: email(address),
        may_be_undone: true,
    }
}

fn undo(change: u64, back_to: &str) -> AddressUndo {
    AddressUndo {
        user: id("alice"),
        change: AddressNumber(change),
        back_to: email(back_to),
    }
}

async fn changed(store: &Arc<dyn Storage>, change: AddressChange, moment: Moment) -> User {
    match store.change_address(change, moment).await.unwrap() {
        AddressChanged::Changed(user) => user,
        other => panic!("not changed: {other:?}"),
    }
}

pub async fn an_address_is_confirmed_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    account(&store, "bob").await;
    let listener = Listener::on(&store).await;
    let proof = proof(&store, "alice").await;
    let confirmed = store.confirm_address(proof.clone(), moment(7)).await;
    let expected = User {
        email_verified: true,
        updated_at: at(7),
        ..alice
    };
    assert!(confirmed.unwrap().as_ref() == Some(&expected));
    assert!(stored(&store, "alice").await == expected);
    assert!(!stored(&store, "bob").await.email_verified);
    assert!(listener.has(&FeedEntry::Changed(id("alice"))));
    let again = store.confirm_address(proof, moment(8)).await;
    assert!(again.unwrap().is_none());
    assert!(stored(&store, "alice").await == expected);
}

pub async fn of_fifty_confirmations_at_once_one_counts(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let proof = proof(&store, "alice").await;
    let answers = at_once(50, |_| {
        let (store, proof) = (Arc::clone(&store), proof.clone());
        async move { store.confirm_address(proof, moment(1)).await.unwrap() }
    });
    assert_eq!(answers.await.into_iter().flatten().count(), 1);
}

pub async fn a_proof_of_another_address_confirms_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let good = proof(&store, "alice").await;
    for bad in [
        AddressProof {
            email: "alice@example.net".to_owned(),
            ..good.clone()
        },
        AddressProof {
            number: AddressNumber(1),
            ..good.clone()
        },
        AddressProof {
            user: id("nobody"),
            ..good
        },
    ] {
        let confirmed = store.confirm_address(bad, moment(1)).await;
        assert!(confirmed.unwrap().is_none());
    }
    assert!(!stored(&store, "alice").await.email_verified);
}

pub async fn a_proof_of_before_a_change_of_the_password_confirms_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let proof = proof(&store, "alice").await;
    let changing = store.change_password(change("alice", 0, "new", None), moment(1));
    assert_eq!(changing.await.unwrap(), PasswordChanged::Changed);
    let confirmed = store.confirm_address(proof, moment(2)).await;
    assert!(confirmed.unwrap().is_none());
}

pub async fn a_change_of_the_address_is_one_update(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    let user = changed(&store, to("alice@example.net", 0), moment(7)).await;
    let expected = User {
        email: Some("alice@example.net".to_owned()),
        email_verified: true,
        address_number: AddressNumber(1),
        updated_at: at(7),
        ..alice
    };
    assert!(user == expected && stored(&store, "alice").await == expected);
    assert_eq!(stored_hash(&store, "alice").await, hash("old").expose());
    assert!(exists(&store, 1).await);
    assert!(listener.has(&FeedEntry::Changed(id("alice"))));
    // The old address is reserved for her.
    let mut bob = new_user("bob");
    bob.email = email("alice@example.org");
    assert!(matches!(
        store.create_user(bob).await,
        Err(SaveUserError::Taken(UniqueField::Email))
    ));
}

pub async fn of_fifty_changes_of_an_address_at_once_one_is_made(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        let change = to(&format!("alice{number}@example.net"), 0);
        async move { store.change_address(change, moment(1)).await.unwrap() }
    });
    let answers = answers.await;
    let made = answers
        .iter()
        .filter(|answer| **answer != AddressChanged::Superseded);
    assert_eq!(made.count(), 1);
    assert_eq!(stored(&store, "alice").await.address_number.0, 1);
}

pub async fn a_superseded_change_of_an_address_changes_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    for superseded in [
        to("alice@example.net", 1),
        AddressChange {
            at: Generation(1),
            ..to("alice@example.net", 0)
        },
        AddressChange {
            user: id("nobody"),
            ..to("alice@example.net", 0)
        },
    ] {
        let answer = store.change_address(superseded, moment(1)).await;
        assert_eq!(answer.unwrap(), AddressChanged::Superseded);
    }
    assert!(stored(&store, "alice").await == alice);
}

pub async fn an_address_that_is_taken_stays_with_who_has_it(backend: &dyn Backend) {
    let store = backend.open().await;
    let alice = account(&store, "alice").await;
    account(&store, "bob").await;
    let refused = store.change_address(to("BOB@example.org", 0), moment(1));
    assert!(matches!(
        refused.await,
        Err(SaveUserError::Taken(UniqueField::Email))
    ));
    assert!(stored(&store, "alice").await == alice);
}

pub async fn an_undone_change_leaves_no_password_and_no_session(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let user = changed(&store, to("alice@example.net", 0), moment(1)).await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    let undone = store
        .undo_address(undo(1, "alice@example.org"), moment(7))
        .await;
    let expected = User {
        email: Some("alice@example.org".to_owned()),
        address_number: AddressNumber(2),
        generation: Generation(1),
        updated_at: at(7),
        ..user
    };
    assert!(undone.unwrap().as_ref() == Some(&expected));
    assert!(stored(&store, "alice").await == expected);
    assert_eq!(stored_hash(&store, "alice").await, "");
    assert!(!exists(&store, 1).await);
    assert!(listener.has(&FeedEntry::Generation {
        user: id("alice"),
        minimum: Generation(1),
        keep: None,
    }));
    assert!(store.hash_kinds().await.unwrap().is_empty());
}

pub async fn of_fifty_undoings_at_once_one_is_made(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    changed(&store, to("alice@example.net", 0), moment(1)).await;
    let answers = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move {
            let undo = undo(1, "alice@example.org");
            store.undo_address(undo, moment(2)).await.unwrap()
        }
    });
    assert_eq!(answers.await.into_iter().flatten().count(), 1);
    assert_eq!(stored(&store, "alice").await.generation, Generation(1));
}

pub async fn an_undone_change_takes_those_after_it_along(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    changed(&store, to("thief@example.net", 0), moment(1)).await;
    changed(&store, to("thief@example.com", 1), moment(2)).await;
    let undone = store
        .undo_address(undo(1, "alice@example.org"), moment(3))
        .await;
    assert!(undone.unwrap().is_some());
    let thief = store
        .undo_address(undo(2, "thief@example.net"), moment(4))
        .await;
    assert!(thief.unwrap().is_none());
    let email = stored(&store, "alice").await.email;
    assert_eq!(email.as_deref(), Some("alice@example.org"));
}

pub async fn the_first_change_can_be_undone_after_the_second_was(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    changed(&store, to("thief@example.net", 0), moment(1)).await;
    changed(&store, to("thief@example.com", 1), moment(2)).await;
    let thief = store
        .undo_address(undo(2, "thief@example.net"), moment(3))
        .await;
    assert!(thief.unwrap().is_some());
    let owner = store
        .undo_address(undo(1, "alice@example.org"), moment(4))
        .await;
    let owner = owner.unwrap().unwrap();
    assert_eq!(owner.email.as_deref(), Some("alice@example.org"));
    assert_eq!(owner.address_number, AddressNumber(4));
    assert_eq!(owner.generation, Generation(2));
}

pub async fn a_change_back_can_not_be_undone_nor_what_it_takes_back(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for (number, address) in [
        "alice@example.net",
        "thief@example.net",
        "thief@example.com",
    ]
    .into_iter()
    .enumerate()
    {
        let from = u64::try_from(number).unwrap();
        changed(&store, to(address, from), moment(1)).await;
    }
    // Another writing of it is the same address.
    changed(&store, to("Alice@example.net", 3), moment(2)).await;
    let alice = id("alice");
    for number in [2, 3, 4] {
        let can = store.can_undo_address(&alice, AddressNumber(number), at(3));
        assert!(!can.await.unwrap(), "{number}");
        let thief = store
            .undo_address(undo(number, "thief@example.net"), moment(3))
            .await;
        assert!(thief.unwrap().is_none(), "{number}");
    }
    let user = stored(&store, "alice").await;
    assert_eq!(user.email.as_deref(), Some("Alice@example.net"));
    // The first address keeps its right.
    let owner = store
        .undo_address(undo(1, "alice@example.org"), moment(4))
        .await;
    assert!(owner.unwrap().is_some());
}

pub async fn a_change_can_be_undone_for_seven_days(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    changed(&store, to("alice@example.net", 0), moment(0)).await;
    let late = Moment {
        now: at(7 * 86_400),
        ..moment(0)
    };
    let undone = store.undo_address(undo(1, "alice@example.org"), late).await;
    assert!(undone.unwrap().is_none());
    let in_time = Moment {
        now: at(7 * 86_400 - 1),
        ..moment(0)
    };
    let undone = store
        .undo_address(undo(1, "alice@example.org"), in_time)
        .await;
    assert!(undone.unwrap().is_some());
}

pub async fn it_is_known_whether_a_change_can_be_undone(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    let can = async |name: &str, number, second| {
        let (user, change) = (id(name), AddressNumber(number));
        let can = store.can_undo_address(&user, change, at(second));
        can.await.unwrap()
    };
    assert!(!can("alice", 1, 0).await);
    changed(&store, to("alice@example.net", 0), moment(0)).await;
    changed(&store, to("alice@example.com", 1), moment(9)).await;
    assert!(can("alice", 1, 10).await && can("alice", 2, 10).await);
    assert!(!can("alice", 0, 10).await && !can("alice", 3, 10).await);
    assert!(!can("bob", 1, 10).await && !can("nobody", 1, 10).await);
    assert!(can("alice", 1, 7 * 86_400 - 1).await);
    assert!(!can("alice", 1, 7 * 86_400).await && can("alice", 2, 7 * 86_400).await);
    let undone = store
        .undo_address(undo(2, "alice@example.net"), moment(11))
        .await;
    assert!(undone.unwrap().is_some());
    assert!(can("alice", 1, 12).await && !can("alice", 2, 12).await);
    store.delete_user(&id("alice"), moment(13)).await.unwrap();
    assert!(!can("alice", 1, 14).await);
}

pub async fn a_change_that_nobody_may_undo_stays(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let change = AddressChange {
        may_be_undone: false,
        ..to("alice@example.net", 0)
    };
    changed(&store, change, moment(1)).await;
    let undone = store
        .undo_address(undo(1, "alice@example.org"), moment(2))
        .await;
    assert!(undone.unwrap().is_none());
}

pub async fn nobody_can_put_the_first_change_out_of_reach(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for number in 0..10 {
        let change = to(&format!("thief{number}@example.net"), number);
        changed(&store, change, moment(1)).await;
    }
    let more = store.change_address(to("thief@example.com", 10), moment(1));
    assert_eq!(more.await.unwrap(), AddressChanged::TooMany);
    let undone = store
        .undo_address(undo(1, "alice@example.org"), moment(2))
        .await;
    assert!(undone.unwrap().is_some());
}

pub async fn what_the_profile_changes_has_a_new_number_too(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let before = proof(&store, "alice").await;
    let profile = ProfileChange {
        username: None,
        email: Some(email("alice@example.net")),
    };
    let user = store.change_profile(&id("alice"), profile, moment(1)).await;
    assert_eq!(user.unwrap().unwrap().address_number, AddressNumber(1));
    let back = ProfileChange {
        username: None,
        email: Some(email("alice@example.org")),
    };
    let user = store.change_profile(&id("alice"), back, moment(2)).await;
    assert_eq!(user.unwrap().unwrap().address_number, AddressNumber(2));
    let confirmed = store.confirm_address(before, moment(3)).await;
    assert!(confirmed.unwrap().is_none());
}

/// A reset, as by a link that was mailed to the address of `proof`.
fn reset(proof: AddressProof) -> PasswordChange {
    PasswordChange {
        proven: Some(proof),
        ..change("alice", 0, "new", None)
    }
}

pub async fn a_reset_confirms_the_address_that_it_was_mailed_to(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let reset = reset(proof(&store, "alice").await);
    let answer = store.change_password(reset, moment(1)).await;
    assert_eq!(answer.unwrap(), PasswordChanged::Changed);
    let alice = stored(&store, "alice").await;
    assert!(alice.email_verified && alice.generation == Generation(1));
    assert_eq!(stored_hash(&store, "alice").await, hash("new").expose());
}

pub async fn a_reset_that_was_mailed_to_another_address_is_superseded(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let reset = reset(proof(&store, "alice").await);
    let changed = changed(&store, to("alice@example.net", 0), moment(1)).await;
    let answer = store.change_password(reset, moment(2)).await;
    assert_eq!(answer.unwrap(), PasswordChanged::Superseded);
    assert!(stored(&store, "alice").await == changed);
    assert_eq!(stored_hash(&store, "alice").await, hash("old").expose());
}
