//! Following the feed: a task that reads on from its place five times a second.

use std::sync::Arc;
use std::time::Duration;

use storage::{Error, FeedRow, FeedSink, Sinks};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use crate::documents::Documents;
use crate::feed::heartbeat::Heartbeat;
use crate::feed::rows::{PAGE, Place, Row, Rows};
use crate::table::Table;

const POLL: Duration = Duration::from_millis(200);

/// A listener to be added.
pub(crate) struct Follow {
    /// The listener.
    pub(crate) sink: Arc<dyn FeedSink>,
    /// Told when it has heard everything present.
    pub(crate) reply: oneshot::Sender<Result<(), Error>>,
}

/// What the task has.
pub(crate) struct Follower<T = Table> {
    rows: Rows<T>,
    sinks: Sinks,
    heartbeat: Arc<Heartbeat<T>>,
    /// Whether anybody listens.
    follows: bool,
    /// Up to where every listener has heard; none before the first document.
    pub(super) place: Option<Place>,
    in_trouble: bool,
}

/// What a page says to one who stands at a place.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// These entries follow, up to this place; whether the page ends there.
    On(Vec<FeedRow>, Option<Place>, bool),
    /// The place has gone.
    Lost,
}

impl<T: Documents> Follower<T> {
    pub(crate) const fn new(rows: Rows<T>, sinks: Sinks, heartbeat: Arc<Heartbeat<T>>) -> Self {
        Self {
            rows,
            sinks,
            heartbeat,
            follows: false,
            place: None,
            in_trouble: false,
        }
    }

    /// Follows until nobody can be added any more.
    pub(crate) async fn run(mut self, mut follows: mpsc::Receiver<Follow>) {
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                follow = follows.recv() => match follow {
                    Some(Follow { sink, reply }) => {
                        let _ = reply.send(self.add(&sink).await); // the caller may have gone
                    }
                    None => return,
                },
                _ = ticks.tick() => self.poll().await,
            }
        }
    }

    pub(super) async fn add(&mut self, sink: &Arc<dyn FeedSink>) -> Result<(), Error> {
        // Added before the reading: an entry that comes meanwhile is in one or in both.
        self.sinks.add(Arc::clone(sink));
        let asked = sink.asked();
        self.heartbeat.beat().await?;
        // All of it, also what seems to have run out: a clock that is ahead now may be set right.
        let place = self.rows.load(|rows| sink.apply(&rows)).await?;
        sink.heard(asked);
        if !self.follows {
            (self.follows, self.place) = (true, place);
        }
        Ok(())
    }

    pub(super) async fn poll(&mut self) {
        if !self.follows {
            return;
        }
        // Taken before the reading: it holds everything acknowledged before that write.
        let proven = self.heartbeat.take();
        let read = self.read_on().await;
        match (&read, self.in_trouble) {
            (Err(error), false) => tracing::error!(%error, "the feed can't be read"),
            (Ok(_), true) => tracing::info!("the feed is read again"),
            _ => {}
        }
        self.in_trouble = read.is_err();
        if let (Ok(true), Some(proven)) = (read, proven) {
            proven.heard();
        }
    }

    /// Reads on; whether everything was there in its order.
    async fn read_on(&mut self) -> Result<bool, Error> {
        loop {
            let page = self
                .rows
                .from(self.place.as_ref().map_or(0, |p| p.number))
                .await?;
            let whole = page.len() == PAGE as usize;
            let (rows, reached, in_order) = match next(self.place.as_ref(), page) {
                Next::On(rows, reached, in_order) => (rows, reached, in_order),
                Next::Lost => {
                    tracing::warn!("reading the whole feed again: the position in it is gone");
                    let sinks = self.sinks.clone();
                    let head = self.rows.load(|rows| sinks.apply(&rows)).await?;
                    self.place = head;
                    return Ok(false);
                }
            };
            self.sinks.apply(&rows);
            self.place = reached;
            if !whole || !in_order {
                return Ok(in_order);
            }
        }
    }
}

/// Goes on from `place` over consecutive numbers. `page` begins at the number of `place`.
fn next(place: Option<&Place>, page: Vec<Row>) -> Next {
    let mut page = page.into_iter().peekable();
    if let Some(place) = place {
        match page.peek() {
            // The highest is never pruned, so there is always this one or one above it.
            None => return Next::Lost,
            Some(first) if first.place.number == place.number => {
                if first.place != *place {
                    return Next::Lost;
                }
                page.next();
            }
            Some(_) => {}
        }
    }
    let expected = place.map_or(0, |place| place.number + 1);
    if page.peek().is_some_and(|row| row.place.number != expected) {
        return Next::Lost;
    }
    let (mut rows, mut reached) = (Vec::new(), place.cloned());
    for (expected, row) in (expected..).zip(page) {
        // One that comes between while the page is read is seen the next time.
        if row.place.number != expected {
            return Next::On(rows, reached, false);
        }
        rows.extend(row.entries);
        reached = Some(row.place);
    }
    Next::On(rows, reached, true)
}

#[cfg(test)]
mod tests {
    use model::{Timestamp, TokenId};
    use storage::FeedEntry;

    use super::*;

    fn place(number: i64) -> Place {
        Place {
            number,
            batch: format!("batch-{number}"),
        }
    }

    fn entry(number: i64) -> FeedRow {
        FeedRow {
            entry: FeedEntry::Token(TokenId::from_stored(number.to_string())),
            until: Timestamp::from_seconds(0),
        }
    }

    fn page(numbers: &[i64]) -> Vec<Row> {
        numbers
            .iter()
            .map(|number| Row {
                place: place(*number),
                entries: vec![entry(*number)],
            })
            .collect()
    }

    fn on(numbers: &[i64], reached: Option<i64>, in_order: bool) -> Next {
        let rows = numbers.iter().map(|number| entry(*number)).collect();
        Next::On(rows, reached.map(place), in_order)
    }

    #[test]
    fn it_goes_on_over_consecutive_numbers_only() {
        let at = Some(place(4));
        for (found, expected) in [
            (&[4, 5, 6][..], on(&[5, 6], Some(6), true)),
            (&[4], on(&[], Some(4), true)),
            (&[5, 6], on(&[5, 6], Some(6), true)), // what was heard is pruned
            (&[4, 5, 7], on(&[5], Some(5), false)), // 6 came while it was read
        ] {
            assert_eq!(next(at.as_ref(), page(found)), expected, "{found:?}");
        }
    }

    #[test]
    fn before_the_first_document_it_waits_for_number_zero() {
        assert_eq!(next(None, page(&[])), on(&[], None, true));
        assert_eq!(next(None, page(&[0, 1])), on(&[0, 1], Some(1), true));
        assert_eq!(next(None, page(&[3])), Next::Lost);
    }

    #[test]
    fn a_place_that_has_gone_is_noticed() {
        let at = Some(place(4));
        for found in [&[][..], &[6], &[9, 10]] {
            assert_eq!(next(at.as_ref(), page(found)), Next::Lost, "{found:?}");
        }
    }

    #[test]
    fn another_document_under_the_same_number_is_no_place() {
        let restored = Place {
            number: 4,
            batch: "another".to_owned(),
        };
        assert_eq!(next(Some(&restored), page(&[4, 5])), Next::Lost);
    }
}
