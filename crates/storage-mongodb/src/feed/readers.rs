//! Which kinds of entries every node reads that is alive.
//!
//! The document of the heartbeat holds for each node what it reads, and a number that goes up with each of its beats.
//! Nodes of the version before add to `beats` only, and those of this one to `named` as well: where the difference
//! grows, one is alive that reads the first five kinds and no other. No clock is shared; a node counts from when it has
//! seen a number change.
//!
//! A node that was silent for so long as [`SILENCE`] counts as gone. It does not hear the store, whatever is written, and
//! refuses every token after its staleness bound; and it goes on refusing when it comes back and finds a row that it
//! can't read. So nothing that is revoked depends on this: it spares such nodes the refusing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mongodb::bson::Document;
use storage::feed::FIRST_KINDS;
use storage::{FeedEntry, FeedRow};
use tokio::time::Instant;

use crate::document::decimal;

/// After how long without a heartbeat a node counts as gone.
pub(crate) const SILENCE: Duration = Duration::from_secs(60);

/// After how long without an answer nothing is known of the others.
const CURRENT: Duration = Duration::from_secs(5);

/// What a node has seen of the others.
#[derive(Debug)]
pub(crate) struct Readers {
    silence: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the document was last seen.
    seen: Option<Instant>,
    /// How many beats no node has put its name to, and when that was last another number.
    unnamed: Option<(i64, Instant)>,
    nodes: HashMap<String, Reader>,
}

#[derive(Debug)]
struct Reader {
    beats: i64,
    /// When that was last another number.
    at: Instant,
    kinds: Vec<String>,
}

impl Readers {
    pub(crate) fn new(silence: Duration) -> Self {
        Self {
            silence,
            state: Mutex::default(),
        }
    }

    /// Takes in the document as it is at `now`.
    pub(super) fn see(&self, heartbeat: &Document, now: Instant) {
        let mut state = self.lock();
        let number = |field| heartbeat.get(field).and_then(decimal).unwrap_or_default();
        let unnamed = number("beats") - number("named");
        if state.unnamed.is_none_or(|(before, _)| before != unnamed) {
            state.unnamed = Some((unnamed, now));
        }
        let mut before = std::mem::take(&mut state.nodes);
        for (name, node) in heartbeat.get_document("nodes").into_iter().flatten() {
            let Some(node) = node.as_document() else {
                continue;
            };
            let beats = node.get("beats").and_then(decimal).unwrap_or_default();
            let unchanged = before.remove(name).filter(|before| before.beats == beats);
            let kinds = node.get_array("reads").into_iter().flatten();
            let kinds = kinds.filter_map(|kind| kind.as_str().map(str::to_owned));
            let reader = Reader {
                beats,
                at: unchanged.map_or(now, |before| before.at),
                kinds: kinds.collect(),
            };
            state.nodes.insert(name.clone(), reader);
        }
        state.seen = Some(now);
    }

    /// Whether every node that is alive reads this kind.
    pub(crate) fn all_read(&self, kind: &str, now: Instant) -> bool {
        if FIRST_KINDS.contains(&kind) {
            return true;
        }
        let state = self.lock();
        let is_within = |then: Instant, bound| now.saturating_duration_since(then) < bound;
        let is_current = state.seen.is_some_and(|seen| is_within(seen, CURRENT));
        let no_unnamed = state
            .unnamed
            .is_some_and(|(_, at)| !is_within(at, self.silence));
        let reads = |node: &Reader| node.kinds.iter().any(|read| read == kind);
        let mut nodes = state.nodes.values();
        is_current
            && no_unnamed
            && nodes.all(|node| reads(node) || !is_within(node.at, self.silence))
    }

    /// The nodes that do not read this kind and may be alive, as far as the document says that was last seen. Nobody is waited
    /// for: a node stands there before it serves anybody. One that has ended without leaving may be alive until it was
    /// silent for long enough under this node's eyes.
    pub(super) fn who_cannot_read(&self, kind: &str, now: Instant) -> Vec<String> {
        let state = self.lock();
        let is_silent = |at: Instant| now.saturating_duration_since(at) >= self.silence;
        let cannot = state
            .nodes
            .iter()
            .filter(|(_, node)| !is_silent(node.at) && !node.kinds.iter().any(|read| read == kind));
        let unnamed = state
            .unnamed
            .filter(|(beats, at)| *beats > 0 && !is_silent(*at))
            .map(|_| "one of a version that gives no name".to_owned());
        cannot
            .map(|(name, _)| name.clone())
            .chain(unnamed)
            .collect()
    }

    /// The row as every node that is alive reads it; nothing when those may ignore it that can't.
    pub(super) fn readable(&self, row: &FeedRow, now: Instant) -> Option<FeedRow> {
        let entry = match &row.entry {
            FeedEntry::Notice(notice) if !self.all_read(&notice.kind, now) => {
                notice.effect.in_first_kinds()?
            }
            entry => entry.clone(),
        };
        let until = row.until;
        Some(FeedRow { entry, until })
    }

    /// A node that has been silent for long, whose entry is of no use any more.
    pub(super) fn long_gone(&self, now: Instant) -> Option<String> {
        let state = self.lock();
        let mut nodes = state.nodes.iter();
        let gone = nodes.find(|(_, node)| {
            now.saturating_duration_since(node.at) > self.silence.saturating_mul(10)
        });
        gone.map(|(name, _)| name.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // What is in there is whole after each step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A document after so many beats, of which so many were named: one node reads `toy`, and the other reads
    /// `kinds`.
    fn heartbeat(beats: i64, named: i64, others: i64, kinds: &[&str]) -> Document {
        doc! {
            "beats": beats, "named": named,
            "nodes": {
                "a": { "beats": named, "reads": ["toy"] },
                "b": { "beats": others, "reads": kinds.to_vec() },
            },
        }
    }

    /// What is known after a document was seen each second for so long.
    fn after(seconds: u32, document: impl Fn(i64) -> Document) -> (Readers, Instant) {
        let (readers, mut now) = (Readers::new(SILENCE), Instant::now());
        for second in 0..=seconds {
            readers.see(&document(i64::from(second)), now);
            now += SECOND;
        }
        (readers, now - SECOND)
    }

    #[test]
    fn a_kind_is_written_when_every_node_reads_it_that_is_alive() {
        let all = |second| heartbeat(second, second, second, &["toy"]);
        let (readers, now) = after(60, all);
        assert!(readers.all_read("toy", now));
        assert!(!readers.all_read("another", now));

        let (readers, now) = after(60, |second| heartbeat(second, second, second, &[]));
        assert!(!readers.all_read("toy", now));
        assert!(readers.all_read("closed", now));
    }

    #[test]
    fn nothing_is_known_before_the_others_had_the_time_to_be_heard() {
        let all = |second| heartbeat(second, second, second, &["toy"]);
        let (readers, now) = after(59, all);
        assert!(!readers.all_read("toy", now));
        let nobody = Readers::new(SILENCE);
        assert!(!nobody.all_read("toy", now));
        assert!(nobody.all_read("token", now));
    }

    #[test]
    fn a_node_that_names_nothing_reads_the_first_kinds_only() {
        // Every other beat is of a node of the version before, which leaves after two minutes.
        let with = |second: i64| heartbeat(second + second.min(120), second, second, &["toy"]);
        let (readers, now) = after(179, with);
        assert!(!readers.all_read("toy", now));
        let (readers, now) = after(180, with);
        assert!(readers.all_read("toy", now));
    }

    #[test]
    fn a_node_that_has_been_silent_for_long_counts_no_more() {
        let with = |second: i64| heartbeat(second, second, second.min(120), &[]);
        let (readers, now) = after(179, with);
        assert!(!readers.all_read("toy", now));
        let (readers, now) = after(180, with);
        assert!(readers.all_read("toy", now));
        assert_eq!(readers.long_gone(now), None);
        let (readers, now) = after(721, with);
        assert_eq!(readers.long_gone(now).as_deref(), Some("b"));
        // It comes back.
        readers.see(&heartbeat(999, 999, 121, &[]), now + SECOND);
        assert!(!readers.all_read("toy", now + SECOND));
    }

    #[test]
    fn who_has_not_heard_the_store_lately_knows_nothing_of_the_others() {
        let all = |second| heartbeat(second, second, second, &["toy"]);
        let (readers, now) = after(100, all);
        assert!(readers.all_read("toy", now + CURRENT - SECOND));
        assert!(!readers.all_read("toy", now + CURRENT));
    }

    #[test]
    fn who_cannot_read_a_kind_is_known_at_once_and_until_it_has_been_silent_for_long() {
        let (readers, now) = after(0, |_| heartbeat(1, 1, 1, &[]));
        assert_eq!(readers.who_cannot_read("toy", now), ["b"]);
        // It was there before, and is never heard.
        let (readers, now) = after(59, |second| heartbeat(second, second, 1, &[]));
        assert_eq!(readers.who_cannot_read("toy", now), ["b"]);
        let (readers, now) = after(60, |second| heartbeat(second, second, 1, &[]));
        assert!(readers.who_cannot_read("toy", now).is_empty());
        readers.see(&heartbeat(61, 61, 2, &[]), now);
        assert_eq!(readers.who_cannot_read("toy", now), ["b"]);
    }

    #[test]
    fn where_all_say_that_they_read_a_kind_nobody_is_waited_for() {
        let (readers, now) = after(0, |_| heartbeat(5, 5, 1, &["toy"]));
        assert!(readers.who_cannot_read("toy", now).is_empty());
        // Somebody has given no name, who knows when.
        let (readers, now) = after(0, |_| heartbeat(6, 5, 1, &["toy"]));
        assert_eq!(readers.who_cannot_read("toy", now).len(), 1);
        let (readers, now) = after(60, |second| heartbeat(second + 1, second, second, &["toy"]));
        assert!(readers.who_cannot_read("toy", now).is_empty());
    }

    #[test]
    fn who_has_left_in_order_counts_no_more() {
        let (readers, now) = after(100, |second| heartbeat(second, second, second, &[]));
        assert!(!readers.all_read("toy", now));
        let left = doc! { "beats": 101, "named": 101, "nodes": { "a": { "beats": 101, "reads": ["toy"] } } };
        readers.see(&left, now + SECOND);
        assert!(readers.all_read("toy", now + SECOND));
    }
}
