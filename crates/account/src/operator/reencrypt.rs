//! Encrypting anew what is encrypted with the `SECRET_KEY` before the present one.
//!
//! That is the secrets of second factors: nothing else that is encrypted stays for long. Jobs in the outbox, enrolments that
//! wait to be confirmed and codes in mails run out by themselves, and names that accounts have let go of can't be
//! recognized by another key than the one they were reserved by, until they are free again. Until when the key before is needed
//! for those is a part of the answer.

use std::time::Duration;

use model::{Timestamp, UserId};
use storage::{ListUsersError, Reservations, SecondFactor, UserFilter, UserListing};

use super::Operator;
use crate::factor::purpose;

/// Accounts that are read at a time.
const PAGE: u32 = 200;

/// How often a factor is read again that is changed at the same time.
const TRIES: u32 = 8;

/// For how long what is in the hands of people needs the key before: codes and links in mails, pages that are open.
const IN_HANDS: Duration = Duration::from_hours(24);

/// The longest lifetime of a job: of an invitation by mail, and of a notice that lets a change be taken back.
const LONGEST_JOB: Duration = Duration::from_hours(7 * 24);

/// How many accounts are named that can't be read. All are counted.
const MOST_NAMED: usize = 1000;

/// What became of what is encrypted.
#[derive(Clone, Debug, Default)]
pub struct Reencrypted {
    /// Second factors whose secret was encrypted anew, or would be in a dry run.
    pub anew: u64,
    /// Those that were encrypted with the present key already.
    pub present: u64,
    /// Those that neither key opens, or whose account can't be read.
    pub unreadable: u64,
    /// The accounts of the first of these.
    pub unreadable_accounts: Vec<UserId>,
    /// Chains of events whose ends were noted anew. What is in between goes for its age, and can be checked by the key before
    /// until then.
    pub chains: u64,
    /// Since when the present key is the one of every server, as far as is known here.
    pub since: Option<Timestamp>,
    /// What the key before is needed for, and until when.
    pub needs: Vec<(Need, Timestamp)>,
}

/// What the key before is still needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Codes in mails, and pages that are open.
    InHands,
    /// Mails that wait in the outbox.
    Jobs,
    /// Names and addresses that stay reserved.
    Names,
}

/// What became of one factor.
enum Became {
    Anew,
    Present,
    Unreadable,
    Gone,
}

impl Reencrypted {
    /// Until when the key before is needed.
    pub fn needed_until(&self) -> Option<Timestamp> {
        self.needs.iter().map(|(_, until)| *until).max()
    }

    fn count(&mut self, user: UserId, became: &Became) {
        match became {
            Became::Anew => self.anew += 1,
            Became::Present => self.present += 1,
            Became::Gone => {}
            Became::Unreadable => {
                self.unreadable += 1;
                if self.unreadable_accounts.len() < MOST_NAMED {
                    self.unreadable_accounts.push(user);
                }
            }
        }
    }
}

impl Operator {
    /// Encrypts the secrets of second factors anew with the present key, where another did it. Servers may run, but with the
    /// present key: what one encrypts meanwhile stays as it is. A dry run changes nothing.
    ///
    /// # Errors
    /// When the store fails. What was done until then stays done.
    pub async fn reencrypt(&self, is_dry_run: bool) -> Result<Reencrypted, storage::Error> {
        let mut done = Reencrypted::default();
        let mut after: Option<UserId> = None;
        loop {
            let page = self.storage.users_with_factors(after.as_ref(), PAGE);
            let page = page.await?;
            let Some(last) = page.last().cloned() else {
                break;
            };
            for user in page {
                let became = self.reencrypt_factor(&user, is_dry_run).await?;
                done.count(user, &became);
            }
            after = Some(last);
        }
        if !is_dry_run {
            done.chains = self.renew_notes_of_chains().await?;
        }
        let since = self.present_since(is_dry_run).await?;
        done.since = Some(since);
        done.needs = self.needs_of_the_key_before(since).await?;
        Ok(done)
    }

    /// Notes the ends of every account's chain of events anew, so that they can be checked without the key before.
    async fn renew_notes_of_chains(&self) -> Result<u64, storage::Error> {
        let (mut renewed, mut after) = (0, None);
        loop {
            let listing = UserListing {
                filter: UserFilter::default(),
                after,
                limit: PAGE,
            };
            let page = match self.storage.list_users(listing).await {
                Err(ListUsersError::UnknownCursor) => return Err(storage::Error::Busy),
                Err(ListUsersError::Storage(error)) => return Err(error),
                Ok(page) => page,
            };
            for user in &page.users {
                renewed += u64::from(self.storage.renew_notes(&user.id).await?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(renewed);
            }
        }
    }

    async fn reencrypt_factor(
        &self,
        user: &UserId,
        is_dry_run: bool,
    ) -> Result<Became, storage::Error> {
        for _ in 0..TRIES {
            let factor = match self.storage.second_factor(user).await {
                Ok(Some(factor)) => factor,
                Ok(None) => return Ok(Became::Gone),
                Err(storage::Error::UnreadableAccount { .. }) => return Ok(Became::Unreadable),
                Err(error) => return Err(error),
            };
            let Some(sealed) = self.sealed_anew(user, &factor)? else {
                return Ok(Became::Unreadable);
            };
            if self.settings.factors.is_of_present_key(&factor.sealed) {
                return Ok(Became::Present);
            }
            if is_dry_run || self.storage.reseal_factor(user, &factor, sealed).await? {
                return Ok(Became::Anew);
            }
        }
        Err(storage::Error::Busy)
    }

    /// The same secret under the present key; nothing when neither key opens it.
    fn sealed_anew(
        &self,
        user: &UserId,
        factor: &SecondFactor,
    ) -> Result<Option<Vec<u8>>, storage::Error> {
        let (keys, purpose) = (&self.settings.factors, purpose(user));
        let Some(secret) = keys.open(&purpose, &factor.sealed) else {
            return Ok(None);
        };
        let random = |bytes: &mut [u8]| self.rng.fill(bytes);
        let sealed = keys.seal(&purpose, secret.expose(), random);
        let sealed = sealed.map_err(|error| storage::Error::Backend(error.into()))?;
        Ok(Some(sealed))
    }

    /// Since when the present key is that of every server: since it was first found here.
    async fn present_since(&self, is_dry_run: bool) -> Result<Timestamp, storage::Error> {
        let (now, fingerprint) = (self.clock.now(), &*self.settings.secret_fingerprint);
        if is_dry_run {
            let noted = self.storage.noted_secret(fingerprint).await?;
            return Ok(noted.unwrap_or(now));
        }
        self.storage.note_secret(fingerprint, now).await
    }

    /// What stays that only the key before opens or recognizes, and until when. Servers that still had that one after
    /// `since` would make more of it.
    async fn needs_of_the_key_before(
        &self,
        since: Timestamp,
    ) -> Result<Vec<(Need, Timestamp)>, storage::Error> {
        let now = self.clock.now();
        let waiting = self.storage.outbox_depth(now).await?.waiting;
        let reserved = self.storage.reserved_until(now).await?;
        let names = since.plus(Reservations::LIFETIME);
        let needs = [
            Some((Need::InHands, since.plus(IN_HANDS))),
            (waiting > 0).then(|| (Need::Jobs, since.plus(LONGEST_JOB))),
            reserved.map(|reserved| (Need::Names, reserved.min(names))),
        ];
        let needs = needs.into_iter().flatten();
        Ok(needs.filter(|(_, until)| *until > now).collect())
    }
}
