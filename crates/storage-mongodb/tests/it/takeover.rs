//! Taking over what another application filled: large, changing meanwhile, by several nodes at once.

use std::sync::Mutex;
use std::time::Duration;

use model::SystemRng;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use storage::{Error, Upkeep as _, Users as _};
use storage_mongodb::{
    ClashField, Headway, MongoStore, MongoUri, OpenError, Options, Progress, Task,
};

use crate::ears::PATIENCE;
use crate::flask::{WERKZEUG, flask, meant, register};
use crate::people::{HASH, id, new_user};
use crate::server::{Scratch, opened, scratch, scratch_alone};

/// More than is read and written at once.
const MANY: usize = 2500;

async fn register_many(users: &Collection<Document>) {
    let accounts = (0..MANY).map(|number| {
        doc! {
            "_id": format!("u-{number:04}"), "username": format!("User.{number}"),
            "email": format!("User.{number}@example.org"), "password_hash": WERKZEUG,
        }
    });
    users.insert_many(accounts).await.unwrap();
}

async fn count(users: &Collection<Document>, filter: Document) -> usize {
    let count = users.count_documents(filter).await.unwrap();
    usize::try_from(count).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn several_nodes_that_start_at_once_give_each_account_its_keys() {
    for database in [scratch().await, scratch_alone().await] {
        let Some(database) = database else {
            return;
        };
        start_several_on(&database).await;
    }
}

async fn start_several_on(database: &Scratch) {
    let users = flask(database).await;
    register_many(&users).await;
    // In the last batch: what the second one of the first has already.
    register(&users, "u-x", "USER.1", "x@example.org").await;
    let (a, b, c) = tokio::join!(database.node(), database.node(), database.node());

    for field in ["username_key", "email_key"] {
        let with_key = doc! { field: { "$type": "string" } };
        let missing = usize::from(field == "username_key");
        assert_eq!(count(&users, with_key).await, MANY + 1 - missing, "{field}");
    }
    let imported = doc! { "portcullis_imported": true, "username_key_version": { "$gt": 0 } };
    assert_eq!(count(&users, imported).await, MANY + 1);
    assert_eq!(meant(&a, "USER.2499").await.as_deref(), Some("u-2499"));
    let clashes = a.clashes().await.unwrap();
    let mut between: Vec<_> = clashes.iter().map(|clash| clash.account.as_str()).collect();
    between.sort_unstable();
    assert_eq!(between, ["u-0001", "u-x"]);
    let all = u64::try_from(MANY).unwrap() + 1;
    for node in [a, b, c] {
        let kinds = node.hash_kinds().await.unwrap();
        assert_eq!(kinds, [("pbkdf2:sha256:1000".to_owned(), all)]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_indexes_an_account_made_here_keeps_its_key_against_a_look_alike() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = flask(&database).await;
    // The look-alike stands before it.
    register(&users, "a-1", "ALICE", "other@example.org").await;
    let node = database.node().await;
    // Its application deletes it, and reserves nothing.
    users.delete_one(doc! { "_id": "a-1" }).await.unwrap();
    node.create_user(new_user("alice")).await.unwrap();
    node.close().await;
    users.drop_index("portcullis_username_key").await.unwrap();
    register(&users, "a-1", "ALICE", "other@example.org").await;

    let node = database.node().await;
    assert_eq!(meant(&node, "Alice").await.as_deref(), Some("id-of-alice"));
    assert_eq!(meant(&node, "ALICE").await.as_deref(), Some("a-1"));
    let other = meant(&node, "OTHER@example.org").await;
    assert_eq!(other.as_deref(), Some("a-1"));
    let clashes = node.clashes().await.unwrap();
    assert_eq!(clashes.len(), 1, "{clashes:?}");
    assert_eq!(clashes[0].account, id("a-1"));
}

/// Changes an account once the first accounts were read, and before anything is written.
struct Meddler {
    database: (String, String),
    change: Mutex<Option<(&'static str, Document)>>,
}

impl Meddler {
    fn new(database: &Scratch, account: &'static str, change: Document) -> Self {
        Self {
            database: (database.uri.clone(), database.name().to_owned()),
            change: Mutex::new(Some((account, change))),
        }
    }
}

impl Progress for Meddler {
    fn every(&self) -> Duration {
        Duration::ZERO
    }

    fn show(&self, headway: &Headway) {
        if headway.task != Task::Keys {
            return;
        }
        let Some((account, change)) = self.change.lock().unwrap().take() else {
            return;
        };
        let (uri, name) = self.database.clone();
        let changing = std::thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(async {
                let client = Client::with_uri_str(uri).await.unwrap();
                let users = client.database(&name).collection::<Document>("users");
                let changed = users.update_one(doc! { "_id": account }, doc! { "$set": change });
                assert_eq!(changed.await.unwrap().modified_count, 1);
            });
        });
        changing.join().unwrap();
    }
}

/// Opens the database of two accounts, one of which is changed meanwhile.
async fn meddled_with(change: Document) -> Option<(Scratch, std::sync::Arc<MongoStore>)> {
    let database = scratch().await?;
    let users = flask(&database).await;
    register(&users, "u-1", "alice", "alice@example.org").await;
    register(&users, "u-2", "bob", "bob@example.org").await;
    let meddler = Meddler::new(&database, "u-1", change);
    let uri = MongoUri::parse(&*database.uri).unwrap();
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let options = options.with_progress(&meddler);
    let node = MongoStore::open(&uri, options).await.unwrap();
    assert!(meddler.change.lock().unwrap().is_none(), "it was changed");
    Some((database, node))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_its_application_renames_meanwhile_is_looked_at_again() {
    for (field, changed, old, new) in [
        ("username", "zoe", "ALICE", "ZOE"),
        (
            "email",
            "zoe@example.org",
            "alice@EXAMPLE.org",
            "zoe@EXAMPLE.org",
        ),
    ] {
        let Some((_database, node)) = meddled_with(doc! { field: changed }).await else {
            return;
        };
        assert_eq!(meant(&node, new).await.as_deref(), Some("u-1"), "{field}");
        assert_eq!(meant(&node, old).await, None, "{field}");
        assert_eq!(meant(&node, "BOB").await.as_deref(), Some("u-2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_is_upgraded_meanwhile_keeps_its_kind() {
    let kind = "argon2id:8:1:1";
    let upgraded = doc! { "password_hash": HASH, "hash_kind": kind };
    let Some((database, node)) = meddled_with(upgraded).await else {
        return;
    };
    let users = database.collection("users");
    let of_that_kind = doc! { "_id": "u-1", "hash_kind": kind };
    assert_eq!(count(&users, of_that_kind).await, 1);
    assert_eq!(meant(&node, "ALICE").await.as_deref(), Some("u-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_node_has_found_out_meanwhile_stays() {
    let current = i64::from(u32::try_from(model::UsernameKey::VERSION).unwrap());
    let found = doc! {
        "username_key_version": current, "portcullis_imported": true, "username_key": "alice",
        "email_key": "alice@example.org", "key_clash": { "username": "u-3" },
    };
    let Some((_database, node)) = meddled_with(found).await else {
        return;
    };
    let clashes = node.clashes().await.unwrap();
    assert_eq!(clashes.len(), 1, "{clashes:?}");
    assert_eq!(clashes[0].account, id("u-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_have_no_key_clashes_with_the_same_and_nothing_with_what_is_empty() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    for (account, name, email) in [
        ("u-1", "alice smith (home)", "none"),
        ("u-2", "bob", "none"),
        ("u-3", "carol", ""),
        ("u-4", "dave", ""),
    ] {
        register(&users, account, name, email).await;
    }
    let node = database.node().await;
    let mut found: Vec<_> = node.clashes().await.unwrap();
    found.sort_by(|one, other| one.account.as_str().cmp(other.account.as_str()));
    let found = found
        .iter()
        .map(|clash| (clash.account.as_str(), clash.field));
    let expected = [("u-1", ClashField::Email), ("u-2", ClashField::Email)];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(meant(&node, "DAVE").await.as_deref(), Some("u-4"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_many_share_is_taken_over_though_no_command_takes_it_at_once() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    // No command could name a thousand of these.
    let name = "Long".repeat(5000);
    let accounts = (0..1200).map(|number| {
        doc! {
            "_id": format!("u-{number:04}"), "username": format!("{name}{number}"),
            "email": "Many@example.org", "password_hash": WERKZEUG,
        }
    });
    users.insert_many(accounts).await.unwrap();
    let node = database.node().await;
    for (field, expected) in [
        ("email_key", 1),
        ("key_clash.email", 1200),
        ("key_clash.username", 0),
    ] {
        let with_it = doc! { field: { "$type": "string" } };
        assert_eq!(count(&users, with_it).await, expected, "{field}");
    }
    assert_eq!(meant(&node, "many@EXAMPLE.org").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_share_everything_one_has_the_key_and_all_are_marked() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    let accounts = (0..MANY).map(|number| {
        let email = ["Many@example.org", "none"][number % 2];
        doc! {
            "_id": format!("u-{number:04}"), "username": "Many", "email": email,
            "password_hash": WERKZEUG,
        }
    });
    users.insert_many(accounts).await.unwrap();
    let (node, _other) = tokio::join!(database.node(), database.node());

    for (field, expected) in [
        ("username_key", 1),
        ("email_key", 1),
        ("key_clash.username", MANY),
        ("key_clash.email", MANY),
    ] {
        let with_it = doc! { field: { "$type": "string" } };
        assert_eq!(count(&users, with_it).await, expected, "{field}");
    }
    for text in ["MANY", "many@EXAMPLE.org"] {
        assert_eq!(meant(&node, text).await, None);
    }
    let kinds = node.hash_kinds().await.unwrap();
    let all = u64::try_from(MANY).unwrap();
    assert_eq!(kinds, [("pbkdf2:sha256:1000".to_owned(), all)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_made_here_that_share_a_key_are_named_to_whoever_starts() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    for name in ["alice", "bob"] {
        node.create_user(new_user(name)).await.unwrap();
    }
    node.close().await;
    let users = database.collection("users");
    users.drop_index("portcullis_email_key").await.unwrap();
    let same = doc! { "$set": { "email": "a@example.org", "email_key": "a@example.org" } };
    users.update_many(doc! {}, same).await.unwrap();

    let OpenError::Storage(Error::Backend(error)) = opened(&database.uri).await.unwrap_err() else {
        panic!("another error");
    };
    let error = error.to_string();
    for named in ["id-of-alice", "id-of-bob", "email_key"] {
        assert!(error.contains(named), "{error}");
    }
    assert!(!error.contains("example.org"), "{error}");
    // What it says helps.
    let imported = doc! { "$set": { "portcullis_imported": true } };
    let one = users.update_one(doc! { "_id": "id-of-bob" }, imported);
    one.await.unwrap();
    let node = database.node().await;
    assert_eq!(meant(&node, "bob").await.as_deref(), Some("id-of-bob"));
    let address = meant(&node, "A@example.org").await;
    assert_eq!(address.as_deref(), Some("id-of-alice"));
}
