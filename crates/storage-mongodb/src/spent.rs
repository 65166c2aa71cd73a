//! Tokens without a session that were used up.
//!
//! The document decides who spends a token, and says whether the feed has been told. A crash in between
//! leaves one that has not: whoever presents the token again tells the feed before they are answered.

use mongodb::bson::doc;
use storage::{Error, FeedEntry, FeedRow, SpentToken};

use crate::Core;
use crate::document::{Fields, date};
use crate::error::Failure;
use crate::table::Query;

impl Core {
    /// Spends a token and tells the feed; `false` when it was spent before.
    pub(crate) async fn spend(&self, token: SpentToken) -> Result<bool, Error> {
        let id = token.id.as_str();
        let document = doc! { "_id": id, "told": false, "expires_at": date(token.until) };
        let first = match self.spent.insert(document).await {
            Ok(()) => true,
            Err(Failure::Duplicate) => false,
            Err(Failure::Other(error)) => return Err(error),
        };
        if !first && self.was_told(id).await? {
            return Ok(false);
        }
        let row = FeedRow {
            entry: FeedEntry::Token(token.id.clone()),
            until: token.until,
        };
        self.appends.append(vec![row]).await?;
        let told = doc! { "$set": { "told": true } };
        self.spent.update(doc! { "_id": id }, told).await?;
        Ok(first)
    }

    async fn was_told(&self, id: &str) -> Result<bool, Error> {
        match self.spent.first(doc! { "_id": id }).await? {
            Some(document) => Fields::of(self.spent.name, &document).flag("told"),
            None => Ok(true), // swept: it has run out
        }
    }

    /// Removes tokens that would be refused anyway.
    pub(crate) async fn sweep_spent(
        &self,
        now: model::Timestamp,
        limit: u32,
    ) -> Result<u32, Error> {
        let over = doc! { "$lte": date(now) };
        let query = Query::new(doc! { "expires_at": over.clone() });
        let query = query.sort(doc! { "expires_at": 1 }).limit(limit);
        let found = self.spent.all(query.only(doc! { "_id": 1 })).await?;
        let ids: Vec<_> = found.iter().filter_map(|found| found.get("_id")).collect();
        if ids.is_empty() {
            return Ok(0);
        }
        let filter = doc! { "_id": { "$in": ids }, "expires_at": over };
        let deleted = self.spent.delete_all(filter).await?;
        Ok(u32::try_from(deleted).unwrap_or(limit))
    }
}
