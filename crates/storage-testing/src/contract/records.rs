//! Records.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::UserId;
use serde::{Deserialize, Serialize};
use storage::records::{By, Listing, NewRecord};
use storage::{
    FeedEntry, FeedRow, Keys, Kind, Record, RecordBody, RecordId, RecordKey, Replaced,
    SaveRecordError, Storage, Tells, TooLarge, Versioned,
};

use super::Backend;
use super::fixtures::{account, at, at_once, id, moment, session_id, token};
use super::listener::Listener;

/// A passkey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passkey {
    pub(super) owner: UserId,
    credential: String,
    name: Option<String>,
    count: u32,
}

impl Record for Passkey {
    const KIND: Kind = Kind("passkey");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.owner)
    }

    fn keys(&self) -> Keys {
        match &self.name {
            Some(name) => Keys::two(&self.credential, name),
            None => Keys::one(&self.credential),
        }
    }
}

/// An application that people sign in to. Nobody owns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Client {
    secret: String,
    note: String,
}

impl Record for Client {
    const KIND: Kind = Kind("client");

    fn owner(&self) -> Option<&UserId> {
        None
    }

    fn keys(&self) -> Keys {
        Keys::one(&self.secret)
    }
}

pub async fn a_record_reads_back_as_it_was_inserted(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let passkey = Passkey {
        name: Some("the \"blue\" one \u{1f511}".to_owned()),
        ..passkey("alice", "a")
    };
    let inserted = insert(&store, "p-1", passkey.clone()).await.unwrap();
    assert_eq!(*inserted, passkey);
    let all = store.records::<Passkey>();
    for found in [
        all.by_id(&record_id("p-1")).await.unwrap(),
        all.by_key("a").await.unwrap(),
        all.by_second_key("the \"blue\" one \u{1f511}")
            .await
            .unwrap(),
    ] {
        assert_eq!(found, Some(inserted.clone()));
    }
}

pub async fn a_record_that_is_not_there_is_nothing(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
    let all = store.records::<Passkey>();
    assert!(all.by_id(&record_id("p-2")).await.unwrap().is_none());
    assert!(all.by_key("b").await.unwrap().is_none());
    assert!(all.by_second_key("a").await.unwrap().is_none());
    let gone = all.delete_by_id(&record_id("p-2"), Tells::nothing()).await;
    assert!(!gone.unwrap());
    // Another kind is another matter.
    let clients = store.records::<Client>();
    assert!(clients.by_id(&record_id("p-1")).await.unwrap().is_none());
    assert!(clients.by_key("a").await.unwrap().is_none());
    assert!(clients.list(None, 10).await.unwrap().records.is_empty());
}

pub async fn an_id_or_a_key_is_taken_once_within_its_kind(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let named = |credential: &str, name: &str| Passkey {
        name: Some(name.to_owned()),
        ..passkey("alice", credential)
    };
    insert(&store, "p-1", named("a", "one")).await.unwrap();
    for (id, passkey, taken) in [
        ("p-1", named("b", "two"), RecordKey::Id),
        ("p-2", named("a", "two"), RecordKey::First),
        ("p-2", named("b", "one"), RecordKey::Second),
        ("p-1", named("a", "one"), RecordKey::Id), // of several the first is named
        ("p-2", named("a", "one"), RecordKey::First),
    ] {
        assert_taken(insert(&store, id, passkey).await, taken);
    }
    // What is a first key may be a second one, and another kind has keys of its own.
    insert(&store, "p-2", named("one", "a")).await.unwrap();
    insert(&store, "p-1", client("a")).await.unwrap();
    // Those without a second key have none in common.
    insert(&store, "p-3", passkey("bob", "c")).await.unwrap();
    insert(&store, "p-4", passkey("bob", "d")).await.unwrap();
}

pub async fn of_fifty_inserts_of_one_key_at_once_one_succeeds(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let beside = backend.beside().await;
    let inserted = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        async move { insert(&store, &format!("p-{number}"), passkey("alice", "a")).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = inserted.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    for refused in refused {
        assert_taken(refused, RecordKey::First);
    }
    let all = store.records::<Passkey>().list(None, 100).await.unwrap();
    assert_eq!(all.records.len(), 1);
}

pub async fn of_fifty_inserts_of_one_id_at_once_one_succeeds(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let inserted = at_once(50, |number| {
        let store = Arc::clone(&store);
        async move { insert(&store, "c-1", client(&number.to_string())).await }
    })
    .await;
    assert_eq!(inserted.iter().filter(|made| made.is_ok()).count(), 1);
}

pub async fn a_change_is_made_to_the_version_that_was_read(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let first = insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
    let second = replaced(replace(&store, first.clone().with(|p| p.count = 1)).await);
    assert_eq!(second.count, 1);
    assert_eq!(found(&store, "p-1").await, Some(second.clone()));

    let late = replace(&store, first.clone().with(|p| p.count = 9)).await;
    assert_eq!(late.unwrap(), Replaced::Superseded);
    assert_eq!(found(&store, "p-1").await, Some(second.clone()));
    let third = replaced(replace(&store, second.with(|p| p.count = 2)).await);
    assert_eq!(found(&store, "p-1").await, Some(third.clone()));

    let all = store.records::<Passkey>();
    assert!(all.delete(&third, Tells::nothing()).await.unwrap());
    let gone = replace(&store, third).await;
    assert_eq!(gone.unwrap(), Replaced::Superseded);
    assert_eq!(found(&store, "p-1").await, None);
}

pub async fn of_fifty_changes_of_one_version_at_once_one_is_made(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let beside = backend.beside().await;
    let first = insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
    let changed = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        let changed = first.clone().with(|passkey| passkey.count = number + 1);
        // What is told must not let a second one in.
        let tells = Tells::one(FeedEntry::Token(token(&number.to_string())), moment(1));
        async move { store.records().replace(changed, tells).await.unwrap() }
    })
    .await;
    let made = changed.into_iter().filter_map(|changed| match changed {
        Replaced::Done(record) => Some(record),
        Replaced::Superseded => None,
    });
    let made: Vec<_> = made.collect();
    assert_eq!(made.len(), 1);
    assert_eq!(found(&store, "p-1").await.as_ref(), made.first());
}

pub async fn a_change_may_change_the_keys(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let named = |name: &str| Some(name.to_owned());
    let first = insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
    insert(&store, "p-2", passkey("alice", "b")).await.unwrap();
    let second = replaced(
        replace(
            &store,
            first.with(|p| {
                p.credential = "c".into();
                p.name = named("one");
            }),
        )
        .await,
    );
    let all = store.records::<Passkey>();
    assert!(all.by_key("a").await.unwrap().is_none());
    assert_eq!(all.by_key("c").await.unwrap(), Some(second.clone()));
    assert_eq!(
        all.by_second_key("one").await.unwrap(),
        Some(second.clone())
    );
    insert(&store, "p-3", passkey("bob", "a")).await.unwrap();

    // A key that another has is refused, and nothing is changed.
    let taken = replace(&store, second.clone().with(|p| p.credential = "b".into())).await;
    assert_taken(taken, RecordKey::First);
    assert_eq!(all.by_key("c").await.unwrap(), Some(second.clone()));
    // A key that is let go of is free.
    let third = replaced(replace(&store, second.with(|p| p.name = None)).await);
    assert!(all.by_second_key("one").await.unwrap().is_none());
    let named_so = Passkey {
        name: named("one"),
        ..passkey("bob", "d")
    };
    insert(&store, "p-4", named_so).await.unwrap();
    let taken = replace(&store, third.with(|p| p.name = named("one"))).await;
    assert_taken(taken, RecordKey::Second);
}

pub async fn a_deletion_frees_the_id_and_the_keys(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let all = store.records::<Passkey>();
    for tells in [
        Tells::nothing(),
        Tells::one(FeedEntry::Changed(id("alice")), moment(1)),
    ] {
        let first = insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
        let second = replaced(replace(&store, first.clone().with(|p| p.count = 1)).await);
        // Only as it was read, if that is asked for.
        assert!(!all.delete(&first, tells.clone()).await.unwrap());
        assert_eq!(found(&store, "p-1").await, Some(second.clone()));
        assert!(all.delete(&second, tells.clone()).await.unwrap());
        assert_eq!(found(&store, "p-1").await, None);
        assert!(all.by_key("a").await.unwrap().is_none());
        assert!(!all.delete(&second, tells.clone()).await.unwrap());

        insert(&store, "p-1", passkey("bob", "a")).await.unwrap();
        assert!(all.delete_by_id(&record_id("p-1"), tells).await.unwrap());
    }
}

pub async fn records_are_listed_by_kind_and_by_owner_in_the_order_of_their_ids(
    backend: &dyn Backend,
) {
    let store = with_accounts(backend).await;
    for (id, owner) in [
        ("c", "alice"),
        ("a", "bob"),
        ("B", "alice"),
        ("a/", "alice"),
    ] {
        insert(&store, id, passkey(owner, id)).await.unwrap();
    }
    insert(&store, "b", client("x")).await.unwrap();
    let all = store.records::<Passkey>();
    let listed = all.list(None, 10).await.unwrap();
    assert_eq!(ids(&listed.records), ["B", "a", "a/", "c"]);
    assert_eq!(listed.next, None);
    let of_alice = all.list_of(&id("alice"), None, 10).await.unwrap();
    assert_eq!(ids(&of_alice.records), ["B", "a/", "c"]);
    assert!(of_alice.records.iter().all(|p| p.owner == id("alice")));

    let page = all.list_of(&id("alice"), None, 2).await.unwrap();
    assert_eq!(ids(&page.records), ["B", "a/"]);
    let rest = all.list_of(&id("alice"), page.next.as_ref(), 2).await;
    assert_eq!(ids(&rest.unwrap().records), ["c"]);
    let nobody = all.list_of(&id("nobody"), None, 2).await.unwrap();
    assert!(nobody.records.is_empty());
}

pub async fn a_listing_meets_each_record_once_while_others_come_and_go(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let place = |number: u32| format!("c-{number:03}");
    let lasting = (0..60).map(|number| number * 10);
    for number in lasting.clone() {
        let client = client(&format!("lasting {number}"));
        insert(&store, &place(number), client).await.unwrap();
    }
    let (all, mut seen, mut next) = (store.records::<Client>(), Vec::new(), None);
    for round in 0.. {
        let page = all.list(next.as_ref(), 7).await.unwrap();
        seen.extend(ids(&page.records).into_iter().map(str::to_owned));
        next = page.next;
        if next.is_none() {
            break;
        }
        // Before the cursor, at it and after it: one comes, and one that came before goes.
        for number in [1, 70 * round + 5, 590 - 10 * round + 3] {
            let client = client(&format!("{round} {number}"));
            let _ = insert(&store, &place(number), client).await; // it may be there
            let other = record_id(&place(70 * round + 5));
            let _ = all.delete_by_id(&other, Tells::nothing()).await.unwrap();
        }
    }
    let once: BTreeSet<_> = seen.iter().cloned().collect();
    assert_eq!(once.len(), seen.len(), "none twice: {seen:?}");
    assert!(seen.is_sorted(), "{seen:?}");
    assert!(lasting.clone().all(|number| once.contains(&place(number))));
}

pub async fn a_listing_has_a_bound(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let made = at_once(Listing::MOST + 1, |number| {
        let store = Arc::clone(&store);
        let client = client(&number.to_string());
        async move {
            insert(&store, &format!("c-{number:03}"), client)
                .await
                .is_ok()
        }
    })
    .await;
    assert!(made.into_iter().all(|made| made));
    let all = store.records::<Client>();
    let page = all.list(None, u32::MAX).await.unwrap();
    assert_eq!(page.records.len(), Listing::MOST as usize);
    let rest = all.list(page.next.as_ref(), u32::MAX).await.unwrap();
    assert_eq!((rest.records.len(), rest.next), (1, None));
    assert_eq!(all.list(None, 0).await.unwrap().records.len(), 1);
}

pub async fn what_a_change_of_a_record_tells_is_heard_before_it_is_answered(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let listener = Listener::on(&store).await;
    let all = store.records::<Passkey>();
    let entries = || {
        [
            FeedEntry::Changed(id("alice")),
            FeedEntry::Session(session_id(7)),
        ]
    };
    let tells = |seconds| Tells::several(entries(), moment(seconds)).unwrap();
    let assert_heard = |seconds: i64| {
        let heard = listener.take();
        for entry in entries() {
            let until = at(seconds + 1200);
            assert!(heard.contains(&FeedRow { entry, until }), "{heard:?}");
        }
    };
    let first = all.insert(record_id("p-1"), passkey("alice", "a"), tells(1));
    let first = first.await.unwrap();
    assert_heard(1);
    let second = all.replace(first.with(|p| p.count = 1), tells(2)).await;
    assert_heard(2);
    all.delete(&replaced(second), tells(3)).await.unwrap();
    assert_heard(3);
}

pub async fn a_change_of_a_record_that_is_not_made_tells_nothing(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let first = insert(&store, "p-1", passkey("alice", "a")).await.unwrap();
    replaced(replace(&store, first.clone().with(|p| p.count = 1)).await);
    let listener = Listener::on(&store).await;
    let all = store.records::<Passkey>();
    let tells = || Tells::one(FeedEntry::Changed(id("alice")), moment(1));
    let taken = all.insert(record_id("p-2"), passkey("bob", "a"), tells());
    assert_taken(taken.await, RecordKey::First);
    let gone = all.insert(record_id("p-2"), passkey("nobody", "b"), tells());
    assert!(matches!(gone.await, Err(SaveRecordError::OwnerGone)));
    let late = all.replace(first.clone(), tells()).await.unwrap();
    assert_eq!(late, Replaced::Superseded);
    assert!(!all.delete(&first, tells()).await.unwrap());
    assert!(!all.delete_by_id(&record_id("p-9"), tells()).await.unwrap());
    assert_eq!(listener.take(), []);
}

pub async fn a_record_holds_so_much_and_no_more(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let most = RecordBody::new("ü".repeat(32_768)).unwrap();
    let new = NewRecord {
        kind: Client::KIND,
        id: RecordId::parse("i".repeat(128)).unwrap(),
        owner: None,
        keys: Keys::two("k".repeat(5000), [0; 1023]),
        body: most.clone(),
    };
    let by = By::Id(new.id.clone());
    store.insert_record(new, Tells::nothing()).await.unwrap();
    let found = store.record(Client::KIND, by).await.unwrap().unwrap();
    assert_eq!(found.body, most);

    let large = Client {
        note: "x".repeat(65_536),
        ..client("large")
    };
    let refused = insert(&store, "c-1", large.clone()).await;
    assert!(is_too_large(&refused));
    let small = insert(&store, "c-1", client("small")).await.unwrap();
    let refused = replace(&store, small.clone().with(|client| *client = large)).await;
    assert!(is_too_large(&refused));
    let kept = store.records::<Client>().by_id(small.id()).await.unwrap();
    assert_eq!(kept, Some(small));
}

fn is_too_large<T>(answer: &Result<T, SaveRecordError>) -> bool {
    let most = 65_536;
    matches!(answer, Err(SaveRecordError::TooLarge(TooLarge { most: bound, .. })) if *bound == most)
}

pub(super) async fn with_accounts(backend: &dyn Backend) -> Arc<dyn Storage> {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    store
}

pub(super) fn passkey(owner: &str, credential: &str) -> Passkey {
    Passkey {
        owner: id(owner),
        credential: credential.to_owned(),
        name: None,
        count: 0,
    }
}

pub(super) fn client(secret: &str) -> Client {
    Client {
        secret: secret.to_owned(),
        note: String::new(),
    }
}

fn record_id(text: &str) -> RecordId {
    RecordId::parse(text).unwrap()
}

pub(super) fn ids<T>(records: &[Versioned<T>]) -> Vec<&str> {
    records.iter().map(|record| record.id().as_str()).collect()
}

pub(super) async fn insert<T: Record>(
    store: &Arc<dyn Storage>,
    id: &str,
    record: T,
) -> Result<Versioned<T>, SaveRecordError> {
    let all = store.records::<T>();
    all.insert(record_id(id), record, Tells::nothing()).await
}

pub(super) async fn replace<T: Record>(
    store: &Arc<dyn Storage>,
    record: Versioned<T>,
) -> Result<Replaced<T>, SaveRecordError> {
    store.records().replace(record, Tells::nothing()).await
}

pub(super) async fn found(store: &Arc<dyn Storage>, id: &str) -> Option<Versioned<Passkey>> {
    store.records().by_id(&record_id(id)).await.unwrap()
}

fn replaced<T: std::fmt::Debug>(answer: Result<Replaced<T>, SaveRecordError>) -> Versioned<T> {
    match answer.unwrap() {
        Replaced::Done(record) => record,
        Replaced::Superseded => panic!("superseded"),
    }
}

fn assert_taken<T: std::fmt::Debug>(answer: Result<T, SaveRecordError>, expected: RecordKey) {
    match answer {
        Err(SaveRecordError::Taken(taken)) => assert_eq!(taken, expected),
        other => panic!("{expected:?}: {other:?}"),
    }
}

/// A record for the tests of what outlives a process: inserted and changed once.
pub(super) async fn changed_once(store: &Arc<dyn Storage>, id: &str) {
    let first = insert(store, id, passkey("alice", id)).await.unwrap();
    replaced(replace(store, first.with(|p| p.count = 1)).await);
}

/// Whether that record is there as it was changed.
pub(super) async fn is_changed_once(store: &Arc<dyn Storage>, id: &str) -> bool {
    let by_key = store.records::<Passkey>().by_key(id).await.unwrap();
    by_key.is_some_and(|passkey| passkey.count == 1 && passkey.id().as_str() == id)
}
