//! Hashes for names that don't exist.
//!
//! A login for an unknown name must cost what one for a known name costs. Where the store holds hashes
//! of several kinds (brought along from elsewhere, not yet upgraded), each unknown name is given one of
//! those kinds by a keyed hash, in the shares in which real accounts have them: always the same one for
//! the same name, since a name whose cost changes tells that it is none. That is what it costs the server; what
//! whoever asks can measure is [`crate::same_time`]'s.

use std::sync::{PoisonError, RwLock};

use hmac::{Hmac, KeyInit as _, Mac as _};
use password::{Kind, PasswordHash, decoy};
use secret::Secret;
use sha2::Sha256;

use crate::Accounts;
use crate::same_time::SameTime;

pub(crate) struct Decoys {
    same_time: SameTime,
    key: Secret<[u8; 32]>,
    current: (Kind, PasswordHash),
    outdated: RwLock<Vec<Share>>,
}

/// A kind of hash that some accounts still have.
struct Share {
    decoy: PasswordHash,
    /// The names whose keyed hash lies below this (and not below the share before) get it.
    below: u64,
}

impl Decoys {
    pub(crate) fn new(key: Secret<[u8; 32]>, current: Kind) -> Self {
        let hash = decoy(&current);
        Self {
            same_time: SameTime::default(),
            key,
            current: (current, hash),
            outdated: RwLock::default(),
        }
    }

    pub(crate) const fn same_time(&self) -> &SameTime {
        &self.same_time
    }

    /// A hash of the present kind that nothing matches.
    pub(crate) fn current(&self) -> PasswordHash {
        self.current.1.clone()
    }

    /// The hash that nothing matches for the unknown name `canonical`.
    pub(crate) fn for_name(&self, canonical: &str) -> PasswordHash {
        let point = self.point(canonical);
        let shares = self.outdated.read().unwrap_or_else(PoisonError::into_inner);
        shares
            .iter()
            .find(|share| point < share.below)
            .map_or_else(|| self.current(), |share| share.decoy.clone())
    }

    /// Takes in how many accounts have which kind.
    ///
    /// The kinds stand in the order of their names, so that a name moves only as shares fall: they
    /// do, since each login upgrades. Where none does (`PORTCULLIS_HASH_UPGRADE=false`), they fall
    /// as new accounts come.
    ///
    /// Gives the outdated ones.
    pub(crate) fn set(&self, counts: &[(String, u64)]) -> Vec<(Kind, u64)> {
        let total: u128 = counts.iter().map(|(_, count)| u128::from(*count)).sum();
        let mut outdated: Vec<(Kind, u64)> = counts
            .iter()
            .filter_map(|(kind, count)| Some((kind.parse().ok()?, *count)))
            .filter(|(kind, _)| *kind != self.current.0)
            .collect();
        outdated.sort_by_cached_key(|(kind, _)| kind.to_string());

        let mut seen: u128 = 0;
        let shares = outdated
            .iter()
            .map(|(kind, count)| {
                seen += u128::from(*count);
                let below = u128::from(u64::MAX) * seen / total.max(1);
                Share {
                    decoy: decoy(kind),
                    below: u64::try_from(below).unwrap_or(u64::MAX),
                }
            })
            .collect();
        *self
            .outdated
            .write()
            .unwrap_or_else(PoisonError::into_inner) = shares;
        outdated
    }

    #[expect(
        clippy::expect_used,
        reason = "HMAC takes a key of any length (RFC 2104 §2)"
    )]
    fn point(&self, name: &str) -> u64 {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.expose()).expect("a key of any length");
        mac.update(name.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest
            .iter()
            .take(8)
            .fold(0, |point, byte| point << 8 | u64::from(*byte))
    }
}

impl Accounts {
    /// Counts the kinds of hash in the store, so that unknown names go on costing what known ones do, and measures
    /// what has not been measured.
    ///
    /// # Errors
    /// When the store can't be read: the shares stay as they were.
    pub async fn refresh_decoys(&self) -> Result<(), storage::Error> {
        let counts = self.0.storage.hash_kinds().await?;
        let decoys = self.0.live.decoys();
        let outdated = decoys.set(&counts);
        self.agree_on_time(decoys.current.0, &outdated).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoys() -> Decoys {
        Decoys::new(Secret::new([7; 32]), Kind::of(&password::Params::default()))
    }

    fn kind_of(decoys: &Decoys, name: &str) -> String {
        decoys.for_name(name).kind().unwrap().to_string()
    }

    #[test]
    fn a_store_without_old_hashes_gives_every_unknown_name_the_present_kind() {
        let decoys = decoys();
        decoys.set(&[("argon2id:19456:2:1".into(), 12)]);
        assert!((0..100).all(|n| kind_of(&decoys, &n.to_string()).starts_with("argon2id")));
    }

    #[test]
    fn unknown_names_have_the_kinds_of_the_store_in_their_shares() {
        let decoys = decoys();
        decoys.set(&[
            ("argon2id:19456:2:1".into(), 25),
            ("scrypt:32768:8:1".into(), 75),
        ]);
        let old = (0..1000)
            .filter(|n| kind_of(&decoys, &n.to_string()).starts_with("scrypt"))
            .count();
        assert!((680..820).contains(&old), "{old} of 1000");
    }

    #[test]
    fn as_the_share_of_an_old_kind_falls_no_name_comes_back_to_it() {
        let decoys = decoys();
        let mut before: Vec<bool> = vec![true; 500];
        for old in [75, 40, 3, 0] {
            decoys.set(&[
                ("argon2id:19456:2:1".into(), 100 - old),
                ("scrypt:32768:8:1".into(), old),
            ]);
            let after: Vec<bool> = (0..500)
                .map(|n| kind_of(&decoys, &n.to_string()).starts_with("scrypt"))
                .collect();
            assert!(
                before
                    .iter()
                    .zip(&after)
                    .all(|(before, after)| *before || !after)
            );
            before = after;
        }
    }
}
