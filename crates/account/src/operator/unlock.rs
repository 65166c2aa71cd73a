//! Opening the budgets of guesses of an account.

use model::User;

use super::{Budget, FindError, Operator};
use crate::events::Act;

impl Operator {
    /// Forgets the failed guesses at the password of the account, by its name, by its address, and by whoever is signed in to
    /// it, and those at its second factor: the next try is checked at once. Gives the budgets in which there were any.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn unlock(&self, named: &str) -> Result<(User, Vec<Budget>), FindError> {
        let id = self.find(named).await?;
        let user = self.storage.user(&id).await?.ok_or(FindError::Unknown)?;
        let mut opened = Vec::new();
        for (budget, key) in self.budgets_of(&user) {
            if self.storage.unlock_attempts(key).await? {
                opened.push(budget);
            }
        }
        if !opened.is_empty() {
            self.report(Act::Unlocking.done().of(&user.id)).await;
        }
        Ok((user, opened))
    }
}
