//! Opening a replica set of which members are down, or go meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::SystemRng;
use mongodb::bson::{Document, doc};
use replica_set::{ReplicaSet, SHORT_ELECTIONS};
use storage::{Error, Upkeep as _};
use storage_mongodb::{Headway, MongoStore, MongoUri, OpenError, Options, Progress, Task};

/// How long opening may take, where an election comes in between, on the busiest of machines.
const PATIENCE: Duration = Duration::from_mins(3);

/// How long one operation may take: less than usual, for those that can't succeed.
const DEADLINE: Duration = Duration::from_secs(3);

/// A database with an account that another application made.
async fn filled(set: &ReplicaSet) -> MongoUri {
    let uri = set.uri("accounts");
    let client = mongodb::Client::with_uri_str(&uri).await.unwrap();
    let users = client.database("accounts").collection::<Document>("users");
    let account = doc! { "_id": "u-1", "username": "alice", "email": "alice@example.org" };
    users.insert_one(account).await.unwrap();
    set.until_all_have_what_is_written().await;
    MongoUri::parse(uri).unwrap()
}

/// Has `member` stop in the middle of the next build of an index, or go on.
async fn hold_builds(set: &ReplicaSet, member: usize, mode: &str) {
    let command = doc! { "configureFailPoint": "hangAfterStartingIndexBuild", "mode": mode };
    set.command(member, "admin", command).await.unwrap();
}

/// Whether `member` was asked to build the indexes of the accounts, and is at it.
async fn builds(set: &ReplicaSet, member: usize) -> bool {
    let command =
        doc! { "currentOp": 1, "command.createIndexes": "users", "client": { "$exists": true } };
    let answer = set.command(member, "admin", command).await;
    answer.is_ok_and(|answer| !answer.get_array("inprog").unwrap().is_empty())
}

/// Notes what is shown, and says when there was something.
#[derive(Default)]
struct Heard {
    shown: Mutex<Vec<Headway>>,
    ended: AtomicBool,
}

impl Progress for Heard {
    fn every(&self) -> Duration {
        Duration::from_millis(20)
    }

    fn show(&self, headway: &Headway) {
        self.shown.lock().unwrap().push(*headway);
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }
}

impl Heard {
    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    async fn times(&self, times: usize) {
        while self.shown.lock().unwrap().len() < times {
            tokio::task::yield_now().await;
        }
    }
}

async fn opened(uri: &MongoUri, progress: &Heard) -> Result<Arc<MongoStore>, OpenError> {
    let options = Options::new(&SystemRng).with_deadline(DEADLINE);
    let options = options.with_progress(progress);
    let opening = MongoStore::open(uri, options);
    let opened = tokio::time::timeout(PATIENCE, opening).await;
    opened.expect("it is opened in time, or fails")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_is_down_keeps_no_index_from_being_built() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    let uri = filled(&set).await;
    let down = set.secondaries().await[0];
    set.kill(down);
    let store = opened(&uri, &Heard::default()).await.unwrap();
    store.ping().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_majority_opening_fails_and_says_so() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    let uri = filled(&set).await;
    set.kill_majority().await;
    let Err(OpenError::Storage(Error::Unavailable(reason))) = opened(&uri, &Heard::default()).await
    else {
        panic!("it was opened");
    };
    let told = ["no majority of its servers", "no server that takes writes"];
    assert!(told.iter().any(|text| reason.contains(text)), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_majority_that_goes_while_indexes_are_built_is_not_waited_for() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    let uri = filled(&set).await;
    hold_builds(&set, set.primary().await, "alwaysOn").await;
    let heard = Heard::default();
    let (opened, ()) = tokio::join!(opened(&uri, &heard), async {
        heard.times(2).await;
        set.kill_majority().await;
    });
    let failed = opened.expect_err("nobody confirms anything").to_string();
    assert!(
        failed.contains("the indexes of users are not built"),
        "{failed}"
    );
    assert!(failed.contains("no majority"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_primary_falls_silent_its_successor_is_asked_for_the_indexes() {
    let Some(mut set) = ReplicaSet::start(3, SHORT_ELECTIONS).await else {
        return;
    };
    let uri = filled(&set).await;
    let primary = set.primary().await;
    hold_builds(&set, primary, "alwaysOn").await;
    let heard = Heard::default();
    let (opened, ()) = tokio::join!(opened(&uri, &heard), async {
        heard.times(1).await;
        set.freeze(primary);
        let next = set.another_primary_than(primary).await;
        while !(heard.has_ended() || builds(&set, next).await) {
            tokio::task::yield_now().await;
        }
        // The others may have sent it their votes, and wait for the answer: until it ends, they send them to no other.
        set.kill(primary);
    });
    opened.unwrap().close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_that_indexes_are_built_and_of_how_much() {
    let Some(set) = ReplicaSet::start(1, SHORT_ELECTIONS).await else {
        return;
    };
    let uri = filled(&set).await;
    hold_builds(&set, 0, "alwaysOn").await;
    let heard = Heard::default();
    let (opened, ()) = tokio::join!(opened(&uri, &heard), async {
        heard.times(2).await;
        hold_builds(&set, 0, "off").await;
    });
    opened.unwrap().close().await;
    let shown = heard.shown.lock().unwrap();
    for headway in &shown[..2] {
        assert_eq!(headway.task, Task::Indexes { of: "users" });
        assert_eq!(headway.total, 1);
    }
    assert!(shown[0].elapsed < shown[1].elapsed);
    assert!(heard.has_ended());
}
