use async_trait::async_trait;
use model::Timestamp;
use storage::attempts::{AttemptKey, Budget, clear, give_back, reserve, spend};
use storage::{Allowance, Attempts, Error, Reservation, Reserved};

use super::MemoryStore;

#[async_trait]
impl Attempts for MemoryStore {
    async fn reserve_attempt(&self, key: AttemptKey, now: Timestamp) -> Result<Reserved, Error> {
        let mut state = self.open()?;
        let old = state.attempts.get(&key).copied();
        Ok(match reserve(old, now) {
            Ok((budget, reservation)) => {
                state.attempts.insert(key, budget);
                Reserved::Granted(reservation)
            }
            Err(refusal) => Reserved::Refused(refusal),
        })
    }

    async fn spend_attempt(
        &self,
        key: AttemptKey,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut state = self.open()?;
        let old = state.attempts.get(&key).copied();
        let Some(budget) = spend(old, allowance, now) else {
            return Ok(false);
        };
        state.attempts.insert(key, budget);
        Ok(true)
    }

    async fn give_back_attempt(
        &self,
        key: AttemptKey,
        reservation: Reservation,
    ) -> Result<(), Error> {
        let mut state = self.open()?;
        if let Some(budget) = state.attempts.get_mut(&key)
            && let Some(given_back) = give_back(*budget, &reservation)
        {
            *budget = given_back;
        }
        Ok(())
    }

    async fn clear_attempts(&self, key: AttemptKey) -> Result<(), Error> {
        let mut state = self.open()?;
        if let Some(budget) = state.attempts.get_mut(&key) {
            *budget = clear(*budget);
        }
        Ok(())
    }

    async fn attempts(&self, key: AttemptKey) -> Result<Option<Budget>, Error> {
        Ok(self.open()?.attempts.get(&key).copied())
    }

    async fn unlock_attempts(&self, key: AttemptKey) -> Result<bool, Error> {
        let mut state = self.open()?;
        let Some(budget) = state.attempts.get_mut(&key).filter(|it| it.has_failures()) else {
            return Ok(false);
        };
        *budget = clear(*budget);
        Ok(true)
    }
}
