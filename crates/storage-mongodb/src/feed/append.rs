//! Appending to the feed: one task for each node, which writes what is waiting as one document.
//!
//! It inserts the number after the highest that it has seen. When that number is taken, by another
//! node or by itself in an attempt whose answer was lost, the document there says by its `batch` whose
//! it is: its own, and it is done; another's, and it goes to the new end.
//!
//! # A primary that has lost its majority
//! It still takes an insertion, answers that no majority confirms it, and refuses the same number from then
//! on, until it steps down and rolls its own back. So all that is read here is what a majority has, as with
//! every reader (`open.rs`): a document of ours counts as appended once it is seen that way, and nothing is
//! put above one that could still go. Whoever finds a number taken and sees nothing there waits for one of
//! the two to become true.
//!
//! # A writer that slept
//! Between seeing `n` and inserting `n + 1` a node may be suspended for an hour, while others write
//! on and prune beyond `n + 1`. Its insertion would succeed, below the place that everyone has read
//! past. So once it has inserted, it looks at `n` again. Documents are pruned in their order, so as
//! long as the very same `n` is there (by its `batch`), `n + 1` was not pruned, hence never used
//! before. When `n` has gone, it looks whether its own document is the highest: the highest is never
//! pruned, so nobody has read past it. Else what it wrote may have been missed, and it appends it
//! again at the end: entries may be repeated.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Bson, doc};
use storage::{Error, FeedRow, Sinks};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::document::date;
use crate::documents::Documents;
use crate::error::{Failure, closed, late};
use crate::feed::readers::Readers;
use crate::feed::row::to_document;
use crate::feed::rows::{Place, Rows};
use crate::table::Table;

/// Appends that may wait for the task.
const WAITING: usize = 1024;

/// Entries in one document: some 200 bytes each, far below MongoDB's 16 MB.
const ENTRIES: usize = 1000;

/// Rows to be appended, and who waits for it.
pub(crate) struct Append {
    rows: Vec<FeedRow>,
    reply: oneshot::Sender<Result<(), Error>>,
}

/// The way to the task.
pub(crate) struct Appends(mpsc::Sender<Append>);

impl Appends {
    pub(crate) fn new() -> (Self, mpsc::Receiver<Append>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Appends `rows`. When this answers, they are durable and every listener of this node has them.
    pub(crate) async fn append(&self, rows: Vec<FeedRow>) -> Result<(), Error> {
        for part in rows.chunks(ENTRIES / 2) {
            let (reply, answer) = oneshot::channel();
            let rows = part.to_vec();
            let append = Append { rows, reply };
            self.0.send(append).await.map_err(|_| closed())?;
            answer.await.unwrap_or_else(|_| Err(closed()))?;
        }
        Ok(())
    }
}

/// What became of one insertion.
enum Attempt {
    /// The batch is where every reader finds it.
    Done,
    /// Another node has that number: on from the new end.
    Behind,
    /// What stands there a majority may yet have or lose.
    Unsettled,
}

/// The task.
pub(crate) struct Appender<T = Table> {
    pub(crate) rows: Rows<T>,
    pub(crate) sinks: Sinks,
    /// Who has to read what it writes.
    pub(crate) readers: Arc<Readers>,
    /// Which node this is: what its batches are named after.
    pub(crate) node: String,
    /// How many batches it has made.
    pub(crate) batches: u64,
    /// How long a batch may take with all its attempts.
    pub(crate) deadline: Duration,
    /// The highest document that it has seen.
    pub(crate) head: Option<Place>,
}

impl<T: Documents> Appender<T> {
    /// Appends until nobody can ask for it any more.
    pub(crate) async fn run(mut self, mut waiting: mpsc::Receiver<Append>) {
        while let Some(first) = waiting.recv().await {
            let (mut rows, mut replies) = (first.rows, vec![first.reply]);
            while rows.len() <= ENTRIES / 2
                && let Ok(next) = waiting.try_recv()
            {
                rows.extend(next.rows);
                replies.push(next.reply);
            }
            let answer = self.append(&rows).await;
            if answer.is_ok() {
                self.sinks.apply(&rows);
            }
            for reply in replies {
                let _ = reply.send(repeated(&answer)); // whoever asked may have gone
            }
        }
    }

    async fn append(&mut self, rows: &[FeedRow]) -> Result<(), Error> {
        let now = Instant::now();
        let readable = rows
            .iter()
            .filter_map(|row| self.readers.readable(row, now));
        let rows: Vec<_> = readable.collect();
        if rows.is_empty() {
            return Ok(()); // nobody has to hear of it who can't read it
        }
        self.batches += 1;
        let batch = format!("{}-{}", self.node, self.batches);
        let deadline = Instant::now() + self.deadline;
        let mut last = late();
        loop {
            match self.attempt(&batch, &rows).await {
                Ok(Attempt::Done) => return Ok(()),
                Ok(Attempt::Behind) => {}
                Ok(Attempt::Unsettled) => self.rows.0.pause().await,
                Err(error @ Error::Unavailable(_)) => {
                    // It may have been written. The same number and the same batch tell.
                    last = error;
                    self.rows.0.pause().await;
                }
                Err(error) => return Err(error),
            }
            if Instant::now() >= deadline {
                return Err(last);
            }
        }
    }

    /// Inserts the next document.
    async fn attempt(&mut self, batch: &str, rows: &[FeedRow]) -> Result<Attempt, Error> {
        if self.head.is_none() {
            self.head = self.rows.head().await?;
        }
        let seen = self.head.clone();
        let number = seen.as_ref().map_or(0, |place| place.number + 1);
        let entries: Vec<_> = rows.iter().map(to_document).collect();
        let until = rows.iter().map(|row| row.until).max().map(date);
        let document = doc! {
            "_id": number,
            "batch": batch,
            "entries": entries,
            "until": until.map_or(Bson::Null, Bson::DateTime),
        };
        match self.rows.0.insert(document).await {
            Ok(()) => {}
            Err(Failure::Duplicate) => match self.rows.place(number).await? {
                Some(there) if there.batch == batch => {}
                Some(_) => return Ok(self.again(Attempt::Behind)),
                None => return Ok(self.again(Attempt::Unsettled)),
            },
            Err(Failure::Other(error)) => return Err(error),
        }
        let place = Place {
            number,
            batch: batch.to_owned(),
        };
        let safe =
            self.follows(seen.as_ref()).await? || self.rows.head().await? == Some(place.clone());
        if !safe {
            return Ok(self.again(Attempt::Unsettled));
        }
        self.head = Some(place);
        Ok(Attempt::Done)
    }

    /// Looks for the end anew the next time.
    fn again(&mut self, attempt: Attempt) -> Attempt {
        self.head = None;
        attempt
    }

    /// Whether what was seen before the insertion is still there.
    async fn follows(&self, seen: Option<&Place>) -> Result<bool, Error> {
        match seen {
            Some(seen) => Ok(self.rows.place(seen.number).await?.as_ref() == Some(seen)),
            None => Ok(false),
        }
    }
}

/// The same answer once more.
fn repeated(answer: &Result<(), Error>) -> Result<(), Error> {
    match answer {
        Ok(()) => Ok(()),
        Err(Error::Unavailable(reason)) => Err(Error::Unavailable(reason.clone())),
        Err(Error::Busy) => Err(Error::Busy),
        Err(Error::Full) => Err(Error::Full),
        Err(Error::Unreadable { table, reason }) => Err(Error::Unreadable {
            table,
            reason: reason.clone(),
        }),
        Err(Error::UnreadableAccount { account, reason }) => Err(Error::UnreadableAccount {
            account: account.clone(),
            reason: reason.clone(),
        }),
        Err(Error::Backend(error)) => Err(Error::Backend(error.to_string().into())),
    }
}
