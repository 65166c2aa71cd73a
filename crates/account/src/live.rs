//! What this process knows without asking the store: which tokens are refused, recent accounts, and
//! the kinds of hash in use.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jwt::revocation::{Entry, RevocationSet, Revoked, Staleness};
use storage::feed::SECOND_FACTORS;
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
            FeedEntry::Notice(notice) => {
                // No kind is known here beyond the first five: its effect is all that is done.
                if let Some(entry) = notice.effect.in_first_kinds() {
                    let until = row.until;
                    self.take(&FeedRow { entry, until });
                }
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

    fn kinds(&self) -> &'static [&'static str] {
        &[SECOND_FACTORS]
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jwt::Claims;
    use model::{AddressNumber, Generation, SessionId, Timestamp, TokenId, User, UserId};
    use storage::{Effect, Notice};

    use super::*;
    use crate::KnownUser;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const SESSION: &str = "01890000-0000-7000-8000-000000000001";

    fn live() -> Live {
        let staleness = Staleness::new(Duration::from_secs(30), Arc::new(|| 0));
        let params = password::Params::default();
        Live::new(
            Arc::new(RevocationSet::new()),
            Arc::new(staleness),
            secret::Secret::new([7; 32]),
            password::Kind::of(&params),
        )
    }

    fn alice() -> UserId {
        UserId::parse("alice").unwrap()
    }

    /// Whether a token of alice is refused, and whether a copy of her account is kept, after this was heard of a kind
    /// that is not known here.
    fn after(effect: Effect) -> (bool, bool) {
        let live = live();
        let user = User {
            id: alice(),
            username: None,
            email: None,
            email_verified: false,
            address_number: AddressNumber(0),
            generation: Generation(0),
            keep: None,
            disabled: false,
            is_invited: false,
            closes_at: None,
            second_factor: false,
            created_at: NOW,
            updated_at: NOW,
        };
        let users = live.users();
        users.insert(users.ticket("alice"), Arc::new(KnownUser::new(user)), NOW);
        live.apply(&[FeedRow {
            entry: FeedEntry::Notice(Notice {
                kind: "of_a_later_version".to_owned(),
                effect,
                detail: None,
            }),
            until: NOW.plus(Duration::from_secs(1200)),
        }]);
        let claims = Claims::access("alice", "t", NOW.as_seconds(), 900).with_session(SESSION, 7);
        let is_refused = live.revoked().is_revoked(&claims);
        (is_refused, users.get("alice", NOW).is_some())
    }

    #[test]
    fn what_a_later_version_tells_is_taken_in_by_its_effect() {
        let session = SessionId::parse(SESSION).unwrap();
        let token = TokenId::from_stored("t");
        assert_eq!(after(Effect::RefuseToken(token)), (true, true));
        assert_eq!(after(Effect::RefuseSession(session)), (true, true));
        assert_eq!(after(Effect::RefuseUser(alice())), (true, false));
        assert_eq!(after(Effect::Forget(alice())), (false, false));
        assert_eq!(after(Effect::Ignore), (false, true));
    }

    #[test]
    fn others_are_not_concerned() {
        let bob = UserId::parse("bob").unwrap();
        assert_eq!(after(Effect::RefuseUser(bob.clone())), (false, true));
        assert_eq!(after(Effect::Forget(bob)), (false, true));
        let token = TokenId::from_stored("another");
        assert_eq!(after(Effect::RefuseToken(token)), (false, true));
    }
}
