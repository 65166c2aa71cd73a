//! Reading the feed's documents.

use model::Timestamp;
use mongodb::bson::{Bson, Document, doc};
use storage::{Error, FeedRow};

use crate::document::Fields;
use crate::documents::Documents;
use crate::feed::row::from_fields;
use crate::table::{Query, Table};

/// Documents read at once.
pub(crate) const PAGE: u32 = 200;

/// A place in the feed: a document, and which one it was. A restored backup may hold another one
/// under the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) number: i64,
    pub(crate) batch: String,
}

/// A document of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    pub(crate) entries: Vec<FeedRow>,
}

/// The documents.
#[derive(Clone)]
pub(crate) struct Rows<T = Table>(pub(crate) T);

impl<T: Documents> Rows<T> {
    /// The highest document's place; nothing when there never was one.
    pub(crate) async fn head(&self) -> Result<Option<Place>, Error> {
        let query = Query::new(doc! {}).sort(doc! { "_id": -1 }).limit(1);
        let found = self.0.all(query.only(doc! { "batch": 1 })).await?;
        found
            .first()
            .map(|document| place(&Fields::of(self.0.name(), document)))
            .transpose()
    }

    /// The place with this number.
    pub(crate) async fn place(&self, number: i64) -> Result<Option<Place>, Error> {
        let query = Query::new(doc! { "_id": number }).limit(1);
        let found = self.0.all(query.only(doc! { "batch": 1 })).await?;
        found
            .first()
            .map(|document| place(&Fields::of(self.0.name(), document)))
            .transpose()
    }

    /// The lowest documents from `number` on, at the most [`PAGE`].
    pub(crate) async fn from(&self, number: i64) -> Result<Vec<Row>, Error> {
        let query = Query::new(doc! { "_id": { "$gte": number } });
        let found = self
            .0
            .all(query.sort(doc! { "_id": 1 }).limit(PAGE))
            .await?;
        found.iter().map(|document| self.read(document)).collect()
    }

    /// Gives every entry there is, and answers the place from which to read on.
    pub(crate) async fn load(
        &self,
        mut give: impl FnMut(Vec<FeedRow>) + Send,
    ) -> Result<Option<Place>, Error> {
        // The head first: whatever comes above it while the rest is read is read on from there.
        let head = self.head().await?;
        let mut next = i64::MIN;
        loop {
            let page = self.from(next).await?;
            let Some(last) = page.last() else {
                return Ok(head);
            };
            next = last.place.number.saturating_add(1);
            let whole = page.len() == PAGE as usize;
            give(page.into_iter().flat_map(|row| row.entries).collect());
            if !whole {
                return Ok(head);
            }
        }
    }

    /// Prunes at the most `limit` documents that have run out at `now`, and says how many: from the
    /// low end, each only after the one below it has gone, and never the highest.
    pub(crate) async fn prune(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let Some(head) = self.head().await? else {
            return Ok(0);
        };
        let query = Query::new(doc! { "_id": { "$lt": head.number } });
        let query = query.sort(doc! { "_id": 1 }).limit(limit);
        let mut pruned = 0;
        for document in self.0.all(query).await? {
            // What its entries say plays no part: a row that only a later version can read runs out, too.
            let fields = Fields::of(self.0.name(), &document);
            let entries = fields.list("entries")?;
            let untils = entries.iter().map(|entry| entry.time("until"));
            let untils: Vec<_> = untils.collect::<Result<_, _>>()?;
            if untils.into_iter().any(|until| until > now) {
                break;
            }
            let number = place(&fields)?.number;
            self.0.delete(doc! { "_id": number }).await?;
            pruned += 1;
        }
        Ok(pruned)
    }

    fn read(&self, document: &Document) -> Result<Row, Error> {
        let fields = Fields::of(self.0.name(), document);
        let entries = fields.list("entries")?;
        Ok(Row {
            place: place(&fields)?,
            entries: entries.iter().map(from_fields).collect::<Result<_, _>>()?,
        })
    }
}

fn place(fields: &Fields<'_>) -> Result<Place, Error> {
    let number = match fields.required("_id")? {
        Bson::Int64(number) => *number,
        Bson::Int32(number) => i64::from(*number),
        _ => return Err(fields.unreadable("_id")),
    };
    Ok(Place {
        number,
        batch: fields.text("batch")?.to_owned(),
    })
}
