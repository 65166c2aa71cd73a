//! Reading what happened to an account.

use super::{FindError, Operator};
use crate::EventPage;
use crate::events::page;

impl Operator {
    /// What happened to an account, the last first, before the number `before`.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn events(
        &self,
        named: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<EventPage, FindError> {
        let id = self.find(named).await?;
        Ok(page(&*self.storage, &id, before, limit).await?)
    }
}
