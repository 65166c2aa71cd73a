//! What there is besides the nodes: the collections, what happens to calls on them, and what has been
//! promised to whom.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Timestamp, TokenId};
use mongodb::bson::{Bson, Document};
use storage::{FeedEntry, FeedRow};

use crate::document::Fields;
use crate::feed::from_fields;
use crate::table::Query;

/// Revocations, one bit for each.
pub(super) type Set = u64;

pub(super) type Feed = BTreeMap<i64, Document>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Feed,
    Users,
    Sessions,
    Meta,
}

/// What a node asks of the store.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Insert(Document),
    Find(Query),
    Update(Document),
    Delete(Document),
    Beat,
    /// Nothing: it is time to go on.
    Tick,
}

impl Call {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Insert(_) => "insert",
            Self::Find(_) => "find",
            Self::Update(_) => "update",
            Self::Delete(_) => "delete",
            Self::Beat => "beat",
            Self::Tick => "tick",
        }
    }
}

/// What the store answers.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    Done(bool),
    Found(Vec<Document>),
    Duplicate,
    /// No answer came.
    Lost,
}

/// A call under way.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) which: Which,
    pub(super) call: Call,
    pub(super) progress: Progress,
}

#[derive(Clone, Debug)]
pub(super) enum Progress {
    Fresh,
    /// A reading that has begun, and found these.
    Torn(Vec<Document>),
    /// It is done; its answer is on its way.
    Answered(Reply),
}

#[derive(Default)]
pub(super) struct World(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) feed: Feed,
    users: BTreeMap<String, Document>,
    /// What a primary that was deposed still shows, and the node that is connected to it.
    pub(super) deposed: Option<(usize, Feed)>,
    /// Calls that have been given up by who made them, and come to the store later.
    pub(super) astray: Vec<(Which, Call)>,
    /// By task.
    pub(super) asked: Vec<Option<Asked>>,
    pub(super) replies: Vec<Option<Reply>>,
    /// The task that runs.
    pub(super) current: usize,
    /// By task: what it was told, in its order, since it was last where [`Self::stand`] says. What it
    /// does next depends on nothing else, besides the memory of its node.
    pub(super) told: Vec<u64>,
    /// By node: its memory.
    memories: Vec<Memory>,
    pub(super) acknowledged: Set,
    /// Changes that were made, and must be told at last.
    due: Set,
    /// Revocations that refuse nothing any more, or were lost with what came after a backup.
    expired: Set,
    /// What stands in the backup.
    pub(super) backup: Feed,
    /// What must never be has happened.
    pub(super) broken: Option<String>,
}

/// What the tasks of a node share.
#[derive(Clone, Copy, Default, Hash)]
struct Memory {
    /// The task that proves that the node is connected.
    prover: Option<usize>,
    /// The revocations that it refuses by.
    heard: Set,
    /// What was acknowledged when the heartbeat that is under way began.
    asking: Set,
    /// The same for the last one that was answered, until a reading begins, and whether it succeeded.
    proven: Option<(Set, bool)>,
    /// The same for the reading that is under way.
    taken: Option<(Set, bool)>,
}

/// When an entry of the model runs out that is still needed, and one that is not.
const LATER: Timestamp = Timestamp::from_seconds(100);
const EARLIER: Timestamp = Timestamp::from_seconds(1);
/// The time.
pub(super) const NOW: Timestamp = Timestamp::from_seconds(10);

impl World {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The row of a revocation.
    pub(super) fn row(&self, number: u8, expired: bool) -> FeedRow {
        if expired {
            self.lock().expired |= 1 << number;
        }
        FeedRow {
            entry: FeedEntry::Token(TokenId::from_stored(number.to_string())),
            until: if expired { EARLIER } else { LATER },
        }
    }
}

impl State {
    pub(super) fn add_node(&mut self) -> usize {
        self.memories.push(Memory::default());
        self.memories.len() - 1
    }

    pub(super) fn take_in(&mut self, node: usize, rows: &[FeedRow]) {
        self.memories[node].heard |= numbers(rows);
    }

    /// The running task is the one that proves that its node is connected.
    pub(super) fn proves(&mut self, node: usize) {
        self.memories[node].prover = Some(self.current);
    }

    /// A heartbeat begins: what was acknowledged by then?
    pub(super) fn ask(&mut self, node: usize) -> Set {
        let memory = &mut self.memories[node];
        if memory.prover == Some(self.current) {
            memory.asking = self.acknowledged;
        }
        self.acknowledged
    }

    /// A reading begins, and takes the last proof.
    pub(super) fn read(&mut self, node: usize) {
        let memory = &mut self.memories[node];
        memory.taken = memory.proven.take();
    }

    /// The running task stands where it depends on nothing that it was told before, but on `place`.
    pub(super) fn stand(&mut self, place: impl Hash) {
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        self.told[self.current] = hasher.finish();
    }

    /// Someone was told that these are refused from now on.
    pub(super) fn acknowledge(&mut self, node: usize, rows: &[FeedRow]) {
        self.acknowledged |= numbers(rows);
        if numbers(rows) & !self.memories[node].heard != 0 {
            self.broken = Some(format!("node {node} acknowledged what it has not heard"));
        }
    }

    /// A node says that it knows everything that was acknowledged by then.
    pub(super) fn claims(&mut self, node: usize, then: Set) {
        let missed = then & !self.memories[node].heard & !self.expired;
        if missed != 0 {
            self.broken = Some(format!(
                "node {node} claims to be current without {missed:#b}"
            ));
        }
    }

    /// When nothing is under way any more, a node knows everything.
    pub(super) fn misses(&self, node: usize) -> Set {
        (self.acknowledged | self.due) & !self.memories[node].heard & !self.expired
    }

    /// Puts the backup in the place of the feed: what came after it is lost.
    pub(super) fn restore(&mut self) {
        self.feed = self.backup.clone();
        let kept = self
            .feed
            .values()
            .fold(0, |set, document| set | told(document, "entries"));
        self.expired |= self.acknowledged & !kept;
    }

    /// Carries a call out.
    pub(super) fn perform(&mut self, node: usize, which: Which, call: &Call) -> Reply {
        let cut_off = self.deposed.as_ref().is_some_and(|(at, _)| *at == node);
        match (which, call) {
            (Which::Feed, Call::Find(query)) => {
                let old = self.deposed.as_ref().filter(|(at, _)| *at == node);
                Reply::Found(find_in(old.map_or(&self.feed, |(_, feed)| feed), query))
            }
            (_, Call::Tick) => Reply::Done(true),
            // Nothing is confirmed by a majority there.
            _ if cut_off => Reply::Lost,
            (Which::Feed, Call::Insert(document)) => {
                let number = document.get_i64("_id").unwrap_or(i64::MIN);
                if self.feed.contains_key(&number) {
                    return Reply::Duplicate;
                }
                self.feed.insert(number, document.clone());
                Reply::Done(true)
            }
            (Which::Feed, Call::Delete(filter)) => {
                let number = filter.get_i64("_id").unwrap_or(i64::MIN);
                Reply::Done(self.feed.remove(&number).is_some())
            }
            (Which::Users, Call::Find(_)) => {
                let pending = self
                    .users
                    .values()
                    .filter(|user| user.contains_key("portcullis_pending"));
                Reply::Found(pending.cloned().collect())
            }
            (Which::Users, Call::Insert(document)) => {
                let id = document.get_str("_id").unwrap_or_default();
                self.users.insert(id.to_owned(), document.clone());
                self.due |= told(document, "portcullis_pending");
                Reply::Done(true)
            }
            (Which::Users, Call::Update(filter)) => {
                let user = self
                    .users
                    .get_mut(filter.get_str("_id").unwrap_or_default());
                let wanted = filter.get_str("portcullis_pending.op").ok();
                let found = user.filter(|user| operation(user) == wanted);
                let cleared = found.and_then(|user| user.remove("portcullis_pending"));
                Reply::Done(cleared.is_some())
            }
            (Which::Meta, Call::Beat) => Reply::Done(true),
            (which, call) => {
                self.broken = Some(format!("the model does not know {call:?} on {which:?}"));
                Reply::Lost
            }
        }
    }

    /// The answer to a reading that began when the store had `before`: of what came while it was read
    /// all but the first, as a server may that reads no snapshot.
    pub(super) fn rest_of(&self, before: &[Document], query: &Query) -> Reply {
        let now = find_in(&self.feed, query);
        let came = now
            .into_iter()
            .filter(|document| !before.contains(document));
        let mut found = before.to_vec();
        found.extend(came.skip(1));
        Reply::Found(found)
    }

    /// Gives a task its answer.
    pub(super) fn answer(&mut self, task: usize, node: usize, reply: Reply) {
        let mut hasher = DefaultHasher::new();
        self.told[task].hash(&mut hasher);
        hash_reply(&reply, &mut hasher);
        self.told[task] = hasher.finish();
        let asked = self.asked[task].take();
        let beats = asked.is_some_and(|asked| matches!(asked.call, Call::Beat));
        let memory = &mut self.memories[node];
        if memory.prover == Some(task) && beats {
            memory.proven = Some((memory.asking, matches!(reply, Reply::Done(_))));
        }
        self.replies[task] = Some(reply);
    }

    /// Everything on which it depends what can happen from now on.
    pub(super) fn hash_into(&self, hasher: &mut DefaultHasher) {
        hash_documents(self.feed.values(), hasher);
        hash_documents(self.users.values(), hasher);
        if let Some((node, feed)) = &self.deposed {
            node.hash(hasher);
            hash_documents(feed.values(), hasher);
        }
        for (_, call) in &self.astray {
            hash_call(call, hasher);
        }
        for asked in self.asked.iter().map(Option::as_ref) {
            if let Some(asked) = asked {
                hash_call(&asked.call, hasher);
            }
            match asked.map(|asked| &asked.progress) {
                None => 0.hash(hasher),
                Some(Progress::Fresh) => 1.hash(hasher),
                Some(Progress::Torn(found)) => hash_documents(found.iter(), hasher),
                Some(Progress::Answered(reply)) => hash_reply(reply, hasher),
            }
        }
        (&self.told, &self.memories).hash(hasher);
        (self.acknowledged, self.due, self.expired).hash(hasher);
    }

    /// What the feed has, for people.
    pub(super) fn show(&self) -> String {
        let mut text = String::new();
        for (number, document) in &self.feed {
            let batch = document.get_str("batch").unwrap_or_default();
            let _ = write!(text, " {number}={batch}"); // writing to a String can't fail
        }
        text
    }
}

fn find_in(feed: &Feed, query: &Query) -> Vec<Document> {
    let within = |number: i64| match query.filter.get("_id") {
        None => true,
        Some(Bson::Document(bound)) => {
            bound.get_i64("$gte").is_ok_and(|least| number >= least)
                || bound.get_i64("$lt").is_ok_and(|end| number < end)
        }
        Some(exact) => *exact == Bson::Int64(number),
    };
    let found = feed.iter().filter(|(number, _)| within(**number));
    let mut found: Vec<_> = found.map(|(_, document)| document.clone()).collect();
    if query.sort.get_i32("_id").is_ok_and(|order| order < 0) {
        found.reverse();
    }
    found.truncate(query.limit.map_or(usize::MAX, |limit| limit as usize));
    found
}

fn numbers(rows: &[FeedRow]) -> Set {
    let number = |row: &FeedRow| match &row.entry {
        FeedEntry::Token(token) => token.as_str().parse::<u8>().ok(),
        _ => None,
    };
    rows.iter()
        .filter_map(number)
        .fold(0, |set, number| set | 1 << number)
}

/// The revocations in a field of a document.
fn told(document: &Document, field: &str) -> Set {
    let entries = document.get_array(field).into_iter().flatten();
    let rows =
        entries.filter_map(|entry| from_fields(&Fields::of("modelled", entry.as_document()?)).ok());
    numbers(&rows.collect::<Vec<_>>())
}

fn operation(user: &Document) -> Option<&str> {
    let first = user.get_array("portcullis_pending").ok()?.first()?;
    first.as_document()?.get_str("op").ok()
}

fn hash_documents<'a>(documents: impl Iterator<Item = &'a Document>, hasher: &mut DefaultHasher) {
    for document in documents {
        document.get_i64("_id").ok().hash(hasher);
        document.get_str("_id").ok().hash(hasher);
        document.get_str("batch").ok().hash(hasher);
        operation(document).hash(hasher);
    }
    u64::MAX.hash(hasher);
}

fn hash_reply(reply: &Reply, hasher: &mut DefaultHasher) {
    match reply {
        Reply::Done(done) => done.hash(hasher),
        Reply::Found(found) => hash_documents(found.iter(), hasher),
        Reply::Duplicate => 2_u8.hash(hasher),
        Reply::Lost => 3_u8.hash(hasher),
    }
}

fn hash_call(call: &Call, hasher: &mut DefaultHasher) {
    match call {
        Call::Insert(document) | Call::Delete(document) | Call::Update(document) => {
            hash_documents(std::iter::once(document), hasher);
            document.get_str("portcullis_pending.op").ok().hash(hasher);
        }
        Call::Find(_) | Call::Beat => {}
        Call::Tick => true.hash(hasher),
    }
}
