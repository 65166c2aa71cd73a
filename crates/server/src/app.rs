//! What the routes need.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use account::Accounts;
use axum::body::Bytes;
use axum::extract::FromRef;
use jwt::Authority;
use model::Clock;
use texts::Texts;

use crate::handing::Handings;
use crate::limits::RequestLimits;
use crate::pages::Pages;
use crate::readiness::Readiness;

/// What the routes need. It is cloned for every request: one count goes up.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    parts: AppParts,
    readiness: Readiness,
    handings: Handings,
    /// Made when somebody asks for it.
    description: LazyLock<Bytes, Box<dyn FnOnce() -> Bytes + Send>>,
}

/// What is needed to answer requests.
pub struct AppParts {
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
    /// What the pages say, in every language.
    pub texts: Arc<Texts>,
    /// What authenticator apps list accounts under.
    pub app_issuer: String,
}

impl App {
    /// Puts the parts together. `describe` makes the description of the interface.
    pub(crate) fn new(parts: AppParts, describe: fn() -> String) -> Self {
        Self(Arc::new(Inner {
            parts,
            readiness: Readiness::default(),
            handings: Handings::default(),
            description: LazyLock::new(Box::new(move || describe().into())),
        }))
    }

    /// Asks the store whether it answers, once for many.
    pub(crate) fn readiness(&self) -> &Readiness {
        &self.0.readiness
    }

    /// The description of the interface (OpenAPI), as JSON.
    pub(crate) fn description(&self) -> Bytes {
        self.0.description.clone()
    }

    /// Notes when refreshed tokens leave.
    pub(crate) fn handings(&self) -> &Handings {
        &self.0.handings
    }
}

impl Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0.parts
    }
}

impl FromRef<App> for Accounts {
    fn from_ref(app: &App) -> Self {
        app.accounts.clone()
    }
}

impl std::fmt::Debug for AppParts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppParts")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("accounts", &self.accounts)
            .finish_non_exhaustive()
    }
}
