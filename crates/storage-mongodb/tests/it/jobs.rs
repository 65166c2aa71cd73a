//! Jobs that several nodes work on, or that another version wrote.

use std::sync::Arc;
use std::time::Duration;

use faulty_network::{Network, Proxy};
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, DateTime, Document, doc};
use storage::outbox::{Claim, JobBody, JobId, JobKey, StoredJob, Tries, Wanted};
use storage::{Kind, Outbox as _, Posted, Upkeep as _, Users as _};
use storage_mongodb::MongoStore;

use crate::nodes::millis;
use crate::people::{NOW, moment, new_user};
use crate::server::{Scratch, scratch};
use crate::trouble::{behind_a_proxy, recovers};

const MAIL: Kind = Kind("mail");
const JOBS: &str = "portcullis_jobs";
const MINUTE: Duration = Duration::from_mins(1);

fn job(number: u8) -> StoredJob {
    StoredJob {
        id: JobId::from_bytes([number; 16]),
        kind: MAIL,
        key: Some(JobKey::from_bytes([number; 32])),
        owner: None,
        lane: None,
        body: JobBody::new(vec![number]).unwrap(),
        not_before: NOW,
        expires: NOW.plus(60 * MINUTE),
    }
}

fn wanted(tries: Tries) -> Wanted {
    Wanted {
        kinds: vec![MAIL],
        tries,
        outside: Vec::new(),
    }
}

async fn claims(node: &MongoStore, limit: u32) -> usize {
    let first = wanted(Tries::First);
    let claimed = node.claim_jobs(&first, NOW, NOW.plus(2 * MINUTE), limit);
    claimed.await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_claims_over_all_nodes_one_is_granted() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = [database.node().await, database.node().await];
    assert_eq!(nodes[0].post_job(job(1), NOW).await.unwrap(), Posted::Kept);
    let mut at_once = tokio::task::JoinSet::new();
    for number in 0..50 {
        let node = Arc::clone(&nodes[number % 2]);
        at_once.spawn(async move { claims(&node, 5).await });
    }
    assert_eq!(at_once.join_all().await.iter().sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_read_keeps_no_other_waiting() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let jobs = database.collection(JOBS);
    let junk = |number: u32, field: &str| {
        let mut junk = doc! {
            "_id": format!("{number:032x}"), "kind": MAIL.0, "tries": 0_i64,
            "body": mongodb::bson::Binary { subtype: mongodb::bson::spec::BinarySubtype::Generic, bytes: vec![1] },
            "not_before": millis(NOW), "free_from": millis(NOW), "expires_at": millis(NOW.plus(MINUTE)),
        };
        junk.insert(field, "junk");
        junk
    };
    for (number, field) in ["tries", "body", "not_before", "free_from", "expires_at"]
        .into_iter()
        .enumerate()
    {
        let number = u32::try_from(number).unwrap();
        jobs.insert_one(junk(number, field)).await.unwrap();
    }
    node.post_job(job(1), NOW).await.unwrap();
    assert_eq!(claims(&node, 1).await, 1);
    assert_eq!(claims(&node, 5).await, 0);
    // Those with an end are swept at it.
    node.sweep(NOW.plus(MINUTE), 100).await.unwrap();
    assert_eq!(jobs.count_documents(doc! {}).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_body_of_a_job_goes_when_it_is_done_and_what_a_later_version_added_stays() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    node.post_job(job(1), NOW).await.unwrap();
    let jobs = database.collection(JOBS);
    let later = doc! { "$set": { "priority": 7 } };
    jobs.update_one(doc! {}, later).await.unwrap();
    assert_eq!(claims(&node, 1).await, 1);
    let id = JobId::from_bytes([1; 16]);
    assert!(node.finish_job(id, Claim(1)).await.unwrap());
    let left: Document = jobs.find_one(doc! {}).await.unwrap().unwrap();
    assert!(!left.contains_key("body") && !left.contains_key("not_before"));
    assert!(left.contains_key("priority") && left.contains_key("key"));
}

/// A node of a version before the outbox deletes the account, and none of its jobs.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_older_node_leaves_of_an_account_expires() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    let hers = StoredJob {
        owner: Some(alice.clone()),
        ..job(1)
    };
    assert_eq!(node.post_job(hers, NOW).await.unwrap(), Posted::Kept);
    let users = database.collection("users");
    users
        .delete_one(doc! { "_id": alice.as_str() })
        .await
        .unwrap();
    node.sweep(NOW.plus(60 * MINUTE), 100).await.unwrap();
    let jobs = database.collection(JOBS);
    assert_eq!(jobs.count_documents(doc! {}).await.unwrap(), 0);
    assert!(!node.delete_user(&alice, moment()).await.unwrap());
}

/// Neither finding what is due nor counting it reads more than that.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_found_by_an_index() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    node.post_job(job(1), NOW).await.unwrap();
    let plan_for = async |tries: Document| {
        let command = doc! { "explain": {
            "find": JOBS,
            "filter": {
                "not_before": { "$lte": millis(NOW) }, "free_from": { "$lte": millis(NOW) },
                "expires_at": { "$gt": millis(NOW) }, "tries": tries, "kind": { "$in": [MAIL.0] },
                "lane": { "$nin": ["a"] },
            },
            "sort": { "not_before": 1 },
            "limit": 1,
        }, "verbosity": "queryPlanner" };
        let answer = database.run(command).await;
        let planner = answer.get_document("queryPlanner").unwrap();
        let plan = planner.get_document("winningPlan").unwrap().to_string();
        assert!(!plan.contains("\"SORT\""), "{plan}");
        plan
    };
    let first = plan_for(doc! { "$eq": 0_i64 }).await;
    assert!(first.contains("portcullis_"), "{first}");
    let further = plan_for(doc! { "$gt": 0_i64 }).await;
    assert!(further.contains("portcullis_to_do"), "{further}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_post_was_not_answered_is_there_once() {
    let Some((database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    loses_the_answer(&database, &proxy, "insert", doc! {}, async {
        node.post_job(job(1), NOW).await.unwrap_err();
    })
    .await;
    recovers(&node).await;
    assert_eq!(node.post_job(job(1), NOW).await.unwrap(), Posted::Kept);
    let with_its_key = StoredJob {
        id: JobId::from_bytes([2; 16]),
        ..job(1)
    };
    let posted = node.post_job(with_its_key, NOW).await.unwrap();
    assert_eq!(posted, Posted::AlreadyThere);
    assert_eq!(claims(&node, 5).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_was_not_answered_lapses() {
    let Some((database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    node.post_job(job(1), NOW).await.unwrap();
    let claiming = {
        let node = Arc::clone(&node);
        async move {
            let first = wanted(Tries::First);
            node.claim_jobs(&first, NOW, NOW.plus(2 * MINUTE), 1).await
        }
    };
    loses_the_answer(
        &database,
        &proxy,
        "update",
        doc! { "tries": 1_i64 },
        async {
            let claimed = claiming.await;
            assert!(claimed.is_err() || claimed.is_ok_and(|claimed| claimed.is_empty()));
        },
    )
    .await;
    recovers(&node).await;
    assert_eq!(claims(&node, 1).await, 0);
    let later = NOW.plus(2 * MINUTE);
    let further = wanted(Tries::Further);
    let claimed = node
        .claim_jobs(&further, later, later.plus(MINUTE), 1)
        .await;
    assert_eq!(claimed.unwrap()[0].claim, Claim(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_end_was_not_answered_is_done() {
    let Some((database, proxy, node)) = behind_a_proxy().await else {
        return;
    };
    node.post_job(job(1), NOW).await.unwrap();
    assert_eq!(claims(&node, 1).await, 1);
    let id = JobId::from_bytes([1; 16]);
    let finishing = {
        let node = Arc::clone(&node);
        async move { node.finish_job(id, Claim(1)).await }
    };
    let done = doc! { "body": { "$exists": false } };
    loses_the_answer(&database, &proxy, "update", done, async {
        finishing.await.unwrap_err();
    })
    .await;
    recovers(&node).await;
    assert!(!node.finish_job(id, Claim(1)).await.unwrap());
    let later = NOW.plus(30 * MINUTE);
    let further = wanted(Tries::Further);
    let claimed = node
        .claim_jobs(&further, later, later.plus(MINUTE), 1)
        .await;
    assert!(claimed.unwrap().is_empty());
    let posted = node.post_job(job(1), later).await.unwrap();
    assert_eq!(posted, Posted::Kept, "the same, and it is done");
}

/// Lets the command that `asking` sends arrive, and its answer be lost.
async fn loses_the_answer(
    database: &Scratch,
    proxy: &Proxy,
    command: &str,
    arrived: Document,
    asking: impl Future<Output = ()>,
) {
    let held = proxy.hold(command, JOBS);
    let losing = async {
        held.caught().await;
        proxy.set(Network::LosesAnswers);
        proxy.let_go();
    };
    tokio::join!(asking, losing);
    let jobs = database.collection(JOBS);
    assert_eq!(
        jobs.count_documents(arrived).await.unwrap(),
        1,
        "it arrived"
    );
    proxy.set(Network::Works);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_cannot_be_read_hold_up_no_other() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let early = DateTime::from_millis(NOW.as_millis() - 1000);
    let late = DateTime::from_millis(NOW.as_millis() + 3_600_000);
    let body = Binary {
        subtype: BinarySubtype::Generic,
        bytes: vec![1],
    };
    for number in 0..10 {
        let unreadable = doc! {
            "_id": format!("a later version writes other ids {number}"), "kind": MAIL.0, "body": body.clone(),
            "not_before": early, "free_from": early, "expires_at": late, "tries": 0,
        };
        let jobs = database.collection("portcullis_jobs");
        jobs.insert_one(unreadable).await.unwrap();
    }
    node.post_job(job(1), NOW).await.unwrap();
    assert_eq!(claims(&node, 1).await, 1);
}
