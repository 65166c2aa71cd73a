//! Looking at the members, and waiting for what becomes of them.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};

use crate::member::LOOK;
use crate::{PATIENCE, ReplicaSet};

/// Where marks are written: a database that no server under test uses.
const DATABASE: &str = "replica_set";
const MARKS: &str = "marks";

impl ReplicaSet {
    /// Waits for the primary that takes writes. One that is frozen is none.
    pub async fn primary(&self) -> usize {
        self.a_primary(None).await
    }

    /// Waits until another member than this one is the primary.
    pub async fn another_primary_than(&self, member: usize) -> usize {
        self.a_primary(Some(member)).await
    }

    /// The members that run, but for the primary.
    pub async fn secondaries(&self) -> Vec<usize> {
        let primary = self.primary().await;
        let members = 0..self.len();
        members
            .filter(|&member| member != primary && self.members[member].runs())
            .collect()
    }

    /// Waits until every member runs as primary or secondary and has everything that was written.
    pub async fn until_all_have_what_is_written(&self) {
        let all = i32::try_from(self.len()).expect("a few members");
        until("all members have what is written", async || {
            let primary = self.primary().await;
            let states = self.states(primary).await;
            states.len() == self.len()
                && states.iter().all(|state| matches!(state, 1 | 2))
                && self.mark(primary, doc! { "w": all }).await.is_some()
        })
        .await;
    }

    /// Waits until a majority has confirmed a write.
    pub(crate) async fn until_a_majority_confirms(&self) {
        until("a majority confirms a write", async || {
            let primary = self.primary().await;
            self.mark(primary, doc! { "w": "majority" }).await.is_some()
        })
        .await;
    }

    /// Writes a mark to one member, and gives its id when it is confirmed so.
    pub(crate) async fn mark(&self, member: usize, mut confirmed: Document) -> Option<ObjectId> {
        let id = ObjectId::new();
        confirmed.extend(doc! { "j": true, "wtimeout": 2000 });
        let insert = doc! {
            "insert": MARKS, "documents": [{ "_id": id }], "writeConcern": confirmed
        };
        let answer = self.command(member, DATABASE, insert).await.ok()?;
        let written =
            answer.get_i32("n").is_ok_and(|n| n == 1) && !answer.contains_key("writeConcernError");
        written.then_some(id)
    }

    /// Whether a member has a mark.
    pub(crate) async fn has_mark(&self, member: usize, id: ObjectId) -> bool {
        let count = doc! { "count": MARKS, "query": { "_id": id } };
        let answer = self.command(member, DATABASE, count).await;
        answer.is_ok_and(|answer| answer.get_i32("n").is_ok_and(|n| n == 1))
    }

    /// The one in the latest term: one that was deposed may not have heard of it yet.
    async fn a_primary(&self, but: Option<usize>) -> usize {
        let found = async {
            loop {
                let mut latest: Option<(ObjectId, usize)> = None;
                for (place, member) in self.members.iter().enumerate() {
                    if !member.runs() {
                        continue;
                    }
                    let hello = member.command("admin", doc! { "hello": 1 }).await;
                    if let Some(election) = hello.ok().as_ref().and_then(election_of_primary) {
                        latest = latest.max(Some((election, place)));
                    }
                }
                match latest {
                    Some((_, place)) if Some(place) != but => return place,
                    _ => tokio::time::sleep(LOOK).await,
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, found).await;
        in_time.expect("the members elect a primary")
    }

    /// What each member is, as one of them sees it (1: primary, 2: secondary).
    async fn states(&self, seen_by: usize) -> Vec<i32> {
        let status = doc! { "replSetGetStatus": 1 };
        let Ok(status) = self.command(seen_by, "admin", status).await else {
            return Vec::new();
        };
        let members = status.get_array("members");
        let members = members.into_iter().flatten();
        members
            .filter_map(|member| member.as_document()?.get_i32("state").ok())
            .collect()
    }
}

/// The election that a member became primary by, if it is one. Its number grows with the term.
fn election_of_primary(hello: &Document) -> Option<ObjectId> {
    let writable = hello.get_bool("isWritablePrimary").unwrap_or_default();
    hello.get_object_id("electionId").ok().filter(|_| writable)
}

/// Asks until it is so.
pub(crate) async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let wait = async {
        while !condition().await {
            tokio::time::sleep(LOOK).await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, wait).await;
    assert!(in_time.is_ok(), "not in time: {what}");
}
