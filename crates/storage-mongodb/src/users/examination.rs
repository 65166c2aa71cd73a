//! Looking once at every account, at the start: what can't be read, and which switches of another
//! application there are.
//!
//! It runs beside the serving, since it reads whole documents: of each field it must be asked whether it is
//! a switch. A large collection is looked at only by a start that finds accounts of another application
//! that no start has seen.

use mongodb::bson::{Document, doc};
use storage::{Error, Examination};

use crate::Core;
use crate::table::Query;
use crate::users::document::{is_closing, read};
use crate::users::keys::version;
use crate::users::switches;
use crate::users::takeover::{BATCH, BATCH_WITHIN};

/// Up to so many accounts are looked at by each start: it takes a second or two.
const AT_EACH_START: u64 = 100_000;

impl Core {
    /// Whether this start looks. To be asked before accounts are taken over.
    pub(crate) async fn is_to_examine(&self) -> Result<bool, Error> {
        let unseen = doc! { "username_key_version": { "$ne": version() } };
        Ok(self.users.estimated_count().await? <= AT_EACH_START
            || self.users.first(unseen).await?.is_some())
    }

    /// Looks, and says in the log what was found.
    pub(crate) async fn report_examination(&self) {
        match self.examine().await {
            Ok(found) => found.report(),
            Err(error) => {
                tracing::warn!(%error, "accounts that can't be read could not be looked for");
            }
        }
    }

    pub(crate) async fn examine(&self) -> Result<Examination, Error> {
        let mut found = Examination::default();
        let query = Query::new(Document::new());
        let mut batches = self
            .users
            .batches_within(query, BATCH, BATCH_WITHIN)
            .await?;
        loop {
            let documents = batches.next().await?;
            if documents.is_empty() {
                return Ok(found);
            }
            for document in documents.into_iter().filter(|it| !is_closing(it)) {
                note_switches(&document, &mut found);
                let read = read(self.users.name, document);
                found.note(read.map(|account| account.credentials))?;
            }
        }
    }
}

fn note_switches(document: &Document, found: &mut Examination) {
    if let Ok(Some(name)) = switches::off(document) {
        found.note_switched_off(name);
    }
    for (name, value) in document {
        if switches::resembles_one(name, value) {
            found.note_unknown_switch(name);
        }
    }
}
