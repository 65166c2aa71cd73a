use async_trait::async_trait;
use model::{Generation, SessionId, Timestamp, User, UserId};
use secret::HashedToken;
use storage::{Enrolment, Error, Factors, FeedEntry, Moment, SecondFactor};

use super::{MemoryStore, Row, State};

/// A second factor, and the hashes of its recovery codes.
#[derive(Clone)]
pub(super) struct Enrolled {
    factor: SecondFactor,
    codes: Vec<HashedToken>,
}

#[async_trait]
impl Factors for MemoryStore {
    async fn second_factor(&self, user: &UserId) -> Result<Option<SecondFactor>, Error> {
        let state = self.open()?;
        let enrolled = state.users.get(user).and_then(|row| row.factor.as_ref());
        Ok(enrolled.map(|enrolled| SecondFactor {
            recovery_codes: enrolled.left(),
            ..enrolled.factor.clone()
        }))
    }

    async fn enrol(&self, enrolment: Enrolment, moment: Moment) -> Result<Option<User>, Error> {
        let mut state = self.open()?;
        let Enrolment { user, at, keep, .. } = enrolment;
        let factor = Enrolled {
            factor: SecondFactor {
                enrolled: at.next(),
                sealed: enrolment.sealed,
                last_step: enrolment.step,
                since: moment.now,
                recovery_codes: 0,
            },
            codes: enrolment.recovery_codes,
        };
        Ok(state.exchange_factor(&user, at, keep, Some(factor), moment))
    }

    async fn remove_factor(
        &self,
        user: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let mut state = self.open()?;
        let has_one = state
            .users
            .get(user)
            .is_some_and(|row| row.factor.is_some());
        Ok(has_one
            .then(|| state.exchange_factor(user, at, keep, None, moment))
            .flatten())
    }

    async fn advance_step(
        &self,
        user: &UserId,
        enrolled: Generation,
        step: u64,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let found = state.enrolled(user, enrolled);
        let Some(found) = found.filter(|found| found.factor.last_step < step) else {
            return Ok(false);
        };
        found.factor.last_step = step;
        Ok(true)
    }

    async fn spend_recovery_code(
        &self,
        user: &UserId,
        enrolled: Generation,
        code: HashedToken,
    ) -> Result<Option<u32>, Error> {
        let mut state = self.open()?;
        let Some(found) = state.enrolled(user, enrolled) else {
            return Ok(None);
        };
        let Some(at) = found.codes.iter().position(|kept| *kept == code) else {
            return Ok(None);
        };
        found.codes.remove(at);
        Ok(Some(found.left()))
    }

    async fn replace_recovery_codes(
        &self,
        user: &UserId,
        enrolled: Generation,
        codes: Vec<HashedToken>,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let Some(found) = state.enrolled(user, enrolled) else {
            return Ok(false);
        };
        found.codes = codes;
        Ok(true)
    }

    async fn reseal_factor(
        &self,
        user: &UserId,
        from: &SecondFactor,
        sealed: Vec<u8>,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let found = state.enrolled(user, from.enrolled);
        let Some(found) = found.filter(|found| found.factor.sealed == from.sealed) else {
            return Ok(false);
        };
        found.factor.sealed = sealed;
        Ok(true)
    }

    async fn users_with_factors(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let state = self.open()?;
        let with = state.users.iter().filter(|(_, row)| row.factor.is_some());
        let with = with.map(|(id, _)| id.clone());
        let with = with.filter(|id| after.is_none_or(|after| id > after));
        Ok(with
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .collect())
    }
}

impl State {
    fn exchange_factor(
        &mut self,
        id: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        factor: Option<Enrolled>,
        moment: Moment,
    ) -> Option<User> {
        let row = self.users.get_mut(id)?;
        if row.user.generation != at || row.user.closes_at.is_some() {
            return None;
        }
        row.user.generation = at.next();
        row.user.keep = keep;
        row.user.second_factor = factor.is_some();
        row.user.updated_at = moment.now;
        row.factor = factor;
        let user = row.user.clone();
        self.sessions
            .retain(|session, kept| kept.user != *id || Some(*session) == keep);
        let entry = FeedEntry::Generation {
            user: id.clone(),
            minimum: user.generation,
            keep,
        };
        self.tell(moment.feed_until, [entry]);
        Some(user)
    }

    fn enrolled(&mut self, user: &UserId, enrolled: Generation) -> Option<&mut Enrolled> {
        let found = self.users.get_mut(user)?.factor.as_mut()?;
        (found.factor.enrolled == enrolled).then_some(found)
    }
}

impl Row {
    /// Since when it has a second factor, if it has one.
    pub(super) fn factor_since(&self) -> Option<Timestamp> {
        self.factor.as_ref().map(|enrolled| enrolled.factor.since)
    }
}

impl Enrolled {
    fn left(&self) -> u32 {
        u32::try_from(self.codes.len()).unwrap_or(u32::MAX)
    }
}
