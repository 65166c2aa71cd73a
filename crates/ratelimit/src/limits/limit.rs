//! One rule: how much, for whom it counts together, and what a request costs.

use std::str::FromStr;

use crate::{QuotaError, Quotas, Strategy};

/// One or more quotas with the same settings. `"200 per day; 20 per hour".parse()` makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub(super) quotas: Quotas,
    pub(super) name: Option<String>,
    pub(super) shared: Option<String>,
    pub(super) methods: Vec<String>,
    pub(super) per_method: bool,
    pub(super) cost: u32,
    pub(super) strategy: Option<Strategy>,
}

impl Limit {
    /// A limit by these quotas: on each route of its own, for all methods together, at a cost of 1.
    pub fn new(quotas: impl Into<Quotas>) -> Self {
        Self {
            quotas: quotas.into(),
            name: None,
            shared: None,
            methods: Vec::new(),
            per_method: false,
            cost: 1,
            strategy: None,
        }
    }

    /// What the `RateLimit` headers call it; the window's unit if nothing is said. Anything but
    /// printable ASCII is left out.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        let printable = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        self.name = Some(name.chars().filter(printable).collect());
        self
    }

    /// Counts all routes that have a limit of this group together.
    #[must_use]
    pub fn shared(mut self, group: &str) -> Self {
        self.shared = Some(group.to_owned());
        self
    }

    /// Counts requests by these methods only.
    #[must_use]
    pub fn methods<const N: usize>(mut self, methods: [&str; N]) -> Self {
        self.methods = methods
            .iter()
            .map(|method| method.to_ascii_uppercase())
            .collect();
        self
    }

    /// Counts each method apart.
    #[must_use]
    pub const fn per_method(mut self) -> Self {
        self.per_method = true;
        self
    }

    /// What one request costs.
    #[must_use]
    pub const fn cost(mut self, cost: u32) -> Self {
        self.cost = cost;
        self
    }

    /// How it is counted, whatever the other limits do.
    #[must_use]
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    pub(super) fn shared_by_default(mut self, group: &str) -> Self {
        self.shared.get_or_insert_with(|| group.to_owned());
        self
    }

    pub(super) fn is_for(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|own| own == method)
    }
}

impl FromStr for Limit {
    type Err = QuotaError;

    fn from_str(text: &str) -> Result<Self, QuotaError> {
        text.parse::<Quotas>().map(Self::new)
    }
}
