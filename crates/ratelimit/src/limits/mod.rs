//! Which limits a request is charged to: the rules of an application, and the check by hand.
//!
//! The tower layer calls [`Limits::check`] for every request; so can anything else that has a caller
//! and a name for what is asked.

mod decision;
mod limit;
mod policy;

use std::{collections::HashMap, sync::Arc};

use crate::{Hit, KeyHasher, Principal, Store, Strategy, Timestamp, Unavailable, Usage};

use self::policy::{Policies, Policy};

pub use decision::{Applied, Decision};
pub use limit::Limit;
#[cfg(feature = "layer")]
pub(crate) use {decision::seconds_up, policy::integer};

/// The scope of requests that no route was found for: 404s and 405s are limited, too, together.
const UNMATCHED: &str = "*";

/// What is to be checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// Who asks.
    pub caller: Principal<'a>,
    /// The route as a template (`/users/{id}`), never the path: each path of a client's choice would
    /// have counters of its own. `None` when no route matches.
    pub route: Option<&'a str>,
    /// The method, in upper case.
    pub method: &'a str,
    /// The cost is this many times that of each limit; usually 1.
    pub cost: u32,
    /// Whether it may be [given back](Limits::give_back).
    pub refundable: bool,
    /// The present.
    pub now: Timestamp,
}

/// The limits of an application, and where they are counted.
///
/// ```
/// use ratelimit::{Call, Principal, KeyHasher, Limit, Limits, MemoryStore, Timestamp};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let auth: Limit = "10 per hour".parse()?;
/// let auth = auth.shared("auth");
/// let limits = Limits::new(MemoryStore::default(), KeyHasher::random())
///     .with_default("200 per day; 20 per hour".parse()?)
///     .with_route("/login", [auth.clone(), "5 per minute".parse()?])
///     .with_route("/register", [auth])
///     .with_exemption("/livez");
///
/// let decision = limits
///     .check(&Call {
///         caller: Principal::Address("2001:db8::1".parse()?),
///         route: Some("/login"),
///         method: "POST",
///         cost: 1,
///         refundable: false,
///         now: Timestamp::from_secs(1_700_000_000),
///     })
///     .await?;
/// assert!(decision.is_allowed());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Limits<S> {
    store: S,
    hasher: KeyHasher,
    strategy: Strategy,
    everywhere: Vec<Limit>,
    defaults: Vec<Limit>,
    own: HashMap<String, Own>,
    policies: HashMap<String, Policies>,
    unlisted: Policies,
}

/// A check that was begun: the limits that have been charged.
#[derive(Clone, Debug, Default)]
pub struct Begun(Vec<Usage>);

/// What a route has of its own.
#[derive(Debug)]
enum Own {
    Instead(Vec<Limit>),
    Beside(Vec<Limit>),
    Nothing,
}

impl<S: Store> Limits<S> {
    /// No limits yet, counted in `store` by fixed windows.
    pub fn new(store: S, hasher: KeyHasher) -> Self {
        Self {
            store,
            hasher,
            strategy: Strategy::default(),
            everywhere: Vec::new(),
            defaults: Vec::new(),
            own: HashMap::new(),
            policies: HashMap::new(),
            unlisted: Policies::default(),
        }
    }

    /// How limits are counted that don't say otherwise.
    #[must_use]
    pub fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self.compiled()
    }

    /// Adds a limit that every request is charged to, all routes together.
    #[must_use]
    pub fn with_everywhere(mut self, limit: Limit) -> Self {
        self.everywhere.push(limit.shared_by_default("everywhere"));
        self.compiled()
    }

    /// Adds a limit for every route that has none of its own. Each route is counted apart.
    #[must_use]
    pub fn with_default(mut self, limit: Limit) -> Self {
        self.defaults.push(limit);
        self.compiled()
    }

    /// Gives a route its own limits, instead of the defaults. For methods that none of them names,
    /// the defaults stay.
    #[must_use]
    pub fn with_route(mut self, route: &str, limits: impl IntoIterator<Item = Limit>) -> Self {
        let limits = limits.into_iter().collect();
        self.own.insert(route.to_owned(), Own::Instead(limits));
        self.compiled()
    }

    /// Gives a route its own limits, besides the defaults.
    #[must_use]
    pub fn with_route_added(
        mut self,
        route: &str,
        limits: impl IntoIterator<Item = Limit>,
    ) -> Self {
        let limits = limits.into_iter().collect();
        self.own.insert(route.to_owned(), Own::Beside(limits));
        self.compiled()
    }

    /// Exempts a route from every limit.
    #[must_use]
    pub fn with_exemption(mut self, route: &str) -> Self {
        self.own.insert(route.to_owned(), Own::Nothing);
        self.compiled()
    }

    /// Charges every limit of the call, shortest unit first, up to the first that refuses: a refused
    /// request does not use up the longer limits. Where a route has limits of its own, those of
    /// [all routes](Self::with_everywhere) are charged before them.
    ///
    /// # Errors
    ///
    /// The store could not be asked. The limits before that one are charged.
    pub async fn check(&self, call: &Call<'_>) -> Result<Decision, Unavailable> {
        self.finish(call, Begun::default()).await
    }

    /// [`check`](Self::check) as far as it takes no waiting, for a stack written by hand that answers
    /// from memory without a boxed future.
    ///
    /// # Errors
    ///
    /// What has been charged so far, for [`finish`](Self::finish), if a limit must be waited for.
    pub fn begin(&self, call: &Call<'_>) -> Result<Result<Decision, Unavailable>, Begun> {
        let mut begun = Begun::default();
        self.advance(call, &mut begun.0).ok_or(begun)
    }

    /// Goes on with the check of the same `call` that [`begin`](Self::begin) began.
    ///
    /// # Errors
    ///
    /// The store could not be asked. The limits before that one are charged.
    pub async fn finish(
        &self,
        call: &Call<'_>,
        Begun(mut usages): Begun,
    ) -> Result<Decision, Unavailable> {
        loop {
            if let Some(done) = self.advance(call, &mut usages) {
                return done;
            }
            if let Some(hit) = hit(self.policy(call), call, usages.len()) {
                usages.push(self.store.hit(hit).await?);
            }
        }
    }

    /// Gives back to each limit what the refundable `call`, which ended in `decision`, was charged: for a
    /// request that turned out to be somebody else's to pay for. Once for each call.
    ///
    /// # Errors
    ///
    /// The store could not be asked. What it was not told stays charged.
    pub async fn give_back(&self, call: &Call<'_>, decision: &Decision) -> Result<(), Unavailable> {
        let mut done = Ok(());
        for (place, limit) in decision.limits().enumerate() {
            let charged = hit(self.policy(call), call, place);
            // A refusal was not counted.
            if let Some(hit) = charged.filter(|hit| hit.refundable && limit.usage.allowed) {
                done = done.and(self.store.give_back(hit, limit.usage).await);
            }
        }
        done
    }

    /// The store.
    pub const fn store(&self) -> &S {
        &self.store
    }

    /// Charges as many limits as takes no waiting. `None` if the next one does.
    fn advance(
        &self,
        call: &Call<'_>,
        usages: &mut Vec<Usage>,
    ) -> Option<Result<Decision, Unavailable>> {
        let policy = self.policy(call);
        usages.reserve_exact(policy.rules.len());
        while usages.last().is_none_or(|usage| usage.allowed) {
            let Some(hit) = hit(policy, call, usages.len()) else {
                break;
            };
            match self.store.hit_now(hit)? {
                Ok(usage) => usages.push(usage),
                Err(error) => return Some(Err(error)),
            }
        }
        let usages = std::mem::take(usages);
        Some(Ok(Decision::new(Arc::clone(policy), usages, call.now)))
    }

    fn policy(&self, call: &Call<'_>) -> &Arc<Policy> {
        let policies = call.route.and_then(|route| self.policies.get(route));
        policies.unwrap_or(&self.unlisted).for_method(call.method)
    }

    fn compiled(mut self) -> Self {
        let compiler = policy::Compiler {
            hasher: &self.hasher,
            strategy: self.strategy,
            everywhere: &self.everywhere,
            defaults: &self.defaults,
        };
        self.unlisted = compiler.route(&Own::Beside(Vec::new()));
        self.policies = self
            .own
            .iter()
            .map(|(route, own)| (route.clone(), compiler.route(own)))
            .collect();
        self
    }
}

/// The charge of the limit at `place`, if there is one.
fn hit(policy: &Policy, call: &Call<'_>, place: usize) -> Option<Hit> {
    let rule = policy.rules.get(place)?;
    Some(Hit {
        key: rule.key(call.caller, call.route.unwrap_or(UNMATCHED), call.method),
        quota: rule.quota,
        strategy: rule.strategy,
        cost: rule.cost.saturating_mul(call.cost),
        charge: true,
        refundable: call.refundable,
        now: call.now,
    })
}
