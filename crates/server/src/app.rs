//! What the routes need.

use std::sync::Arc;

use account::Accounts;
use axum::extract::FromRef;
use jwt::Authority;
use model::Clock;

use crate::limits::RequestLimits;
use crate::pages::Pages;

/// What the routes need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The use cases.
    pub accounts: Accounts,
    /// Checks tokens.
    pub authority: Authority,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// How often anyone may ask; `None` where nothing bounds that.
    pub limits: Option<Arc<RequestLimits>>,
    /// The hosted pages.
    pub pages: Arc<Pages>,
}

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Self {
        app.accounts.clone()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}
