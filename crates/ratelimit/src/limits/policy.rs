//! The rules of a route, worked out once: nothing but counting is left for a request.

use std::sync::Arc;

use super::{Limit, Own};
use crate::{Key, KeyHasher, Principal, Quota, Strategy, key::Scope};

/// The methods with counters of their own where a limit counts per method. All others share one, as
/// a client may make up any number of them.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

/// The limits of one route and method, in the order in which they are charged.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    pub(crate) rules: Vec<Rule>,
    /// How many of them, the first ones, are of all routes and no hint for the clients of this one.
    pub(crate) of_all_routes: usize,
    /// The value of `RateLimit-Policy`.
    #[cfg(feature = "layer")]
    pub(crate) header: Option<http::HeaderValue>,
}

/// One quota of a policy.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) name: String,
    pub(crate) quota: Quota,
    pub(crate) strategy: Strategy,
    pub(crate) cost: u32,
    /// Stands for quota, strategy and group in the key.
    pub(crate) number: u128,
    pub(crate) shared: Option<String>,
    per_method: bool,
    /// Has hashed the number, and the scope if that is always the same.
    hasher: KeyHasher,
}

impl Rule {
    /// Where it counts what `caller` asks.
    pub(crate) fn key(&self, caller: Principal<'_>, route: &str, method: &str) -> Key {
        if self.has_one_scope() {
            return self.hasher.key(caller);
        }
        self.hasher.within(&self.scope(route, method)).key(caller)
    }

    const fn has_one_scope(&self) -> bool {
        self.shared.is_some() && !self.per_method
    }

    fn scope<'a>(&'a self, route: &'a str, method: &str) -> Scope<'a> {
        let method = if self.per_method {
            METHODS
                .into_iter()
                .find(|known| *known == method)
                .unwrap_or("*")
        } else {
            ""
        };
        Scope {
            name: self.shared.as_deref().unwrap_or(route),
            method,
        }
    }
}

/// The policies of one route.
#[derive(Debug, Default)]
pub(super) struct Policies {
    /// For the methods that a limit names.
    named: Vec<(String, Arc<Policy>)>,
    other: Arc<Policy>,
}

impl Policies {
    pub(super) fn for_method(&self, method: &str) -> &Arc<Policy> {
        let named = self.named.iter().find(|(name, _)| name == method);
        named.map_or(&self.other, |(_, policy)| policy)
    }
}

pub(super) struct Compiler<'a> {
    pub(super) hasher: &'a KeyHasher,
    pub(super) strategy: Strategy,
    pub(super) everywhere: &'a [Limit],
    pub(super) defaults: &'a [Limit],
}

impl Compiler<'_> {
    pub(super) fn route(&self, own: &Own) -> Policies {
        let (own, beside_defaults) = match own {
            Own::Instead(limits) => (limits.as_slice(), false),
            Own::Beside(limits) => (limits.as_slice(), true),
            Own::Nothing => return Policies::default(),
        };
        // As the library does: limits of all routes are charged before a route's own, whatever their units.
        let has_own = !own.is_empty();
        let compile = |method: &str| {
            let own = own.iter().filter(|limit| limit.is_for(method));
            let with_defaults = beside_defaults || own.clone().next().is_none();
            let defaults = if with_defaults { self.defaults } else { &[] };
            let defaults = defaults.iter().filter(|limit| limit.is_for(method));
            let everywhere = self.everywhere.iter();
            let everywhere = everywhere.filter(|limit| limit.is_for(method));
            Arc::new(if has_own {
                self.policy(everywhere, defaults.chain(own))
            } else {
                self.policy([].iter(), everywhere.chain(defaults))
            })
        };

        let all = self.everywhere.iter().chain(self.defaults).chain(own);
        let mut methods: Vec<&String> = all.flat_map(|limit| &limit.methods).collect();
        methods.sort();
        methods.dedup();
        let named = methods
            .into_iter()
            .map(|method| (method.clone(), compile(method)))
            .collect();
        Policies {
            named,
            other: compile(""),
        }
    }

    /// Those of `first` are charged before those of `then`.
    fn policy<'a>(
        &self,
        first: impl Iterator<Item = &'a Limit>,
        then: impl Iterator<Item = &'a Limit>,
    ) -> Policy {
        let mut rules: Vec<Rule> = Vec::new();
        self.add(&mut rules, first);
        let of_all_routes = rules.len();
        self.add(&mut rules, then);
        // By unit alone, as the library does: `5 per 2 minutes; 3 per minute` stays in this order.
        let (first, then) = rules.split_at_mut(of_all_routes);
        first.sort_by_key(|rule| rule.quota.unit());
        then.sort_by_key(|rule| rule.quota.unit());
        name_apart(&mut rules);
        Policy {
            #[cfg(feature = "layer")]
            header: policy_header(&rules),
            rules,
            of_all_routes,
        }
    }

    fn add<'a>(&self, rules: &mut Vec<Rule>, limits: impl Iterator<Item = &'a Limit>) {
        for limit in limits {
            for quota in &*limit.quotas {
                let rule = self.rule(limit, *quota);
                // Written twice, a quota is still charged once.
                if !rules.iter().any(|known| known.number == rule.number) {
                    rules.push(rule);
                }
            }
        }
    }

    fn rule(&self, limit: &Limit, quota: Quota) -> Rule {
        let strategy = limit.strategy.unwrap_or(self.strategy);
        let kind = if limit.per_method {
            "per method"
        } else {
            "all methods"
        };
        let group = limit
            .shared
            .as_ref()
            .map_or(String::new(), |group| format!(", shared: {group}"));
        let definition = format!("{quota}, {strategy}, {kind}{group}");
        let number = self.hasher.number(&definition);
        let mut rule = Rule {
            name: limit.name.clone().unwrap_or_else(|| quota.name()),
            quota,
            strategy,
            cost: limit.cost,
            number,
            shared: limit.shared.clone(),
            per_method: limit.per_method,
            hasher: self.hasher.of_limit(number),
        };
        if rule.has_one_scope() {
            rule.hasher = rule.hasher.within(&rule.scope("", ""));
        }
        rule
    }
}

/// Adds a number to a name that is there already: `hour`, `hour-2`.
fn name_apart(rules: &mut [Rule]) {
    for place in 1..rules.len() {
        let (before, rest) = rules.split_at_mut(place);
        let taken = |name: &str| before.iter().any(|rule| rule.name == name);
        let base = rest[0].name.clone();
        let mut number = 2;
        while taken(&rest[0].name) {
            rest[0].name = format!("{base}-{number}");
            number += 1;
        }
    }
}

/// Names of limits are printable ASCII, and all else are numbers: it can always be made.
#[cfg(feature = "layer")]
fn policy_header(rules: &[Rule]) -> Option<http::HeaderValue> {
    let items: Vec<_> = rules.iter().map(policy_item).collect();
    items.join(", ").try_into().ok()
}

/// `"hour";q=20;w=3600` (draft-ietf-httpapi-ratelimit-headers-11 §3.1).
#[cfg(feature = "layer")]
fn policy_item(rule: &Rule) -> String {
    let (amount, window) = (integer(rule.quota.amount()), integer(rule.quota.seconds()));
    format!("\"{}\";q={amount};w={window}", rule.name)
}

/// The greatest number that a structured field can hold has 15 digits (RFC 9651 §3.3.1).
#[cfg(feature = "layer")]
pub(crate) fn integer(number: u64) -> u64 {
    number.min(999_999_999_999_999)
}
