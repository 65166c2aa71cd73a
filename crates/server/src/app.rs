//! What the routes need.

use std::sync::Arc;

use account::Accounts;
use axum::extract::FromRef;
use headers::HttpsRedirect;
use jwt::Authority;
use model::Clock;

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
    /// What becomes of requests over http.
    pub redirect: HttpsRedirect,
    /// The hosted pages.
    pub pages: Pages,
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
