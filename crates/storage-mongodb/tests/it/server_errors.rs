//! Errors that a server reports: those that pass by themselves are told from the others.

use std::sync::Arc;
use std::time::Duration;

use faulty_network::FailPoint;
use mongodb::bson::doc;
use scratch_database::aloud;
use storage::{Error, Feed as _, SaveUserError, Sessions as _, Upkeep as _, Users as _};
use storage_mongodb::{Headway, MongoStore, MongoUri, Options, PASSING, Progress, Task};
use tokio::runtime::Handle;

use model::SystemRng;

use crate::ears::{Ears, PATIENCE};
use crate::people::{HASH, NOW, id, moment, new_user, row, session, session_id, token};
use crate::server::{Scratch, scratch};

const READS: [&str; 3] = ["find", "aggregate", "getMore"];
const WRITES: [&str; 4] = ["insert", "update", "delete", "findAndModify"];

/// Codes that a server reports with details only, which a fail point has not: `error.rs` looks at these.
const DETAILED: [i32; 4] = [249, 304, 343, 13388];

/// Codes that are in no list of passing ones: somebody must look at them.
const FAULTS: [i32; 5] = [2, 13, 59, 8000, 17280];

/// A node whose server fails when a test wants it to.
async fn on_a_failing_server() -> Option<(Scratch, FailPoint, Arc<MongoStore>)> {
    let database = scratch().await?;
    let Some(failing) = FailPoint::on(&database.uri).await else {
        aloud("the server has no fail points: SKIPPED");
        return None;
    };
    // After some errors the driver waits until the server has been looked at anew.
    let uri = format!("{}&heartbeatFrequencyMS=500", failing.uri);
    let uri = MongoUri::parse(uri).unwrap();
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let node = MongoStore::open(&uri, options).await.unwrap();
    Some((database, failing, node))
}

/// Why the store is unavailable.
fn unavailable<T>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Unavailable(reason)) => reason,
        Err(error) => panic!("{error:?}"),
        Ok(_) => panic!("it was answered"),
    }
}

fn storage(error: SaveUserError) -> Error {
    match error {
        SaveUserError::Storage(error) => error,
        SaveUserError::Taken(field) => panic!("{field:?} is taken"),
        SaveUserError::Exists => panic!("it exists"),
    }
}

/// Whether the reason has the code with this name. Older servers name what they don't know after its code,
/// newer ones mark what they no longer use.
fn is_named(reason: &str, code: i32, name: &str) -> bool {
    let names = [
        name,
        &format!("OBSOLETE_{name}"),
        &format!("Location{code}"),
    ];
    names
        .iter()
        .any(|name| reason.contains(&format!("error {code} ({name})")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_leaves_the_store_unavailable_to_readers_and_writers() {
    let Some((_database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    let plain = PASSING.iter().filter(|(code, _)| !DETAILED.contains(code));
    for (code, name) in plain {
        failing.report(&READS, *code).await;
        let read = unavailable(node.user(&id("id-of-alice")).await);
        assert!(is_named(&read, *code, name), "{code}: {read}");
        failing.report(&WRITES, *code).await;
        let written = node.create_user(new_user("bob")).await.map_err(storage);
        let written = unavailable(written);
        assert!(is_named(&written, *code, name), "{code}: {written}");
    }
    failing.off().await;
    node.create_user(new_user("bob")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_a_fault_with_its_code() {
    let Some((_database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    let report = |error: Error| match error {
        Error::Backend(cause) => cause.to_string(),
        other => panic!("{other:?}"),
    };
    for code in FAULTS {
        failing.report(&READS, code).await;
        let read = report(node.user(&id("id-of-alice")).await.unwrap_err());
        failing.report(&WRITES, code).await;
        let written = node.create_user(new_user("bob")).await.unwrap_err();
        for cause in [read, report(storage(written))] {
            assert!(cause.contains(&format!("error {code} (")), "{cause}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_says_of_an_unknown_error_that_it_passes() {
    let Some((_database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    for label in [
        "RetryableError",
        "RetryableWriteError",
        "SystemOverloadedError",
        "TransientTransactionError",
    ] {
        failing.report_labelled(&READS, 8000, &[label]).await;
        unavailable(node.user(&id("id-of-alice")).await);
        failing.report_labelled(&WRITES, 8000, &[label]).await;
        unavailable(node.create_user(new_user("bob")).await.map_err(storage));
    }
    failing
        .report_labelled(&READS, 8000, &["NoWritesPerformed"])
        .await;
    let read = node.user(&id("id-of-alice")).await;
    assert!(matches!(read, Err(Error::Backend(_))), "{read:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_no_majority_confirms_leaves_the_store_unavailable_whatever_the_reason() {
    let Some((_database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    for code in [64, 91, 100, 8000] {
        failing.leave_unconfirmed(&WRITES, code).await;
        let person = format!("person-{code}");
        let written = node.create_user(new_user(&person)).await;
        unavailable(written.map_err(storage));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_the_server_lets_go_of_between_two_batches_is_begun_anew() {
    let Some((_database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    // More than the 101 documents of a first batch.
    for number in 0..150 {
        node.open_session(session(&alice, number), 1000, moment())
            .await
            .unwrap();
    }
    for code in [43, 237, 175] {
        failing.report_times(&["getMore"], code, 2).await;
        let sessions = node.sessions_of(&alice, NOW).await.unwrap();
        assert_eq!(sessions.len(), 150, "{code}");
        failing.report(&["getMore"], code).await;
        unavailable(node.sessions_of(&alice, NOW).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_goes_on_when_the_server_lets_go_of_its_reading() {
    let Some((database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    node.close().await;
    let accounts = (0..2500).map(|number| {
        doc! { "_id": format!("u-{number}"), "username": format!("user-{number}"), "password_hash": HASH }
    });
    let users = database.collection("users");
    users.insert_many(accounts).await.unwrap();
    failing.report_times(&["getMore"], 43, 1).await;
    let uri = MongoUri::parse(&*failing.uri).unwrap();
    MongoStore::open(&uri, Options::new(&SystemRng))
        .await
        .unwrap();
    let with_keys = users.count_documents(doc! { "username_key": { "$type": "string" } });
    assert_eq!(with_keys.await.unwrap(), 2500);
}

/// Has nothing fail any more once accounts get keys.
struct Repair(FailPoint);

impl Progress for Repair {
    fn every(&self) -> Duration {
        Duration::ZERO
    }

    fn show(&self, headway: &Headway) {
        if headway.task == Task::Keys {
            let runtime = Handle::current();
            std::thread::scope(|scope| {
                scope.spawn(|| runtime.block_on(self.0.off()));
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn indexes_that_another_node_began_and_could_not_build_are_built_as_at_a_first_start() {
    let Some((database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    node.close().await;
    let users = database.collection("users");
    let account = doc! { "_id": "u-1", "username": "Alice", "password_hash": HASH };
    users.insert_one(account).await.unwrap();
    // The first ones are not on keys.
    let building = ["createIndexes"];
    failing.report_duplicates_after(&building, 1).await;
    let uri = MongoUri::parse(&*failing.uri).unwrap();
    let repair = Repair(failing);
    let options = Options::new(&SystemRng).with_progress(&repair);
    MongoStore::open(&uri, options).await.unwrap();
    let with_keys = users.count_documents(doc! { "username_key": { "$type": "string" } });
    assert_eq!(with_keys.await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_goes_on_over_errors_that_pass() {
    let Some((database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    let ears = Ears::on(&node, NOW).await;
    for (number, code) in [(1, 112), (2, 134), (3, 11601), (4, 365)] {
        // One is reported to the appender, the others to whoever comes first.
        failing.report_times(&["insert"], code, 1).await;
        node.append(vec![row(&number.to_string())]).await.unwrap();
        failing.report_times(&READS, code, 3).await;
        node.append(vec![row(&format!("{number}-read"))])
            .await
            .unwrap();
        ears.hear(&token(&format!("{number}-read"))).await;
    }
    failing.report_times(&["findAndModify"], 134, 1).await;
    ears.hear_the_store().await;
    let feed = database.collection("portcullis_feed");
    let repeated = feed.count_documents(doc! { "entries.subject": "1" });
    assert_eq!(repeated.await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_that_pass_are_told_from_others_by_every_kind_of_operation() {
    let Some((_database, failing, node)) = on_a_failing_server().await else {
        return;
    };
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    node.open_session(session(&alice, 1), 100, moment())
        .await
        .unwrap();
    let both: Vec<_> = READS.into_iter().chain(WRITES).collect();
    failing.report(&both, 134).await;
    unavailable(node.ping().await);
    unavailable(node.end_session(&alice, session_id(1), moment()).await);
    unavailable(node.sessions_of(&alice, NOW).await);
    unavailable(node.sweep(NOW, 100).await);
    let uri = MongoUri::parse(&*failing.uri).unwrap();
    let opening = MongoStore::open(&uri, Options::new(&SystemRng));
    let opening = opening.await.unwrap_err();
    assert!(opening.to_string().contains("unavailable"), "{opening}");
    failing.off().await;
    assert!(
        node.end_session(&alice, session_id(1), moment())
            .await
            .unwrap()
    );
}
