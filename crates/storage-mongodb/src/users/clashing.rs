//! Giving keys to accounts of which others have a key, many at once: all accounts may share one address where the
//! application lets them, and each must not cost more than another.
//!
//! Who has a key is asked once for all of a batch that want it, and what was found is written with one command, the
//! marks of those who have the keys with another.

use std::collections::{BTreeMap, HashMap};

use mongodb::bson::{Bson, Document};
use storage::Error;

use crate::users::keys::{Key, mark};
use crate::users::takeover::{Account, BATCH_WITHIN, Suspects};
use crate::{Core, ids};

/// How often a batch is looked at. At first they may share what nobody has; then one of them has it.
const LOOKS: u32 = 2;

/// Accounts that are named in one line of the log.
const NAMED: usize = 20;

/// Who has which key, as far as it was asked.
type Holders = HashMap<(&'static str, String), Document>;

impl Core {
    /// Gives keys to accounts that may share them with others, and says how many were written.
    pub(super) async fn give_shared_keys(
        &self,
        accounts: Vec<&Account<'_>>,
        suspects: &Suspects,
    ) -> Result<u64, Error> {
        let mut done = 0;
        let mut left = accounts;
        for _ in 0..LOOKS {
            let clashes = self.clashes_of(&left, suspects).await?;
            let found: Vec<_> = left.into_iter().zip(clashes).collect();
            let (written, refused) = self.write_together(&found).await?;
            done += written;
            left = refused;
        }
        for (account, _) in left {
            done += u64::from(self.give_key(account, 0).await?);
        }
        Ok(done)
    }

    /// What each of these accounts shares, with whom. The others are marked.
    async fn clashes_of(
        &self,
        accounts: &[&Account<'_>],
        suspects: &Suspects,
    ) -> Result<Vec<Document>, Error> {
        let mut holders = Holders::new();
        let mut marks = BTreeMap::new();
        let mut clashes = Vec::with_capacity(accounts.len());
        for (account, keys) in accounts {
            let mut clash = Document::new();
            let id = account.get("_id").unwrap_or(&Bson::Null);
            for key in keys {
                let Some(holder) = self.known_holder(&mut holders, id, key).await? else {
                    continue;
                };
                let with = holder.get("_id").map(ids::shown).unwrap_or_default();
                if let Some(mark) = mark(holder, key.field, id) {
                    marks.insert((key.field, with.clone()), mark);
                }
                clash.insert(key.field, with);
            }
            if suspects.shadow(account) {
                clash.insert("id", ids::shown(id));
            }
            clashes.push(clash);
        }
        let marks = marks.into_values().collect();
        self.users.update_each(marks, BATCH_WITHIN).await?;
        report(accounts, &clashes);
        Ok(clashes)
    }

    /// Who else has the key.
    async fn known_holder<'a>(
        &self,
        holders: &'a mut Holders,
        id: &Bson,
        key: &Key<'_>,
    ) -> Result<Option<&'a Document>, Error> {
        let wanted = match (&key.text, &key.value) {
            (Some(text), _) => (key.name, text.clone()),
            (None, Some(value)) => (key.field, value.clone().into_owned()),
            (None, None) => return Ok(None),
        };
        let known = holders.get(&wanted).and_then(|holder| holder.get("_id"));
        if known.is_none_or(|holder| holder == id) {
            let Some(holder) = self.other_with(id, key, 0).await? else {
                return Ok(None);
            };
            holders.insert(wanted.clone(), holder);
        }
        Ok(holders.get(&wanted))
    }
}

/// Says who shares something, in a line for each with whom.
fn report(accounts: &[&Account<'_>], clashes: &[Document]) {
    let mut shared: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for ((account, _), clash) in accounts.iter().zip(clashes) {
        let id = account.get("_id").map(ids::shown).unwrap_or_default();
        for (field, with) in clash {
            let sharing = shared.entry((field, with.as_str())).or_default();
            sharing.push(id.clone());
        }
    }
    for ((field, with), accounts) in shared {
        let (count, named) = (accounts.len(), &accounts[..accounts.len().min(NAMED)]);
        tracing::warn!(
            count,
            accounts = named.join(", "),
            with,
            "imported accounts share their {field} with another one: each is found by exactly what is stored, and by no other form of it"
        );
    }
}
