//! What an operator does to accounts.

use std::sync::Arc;

use model::{Generation, User, UserId};
use storage::{
    Beginning, Enabled, Enrolment, FeedEntry, PasswordChanged, ProfileChange, Rotated, Storage,
    UserFilter, UserListing,
};

use super::Backend;
use super::fixtures::{
    account, at, at_once, change, email, exists, id, moment, opened, renewed, rotated, session_id,
    stored, stored_hash,
};
use super::listener::Listener;

pub async fn disabling_refuses_whatever_was_issued(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    account(&store, "alice").await;
    account(&store, "bob").await;
    let keeping = change("alice", 0, "new", Some(session_id(1)));
    store.change_password(keeping, moment(1)).await.unwrap();
    let alice = stored(&store, "alice").await;
    for (owner, number) in [("alice", 1), ("alice", 2), ("bob", 3)] {
        opened(&store, owner, number, 1).await;
    }
    let listener = Listener::on(&store).await;

    let disabled = beside.disable_user(&id("alice"), moment(7)).await.unwrap();
    let expected = User {
        generation: Generation(2),
        keep: None,
        disabled: true,
        updated_at: at(7),
        ..alice
    };
    assert!(disabled.unwrap() == expected);
    assert!(stored(&store, "alice").await == expected);
    let hash = stored_hash(&store, "alice").await;
    assert_eq!(hash, super::fixtures::hash("new").expose());
    listener.hears(&generation("alice", 2)).await;
    assert!(!exists(&store, 1).await && !exists(&store, 2).await && exists(&store, 3).await);
    assert!(!stored(&store, "bob").await.disabled);
    beside.close().await;
}

pub async fn a_sign_in_that_was_overtaken_by_disabling_gets_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    store.disable_user(&id("alice"), moment(1)).await.unwrap();
    // The password was verified before; its session is opened only now.
    opened(&store, "alice", 1, 2).await;
    let refused = rotated(&store, "first", "second", 3).await;
    assert!(matches!(refused, Rotated::Refused));
    // Enabling brings back nothing of it.
    store.enable_user(&id("alice"), moment(4)).await.unwrap();
    let refused = rotated(&store, "first", "second", 5).await;
    assert!(matches!(refused, Rotated::Refused));
}

pub async fn enabling_takes_the_switch_back_and_nothing_else(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    account(&store, "alice").await;
    store.disable_user(&id("alice"), moment(1)).await.unwrap();
    let before = stored(&store, "alice").await;
    let listener = Listener::on(&store).await;
    listener.take();

    let enabled = beside.enable_user(&id("alice"), moment(7)).await.unwrap();
    let expected = User {
        disabled: false,
        updated_at: at(7),
        ..before
    };
    assert_eq!(enabled, Enabled::Done(expected.clone()));
    assert!(stored(&store, "alice").await == expected);
    listener.hears(&FeedEntry::Changed(id("alice"))).await;
    // Whoever signs in from now on is of the present generation.
    let mut session = super::fixtures::session("alice", 1, 8);
    session.generation = expected.generation;
    store.open_session(session, 100, moment(8)).await.unwrap();
    renewed(rotated(&store, "first", "second", 9).await);
    beside.close().await;
}

pub async fn revoking_refuses_whatever_was_issued_and_leaves_the_switch(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    let revoked = store.revoke_user(&id("alice"), moment(1)).await.unwrap();
    let revoked = revoked.unwrap();
    assert_eq!(revoked.generation, Generation(1));
    assert!(!revoked.disabled && !exists(&store, 1).await);
    assert!(
        listener.has(&generation("alice", 1)),
        "before it is answered"
    );
    store.disable_user(&id("alice"), moment(2)).await.unwrap();
    let revoked = store.revoke_user(&id("alice"), moment(3)).await.unwrap();
    assert!(revoked.unwrap().disabled);
}

pub async fn what_an_operator_does_to_nobody_is_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let alice = stored(&store, "alice").await;
    let nobody = id("nobody");
    let listener = Listener::on(&store).await;
    listener.take();
    assert_eq!(store.disable_user(&nobody, moment(1)).await.unwrap(), None);
    assert_eq!(store.revoke_user(&nobody, moment(1)).await.unwrap(), None);
    let enabled = store.enable_user(&nobody, moment(1)).await.unwrap();
    assert_eq!(enabled, Enabled::Gone);
    assert!(stored(&store, "alice").await == alice);
    assert!(!listener.has(&generation("nobody", 1)));
    assert!(!listener.has(&FeedEntry::Changed(nobody)));
}

pub async fn no_change_at_once_brings_a_generation_back(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let raised = at_once(24, |number| {
        let store = Arc::clone(&store);
        async move {
            let alice = id("alice");
            match number % 4 {
                0 => {
                    let change = change("alice", 0, &format!("new{number}"), None);
                    let changed = store.change_password(change, moment(1)).await.unwrap();
                    u64::from(changed == PasswordChanged::Changed)
                }
                1 => {
                    store.enable_user(&alice, moment(1)).await.unwrap();
                    0
                }
                2 => {
                    let revoked = store.revoke_user(&alice, moment(1)).await.unwrap();
                    u64::from(revoked.is_some())
                }
                _ => {
                    let disabled = store.disable_user(&alice, moment(1)).await.unwrap();
                    u64::from(disabled.is_some_and(|user| user.disabled))
                }
            }
        }
    })
    .await;
    let expected = raised.iter().sum::<u64>();
    assert!(expected >= 12, "{expected}");
    let alice = stored(&store, "alice").await;
    assert_eq!(alice.generation, Generation(expected));
}

pub async fn accounts_are_listed_in_the_order_of_their_ids(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["dora", "alice", "carol", "bob"] {
        account(&store, name).await;
    }
    let listed = listed(&store, UserFilter::default(), 100).await;
    assert_eq!(listed, ids(&["alice", "bob", "carol", "dora"]));
    let first = UserListing {
        limit: 1,
        ..UserListing::default()
    };
    let page = store.list_users(first).await.unwrap();
    assert!(page.users == [stored(&store, "alice").await]);
    assert!(page.unreadable.is_empty());
    // None is as good as one: whoever asks for nothing gets on all the same.
    let page = store.list_users(UserListing::default()).await.unwrap();
    assert_eq!(page.users.len(), 1);
}

pub async fn a_listing_of_accounts_meets_each_once_while_others_come_and_go(backend: &dyn Backend) {
    let store = backend.open().await;
    for number in 10..20 {
        account(&store, &format!("u{number}")).await;
    }
    let mut listing = UserListing {
        limit: 3,
        ..UserListing::default()
    };
    let mut met = Vec::new();
    for round in 0_u32.. {
        let page = store.list_users(listing.clone()).await.unwrap();
        assert!(page.users.len() <= 3);
        met.extend(page.users.into_iter().map(|user| user.id));
        let Some(next) = page.next else { break };
        // The one that the page ended with goes; one before it comes.
        let last = met.last().cloned().unwrap();
        store.delete_user(&last, moment(1)).await.unwrap();
        account(&store, &format!("a{round}")).await;
        listing.after = Some(next);
    }
    let all: Vec<_> = (10..20).map(|number| id(&format!("u{number}"))).collect();
    assert_eq!(met, all);
}

pub async fn a_page_that_ends_with_the_last_account_leads_nowhere(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["alice", "bob", "carol"] {
        account(&store, name).await;
    }
    store.disable_user(&id("bob"), moment(1)).await.unwrap();
    let disabled = UserFilter {
        disabled: true,
        ..UserFilter::default()
    };
    for (filter, limit, goes_on) in [
        (UserFilter::default(), 2, true),
        (UserFilter::default(), 3, false),
        (UserFilter::default(), 4, false),
        (disabled, 1, false),
    ] {
        let listing = UserListing {
            filter,
            limit,
            ..UserListing::default()
        };
        let page = store.list_users(listing.clone()).await.unwrap();
        assert_eq!(page.next.is_some(), goes_on, "{listing:?}");
    }
}

pub async fn accounts_are_listed_by_what_they_are(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["alice", "alina", "bob", "zoe"] {
        account(&store, name).await;
    }
    let renamed = ProfileChange {
        username: None,
        email: Some(email("Ali.Zoe@example.org")),
    };
    store
        .change_profile(&id("zoe"), renamed, moment(1))
        .await
        .unwrap();
    for name in ["alina", "bob"] {
        store.disable_user(&id(name), moment(1)).await.unwrap();
    }
    let beginning = |text: &str| UserFilter {
        beginning: Some(Beginning::of(text)),
        ..UserFilter::default()
    };
    for (text, expected) in [
        ("ali", &["alice", "alina", "zoe"][..]),
        ("ALI", &["alice", "alina", "zoe"]),
        ("alice@exa", &["alice"]),
        ("bob@example.org", &["bob"]),
        ("lice", &[]),
        ("al%", &[]),
        ("a.*", &[]),
    ] {
        let listed = listed(&store, beginning(text), 2).await;
        assert_eq!(listed, ids(expected), "{text}");
    }
    let disabled = UserFilter {
        disabled: true,
        ..UserFilter::default()
    };
    assert_eq!(
        listed(&store, disabled.clone(), 1).await,
        ids(&["alina", "bob"])
    );
    let both = UserFilter {
        disabled: true,
        ..beginning("ali")
    };
    assert_eq!(listed(&store, both, 1).await, ids(&["alina"]));
    let unverified = UserFilter {
        unverified: true,
        ..UserFilter::default()
    };
    assert_eq!(listed(&store, unverified, 3).await.len(), 4);
    let enrolment = Enrolment {
        user: id("alice"),
        at: stored(&store, "alice").await.generation,
        keep: None,
        sealed: b"secret".to_vec(),
        step: 100,
        recovery_codes: Vec::new(),
    };
    store.enrol(enrolment, moment(2)).await.unwrap().unwrap();
    let no_factor = UserFilter {
        no_factor: true,
        ..UserFilter::default()
    };
    assert_eq!(
        listed(&store, no_factor.clone(), 2).await,
        ids(&["alina", "bob", "zoe"])
    );
    let both = UserFilter {
        disabled: true,
        no_factor: true,
        ..beginning("ali")
    };
    assert_eq!(listed(&store, both, 1).await, ids(&["alina"]));
}

pub async fn an_operator_looks_at_a_budget_without_counting(backend: &dyn Backend) {
    let (store, beside) = (backend.open().await, backend.beside().await);
    let key = storage::AttemptKey::new([5; 32]);
    assert_eq!(beside.attempts(key).await.unwrap(), None);
    for _ in 0..5 {
        store.reserve_attempt(key, at(0)).await.unwrap();
    }
    for _ in 0..2 {
        let budget = beside.attempts(key).await.unwrap().unwrap();
        assert_eq!(budget.consecutive, 5);
        assert_eq!(budget.refused_until(at(3)), Some(at(10)));
        assert_eq!(budget.refused_until(at(10)), None);
    }
    beside.close().await;
}

fn generation(owner: &str, minimum: u64) -> FeedEntry {
    FeedEntry::Generation {
        user: id(owner),
        minimum: Generation(minimum),
        keep: None,
    }
}

fn ids(names: &[&str]) -> Vec<UserId> {
    names.iter().map(|name| id(name)).collect()
}

/// All of a listing, page by page.
async fn listed(store: &Arc<dyn Storage>, filter: UserFilter, limit: u32) -> Vec<UserId> {
    let mut listing = UserListing {
        filter,
        after: None,
        limit,
    };
    let mut met = Vec::new();
    loop {
        let page = store.list_users(listing.clone()).await.unwrap();
        met.extend(page.users.into_iter().map(|user| user.id));
        match page.next {
            Some(next) => listing.after = Some(next),
            None => return met,
        }
    }
}
