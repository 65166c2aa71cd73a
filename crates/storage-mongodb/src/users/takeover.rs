//! Giving keys to all accounts that lack them (`keys.rs`), which may be all that another application has.
//!
//! They are read and written in batches, several at a time. Mostly nobody shares anything with anybody, so an account's
//! keys are simply written: the unique indexes say who shares them, and only those are looked at one by one. Each
//! update counts only while the account is as it was read. So several nodes may do this at once, it may stop anywhere,
//! and accounts may change meanwhile: what was not written then is found by the next round.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use mongodb::bson::{Bson, Document, doc};
use storage::Error;
use tokio::sync::Mutex;

use crate::Core;
use crate::progress::{Progress, Shown, Task};
use crate::table::{Batches, Query};
use crate::users::TRIES;
use crate::users::keys::{Key, keys_of, kind_before, kind_now, statement, version, winners_over};

/// Accounts in a batch.
pub(super) const BATCH: u32 = 1000;

/// How long one may take: nobody waits for it but a start.
pub(super) const BATCH_WITHIN: Duration = Duration::from_secs(60);

/// What keeps two accounts from having one key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    /// The unique indexes.
    Indexes,
    /// Nothing yet (`first.rs`). Accounts that may share something are left for later.
    None,
}

/// One round: what is still to be read, and what is done.
struct Round<'a> {
    first: Vec<Document>,
    batches: Batches,
    shown: Shown<'a>,
    done: u64,
}

impl Round<'_> {
    /// Notes what is done, and gives the next accounts.
    async fn next(&mut self, done: u64) -> Result<Vec<Document>, Error> {
        self.done += done;
        self.shown.at(self.done);
        if self.first.is_empty() {
            self.batches.next().await
        } else {
            Ok(std::mem::take(&mut self.first))
        }
    }
}

impl Core {
    /// Gives keys to every account that has not been looked at, and says how many those were.
    pub(crate) async fn give_keys(&self, progress: &dyn Progress) -> Result<u64, Error> {
        let (mut given, mut in_vain) = (0, 0);
        while let Some(done) = self.one_round(Guard::Indexes, progress).await? {
            given += done;
            in_vain = if done == 0 { in_vain + 1 } else { 0 };
            if in_vain == TRIES {
                tracing::warn!("some accounts change all the time: they get their keys later");
                break;
            }
        }
        Ok(given)
    }

    /// Looks once at every account that has not been looked at, and says how many got keys; nothing if there was none.
    pub(super) async fn one_round(
        &self,
        guard: Guard,
        progress: &dyn Progress,
    ) -> Result<Option<u64>, Error> {
        let Some(round) = self.round(progress).await? else {
            return Ok(None);
        };
        let round = Mutex::new(round);
        // Enough for one to be read and one to be written, while a majority confirms another.
        tokio::try_join!(
            self.take_part(&round, guard),
            self.take_part(&round, guard),
            self.take_part(&round, guard),
        )?;
        Ok(Some(round.into_inner().done))
    }

    /// A round, if there is anything to do.
    async fn round<'a>(&self, progress: &'a dyn Progress) -> Result<Option<Round<'a>>, Error> {
        let query = Query::new(doc! { "username_key_version": { "$ne": version() } }).only(doc! {
            "username": 1, "email": 1, "password_hash": 1, "portcullis_factor": 1, "generation": 1, "hash_kind": 1,
            "key_clash": 1,
        });
        let mut batches = self.users.batches(query, BATCH).await?;
        let first = batches.next().await?;
        if first.is_empty() {
            return Ok(None);
        }
        let about = self.users.estimated_count().await?;
        Ok(Some(Round {
            first,
            batches,
            shown: Shown::new(progress, Task::Keys, about),
            done: 0,
        }))
    }

    async fn take_part(&self, round: &Mutex<Round<'_>>, guard: Guard) -> Result<(), Error> {
        let mut done = 0;
        loop {
            let accounts = round.lock().await.next(done).await?;
            if accounts.is_empty() {
                return Ok(());
            }
            done = self.give_keys_to(&accounts, guard).await?;
        }
    }

    /// Gives keys to these accounts, and says how many were written.
    async fn give_keys_to(&self, accounts: &[Document], guard: Guard) -> Result<u64, Error> {
        let accounts: Vec<_> = accounts.iter().map(|it| (it, keys_of(it))).collect();
        let suspects = self.suspects(&accounts).await?;
        let (mut sharing, others): (Vec<_>, Vec<_>) =
            accounts.iter().partition(|account| suspects.have(account));
        let others = others.into_iter().map(|account| (account, Document::new()));
        let (done, refused) = self.write_together(&others.collect::<Vec<_>>()).await?;
        if guard == Guard::None {
            return Ok(done);
        }
        sharing.extend(refused);
        Ok(done + self.give_shared_keys(sharing, &suspects).await?)
    }

    /// Writes their keys together, as far as they don't clash. How many were written, and those of which others have
    /// a key.
    pub(super) async fn write_together<'a>(
        &self,
        accounts: &[(&'a Account<'a>, Document)],
    ) -> Result<(u64, Vec<&'a Account<'a>>), Error> {
        let statements = accounts
            .iter()
            .map(|((account, keys), clash)| statement(account, keys, clash))
            .collect();
        let written = self.users.update_each(statements, BATCH_WITHIN).await?;
        let refused: HashSet<_> = written.duplicates.iter().copied().collect();
        // Else it isn't known which were written: the numbers are a little wrong until they are counted anew.
        if written.matched + refused.len() == accounts.len() {
            for (at, ((account, _), _)) in accounts.iter().enumerate() {
                if !refused.contains(&at) {
                    self.tally.changed(kind_before(account), kind_now(account));
                }
            }
        }
        let refused = written.duplicates.iter();
        let refused = refused.filter_map(|at| accounts.get(*at).map(|(account, _)| *account));
        let done = u64::try_from(written.matched).unwrap_or(u64::MAX);
        Ok((done, refused.collect()))
    }

    /// What of these accounts others may have as well, without any index that says so.
    async fn suspects(&self, accounts: &[Account<'_>]) -> Result<Suspects, Error> {
        let keys = |at: usize| accounts.iter().filter_map(move |(_, keys)| keys.get(at));
        Ok(Suspects {
            ids: self.shadows(accounts).await?,
            values: [self.shared(keys(0)).await?, self.shared(keys(1)).await?],
        })
    }

    /// The `_id`s of others that have the text of these accounts', and win.
    async fn shadows(&self, accounts: &[Account<'_>]) -> Result<HashSet<String>, Error> {
        let winners = accounts.iter();
        let winners = winners.flat_map(|(account, _)| winners_over(account));
        let winners: Vec<_> = winners.collect();
        if winners.is_empty() {
            return Ok(HashSet::new());
        }
        let query = Query::new(doc! { "_id": { "$in": winners } }).only(doc! { "_id": 1 });
        let found = self.users.all(query).await?;
        let found = found.iter().filter_map(|found| found.get("_id"));
        Ok(found.map(label).collect())
    }

    /// Which of these names, or addresses, that can have no key more than one account has: no index says so.
    async fn shared<'a>(&self, keys: impl Iterator<Item = &'a Key<'a>>) -> Result<Shared, Error> {
        let keyless: Vec<_> = keys.filter(|key| key.text.is_none()).collect();
        let values: HashSet<_> = keyless
            .iter()
            .filter_map(|key| key.value.as_deref())
            .collect();
        let (Some(key), false) = (keyless.first(), values.is_empty()) else {
            return Ok(Shared::Values(HashSet::new()));
        };
        let field = key.field;
        let values: Vec<_> = values.into_iter().collect();
        let query = Query::new(doc! { field: { "$in": values } }).limit(2 * BATCH);
        let found = self.users.all(query.only(doc! { field: 1 })).await?;
        if found.len() >= 2 * BATCH as usize {
            return Ok(Shared::Perhaps);
        }
        let mut counts = HashMap::new();
        for text in found.iter().filter_map(|found| found.get_str(field).ok()) {
            *counts.entry(text.to_owned()).or_insert(0_u32) += 1;
        }
        let shared = counts.into_iter().filter(|(_, count)| *count > 1);
        Ok(Shared::Values(shared.map(|(text, _)| text).collect()))
    }
}

/// An account as it was read, with its keys.
pub(super) type Account<'a> = (&'a Document, [Key<'a>; 2]);

/// What several accounts have, or may have, that can be no key.
pub(super) struct Suspects {
    ids: HashSet<String>,
    values: [Shared; 2],
}

/// Tells an `_id` from all others, of whatever kind.
fn label(id: &Bson) -> String {
    format!("{id:?}")
}

impl Suspects {
    /// Whether the `_id` of another account has the text of this one's, and wins.
    pub(super) fn shadow(&self, account: &Document) -> bool {
        let mut winners = winners_over(account).into_iter();
        winners.any(|winner| self.ids.contains(&label(&winner)))
    }

    /// Whether the account has any of it.
    fn have(&self, (account, keys): &Account<'_>) -> bool {
        self.shadow(account)
            || keys
                .iter()
                .zip(&self.values)
                .any(|(key, values)| values.has(key))
    }
}

/// Which values without a key several accounts have.
enum Shared {
    Values(HashSet<String>),
    /// So many accounts have one that they were not counted.
    Perhaps,
}

impl Shared {
    /// Whether others have it, or may have.
    fn has(&self, key: &Key<'_>) -> bool {
        let Some(value) = key.value.as_deref().filter(|_| key.text.is_none()) else {
            return false;
        };
        match self {
            Self::Values(values) => values.contains(value),
            Self::Perhaps => true,
        }
    }
}
