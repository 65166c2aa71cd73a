//! What this process knows without asking the store: which tokens are refused, recent accounts, and
//! the kinds of hash in use.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jwt::revocation::{Entry, RevocationSet, Revoked, Staleness};
use storage::{FeedEntry, FeedRow, FeedSink};

use crate::decoys::Decoys;
use crate::users_cache::UsersCache;

/// Hears the feed for this process.
pub struct Live {
    revoked: Arc<RevocationSet>,
    staleness: Arc<Staleness>,
    users: UsersCache,
    decoys: Decoys,
}

impl Live {
    /// Hears for `revoked`, which the layer that checks tokens asks, and tells `staleness` whenever
    /// the store was heard. `decoy_key` chooses what unknown names are checked against.
    pub fn new(
        revoked: Arc<RevocationSet>,
        staleness: Arc<Staleness>,
        decoy_key: secret::Secret<[u8; 32]>,
        current: password::Kind,
    ) -> Self {
        Self {
            revoked,
            staleness,
            users: UsersCache::new(),
            decoys: Decoys::new(decoy_key, current),
        }
    }

    pub(crate) const fn users(&self) -> &UsersCache {
        &self.users
    }

    pub(crate) const fn decoys(&self) -> &Decoys {
        &self.decoys
    }

    pub(crate) const fn revoked(&self) -> &Arc<RevocationSet> {
        &self.revoked
    }

    /// For how long tokens are taken after the store was last heard.
    pub(crate) fn staleness_bound(&self) -> Duration {
        Duration::from_millis(self.staleness.bound())
    }

    pub(crate) const fn staleness(&self) -> &Arc<Staleness> {
        &self.staleness
    }

    fn take(&self, row: &FeedRow) {
        let subject = match &row.entry {
            FeedEntry::Token(id) => Revoked::Token(id.to_string()),
            FeedEntry::Session(id) => Revoked::Session(id.to_string()),
            FeedEntry::Generation {
                user,
                minimum,
                keep,
            } => {
                self.users.forget(user);
                let keep = keep.map(|session| session.to_string());
                Revoked::User {
                    id: user.to_string(),
                    min_gen: minimum.0,
                    keep,
                }
            }
            FeedEntry::Closed(user) => {
                self.users.forget(user);
                Revoked::whole_user(user.as_str())
            }
            FeedEntry::Changed(user) => {
                self.users.forget(user);
                return;
            }
        };
        self.revoked.add(&Entry {
            subject,
            expires: row.until.as_seconds(),
        });
    }
}

impl FeedSink for Live {
    fn apply(&self, rows: &[FeedRow]) {
        for row in rows {
            self.take(row);
        }
    }

    fn asked(&self) -> u64 {
        self.staleness.now()
    }

    fn heard(&self, asked: u64) {
        self.staleness.heard(asked);
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}
