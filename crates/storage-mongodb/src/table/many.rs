//! Many documents at once: read as they come, and updated by few commands.

use std::time::Duration;

use mongodb::Cursor;
use mongodb::bson::{Document, RawDocumentBuf, doc};
use storage::Error;

use super::{Query, Table};
use crate::document::{Fields, integer};
use crate::error::{Failure, from_driver, from_statement, has_lost_its_place, late};

/// The most bytes that are read, or sent, at once, but for a single document: a command may have 16 MB, and what is
/// written of a batch is about twice what was read.
const MOST_BYTES: usize = 4 << 20;

/// The most statements that are sent at once: 100,000 would be taken.
const MOST_STATEMENTS: usize = 10_000;

/// What is read, a batch at a time, however much it is.
pub(crate) struct Batches {
    name: &'static str,
    cursor: Cursor<Document>,
    size: u32,
    deadline: Duration,
}

impl Batches {
    /// The next ones, fewer where they are large, and none at the end. It is the end, too, when the server has let go of
    /// the reading: whoever needs all looks again.
    pub(crate) async fn next(&mut self) -> Result<Vec<Document>, Error> {
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let cursor = &mut self.cursor;
        let reading = async {
            let mut documents = Vec::with_capacity(size);
            let mut bytes = 0;
            while documents.len() < size && bytes < MOST_BYTES && cursor.advance().await? {
                bytes += cursor.current().as_bytes().len();
                documents.push(cursor.deserialize_current()?);
            }
            Ok(documents)
        };
        match tokio::time::timeout(self.deadline, reading).await {
            Ok(Ok(documents)) => Ok(documents),
            Ok(Err(error)) if has_lost_its_place(&error) => Ok(Vec::new()),
            Ok(Err(error)) => Err(from_driver(self.name, &error).into()),
            Err(_) => Err(late()),
        }
    }
}

/// One update of one document, which its filter names by the `_id`.
pub(crate) struct Statement {
    pub(crate) filter: Document,
    pub(crate) update: Document,
}

/// What became of many.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Updated {
    /// How many met a document.
    pub(crate) matched: usize,
    /// Which of them a unique index has refused.
    pub(crate) duplicates: Vec<usize>,
}

impl Table {
    /// The documents that `query` gives, `size` at a time. They may be changed meanwhile.
    pub(crate) async fn batches(&self, query: Query, size: u32) -> Result<Batches, Error> {
        self.batches_within(query, size, self.deadline).await
    }

    /// The same, each of which may take as long as `deadline`: no index helps it.
    pub(crate) async fn batches_within(
        &self,
        query: Query,
        size: u32,
        deadline: Duration,
    ) -> Result<Batches, Error> {
        let find = self.collection.find(query.filter).batch_size(size);
        let find = find.projection(query.projection.unwrap_or_default());
        Ok(Batches {
            name: self.name,
            cursor: self.within_time(deadline, find.into_future()).await?,
            size,
            deadline,
        })
    }

    /// Updates documents, each by itself, with as few commands as take them, and as few confirmations by a majority.
    ///
    /// The driver's own method for that needs a server of version 8; the command is in all. `within` is how long one
    /// may take.
    pub(crate) async fn update_each(
        &self,
        statements: Vec<Statement>,
        within: Duration,
    ) -> Result<Updated, Error> {
        let mut all = Updated {
            matched: 0,
            duplicates: Vec::new(),
        };
        let mut before = 0;
        for updates in portions(statements.into_iter().map(Statement::into_update))? {
            let count = updates.len();
            let part = self.update_portion(updates, within).await?;
            all.matched += part.matched;
            let duplicates = part.duplicates.into_iter();
            all.duplicates.extend(duplicates.map(|at| before + at));
            before += count;
        }
        Ok(all)
    }

    /// Updates what one command takes.
    async fn update_portion(
        &self,
        updates: Vec<Document>,
        within: Duration,
    ) -> Result<Updated, Error> {
        let patience = u64::try_from((within * 4 / 5).as_millis()).unwrap_or(u64::MAX);
        let command = doc! {
            "update": self.collection.name(),
            "updates": updates,
            "ordered": false,
            // A command has none of its client's.
            "writeConcern": { "w": "majority", "j": true, "wtimeout": integer(patience) },
        };
        let namespace = self.collection.namespace();
        let database = self.collection.client().database(&namespace.db);
        let running = database.run_command(command).into_future();
        let answer = self.within_time(within, running).await?;
        updated(self.name, &answer)
    }
}

impl Statement {
    fn into_update(self) -> Document {
        // Else the server compares plans, by every index on what is compared, for each of them.
        doc! { "q": self.filter, "u": self.update, "hint": { "_id": 1 } }
    }
}

/// The same documents in their order, as many together as a command takes.
fn portions(documents: impl Iterator<Item = Document>) -> Result<Vec<Vec<Document>>, Error> {
    let mut portions = Vec::new();
    let mut portion = Vec::new();
    let mut bytes = 0;
    for document in documents {
        let size = size_of(&document)?;
        let is_full = bytes + size > MOST_BYTES || portion.len() == MOST_STATEMENTS;
        if is_full && !portion.is_empty() {
            portions.push(std::mem::take(&mut portion));
            bytes = 0;
        }
        bytes += size;
        portion.push(document);
    }
    if !portion.is_empty() {
        portions.push(portion);
    }
    Ok(portions)
}

/// How many bytes it has.
fn size_of(document: &Document) -> Result<usize, Error> {
    let raw = RawDocumentBuf::try_from(document);
    let raw = raw.map_err(|error| Error::Backend(Box::new(error)))?;
    Ok(raw.as_bytes().len())
}

/// What the server's answer says. A duplicate is the caller's to treat; of other failures it is told the first.
fn updated(table: &'static str, answer: &Document) -> Result<Updated, Error> {
    let fields = Fields::of(table, answer);
    let mut duplicates = Vec::new();
    for error in fields.list("writeErrors")? {
        let code = error.document.get_i32("code");
        match from_statement(code.map_err(|_| error.unreadable("code"))?) {
            Failure::Duplicate => {
                let at = usize::try_from(error.unsigned("index")?);
                duplicates.push(at.map_err(|_| error.unreadable("index"))?);
            }
            Failure::Other(error) => return Err(error),
        }
    }
    if fields.get("writeConcernError").is_some() {
        let reason = "a write was not confirmed by a majority in time";
        return Err(Error::Unavailable(reason.to_owned()));
    }
    let matched = usize::try_from(fields.unsigned("n")?).map_err(|_| fields.unreadable("n"))?;
    Ok(Updated {
        matched,
        duplicates,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_what_was_met_and_what_is_a_duplicate() {
        let answer = doc! { "ok": 1.0, "n": 3, "nModified": 3, "writeErrors": [
            { "index": 1, "code": 11000, "errmsg": "E11000 …" },
        ] };
        let expected = Updated {
            matched: 3,
            duplicates: vec![1],
        };
        assert_eq!(updated("users", &answer).unwrap(), expected);
    }

    #[test]
    fn what_is_too_much_for_a_command_is_sent_with_several() {
        let sizes = |documents: Vec<Document>| {
            let portions = portions(documents.into_iter()).unwrap();
            portions.iter().map(Vec::len).collect::<Vec<_>>()
        };
        assert!(sizes(Vec::new()).is_empty());
        let small = vec![doc! { "q": { "_id": 1 } }; 2 * MOST_STATEMENTS + 1];
        assert_eq!(sizes(small), [MOST_STATEMENTS, MOST_STATEMENTS, 1]);
        let large = doc! { "q": { "_id": "x".repeat(MOST_BYTES / 2 - 100) } };
        assert_eq!(sizes(vec![large; 5]), [2, 2, 1]);
        let larger = doc! { "q": { "_id": "x".repeat(2 * MOST_BYTES) } };
        assert_eq!(sizes(vec![larger; 2]), [1, 1]);
    }

    #[test]
    fn what_no_majority_confirmed_counts_as_nothing() {
        let answer = doc! { "ok": 1.0, "n": 3, "writeConcernError": { "code": 64 } };
        let failed = updated("users", &answer);
        assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
    }

    #[test]
    fn another_failure_of_one_is_the_failure_of_all() {
        for (code, passes) in [(11602, true), (121, false)] {
            let answer = doc! { "ok": 1.0, "n": 3, "writeErrors": [
                { "index": 0, "code": 11000 }, { "index": 1, "code": code },
            ] };
            let failed = updated("users", &answer);
            assert_eq!(matches!(failed, Err(Error::Unavailable(_))), passes);
            assert!(failed.is_err());
        }
    }
}
