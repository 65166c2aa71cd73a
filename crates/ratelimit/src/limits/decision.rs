//! What came of a check.

use std::{sync::Arc, time::Duration};

use super::policy::Policy;
use crate::{Quota, Timestamp, Usage};

/// Whether a request is admitted, and how every limit that was charged stands.
#[derive(Clone, Debug)]
pub struct Decision {
    policy: Arc<Policy>,
    /// In the order of the policy, up to the first refusal.
    usages: Vec<Usage>,
    now: Timestamp,
}

/// One limit after it was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied<'a> {
    /// Its name in the headers.
    pub name: &'a str,
    /// How much it allows.
    pub quota: Quota,
    /// The [group](crate::Limit::shared) of routes that are counted in it together, if it has one.
    pub group: Option<&'a str>,
    /// Where it stands.
    pub usage: Usage,
}

impl Decision {
    pub(crate) const fn new(policy: Arc<Policy>, usages: Vec<Usage>, now: Timestamp) -> Self {
        Self {
            policy,
            usages,
            now,
        }
    }

    /// Whether no limit refuses.
    pub fn is_allowed(&self) -> bool {
        self.refused().is_none()
    }

    /// The limits that were charged, in that order. None for an exempt route.
    pub fn limits(&self) -> impl ExactSizeIterator<Item = Applied<'_>> {
        self.policy
            .rules
            .iter()
            .zip(&self.usages)
            .map(|(rule, usage)| Applied {
                name: &rule.name,
                quota: rule.quota,
                group: rule.shared.as_deref(),
                usage: *usage,
            })
    }

    /// The limit that refuses. It is the last one charged.
    pub fn refused(&self) -> Option<Applied<'_>> {
        self.limits().last().filter(|limit| !limit.usage.allowed)
    }

    /// How long a refused client should wait: whole seconds, one at least. `None` when admitted.
    pub fn retry_after(&self) -> Option<Duration> {
        let reset = self.refused()?.usage.reset;
        Some(Duration::from_secs(
            seconds_up(reset.since(self.now)).max(1),
        ))
    }

    /// The one limit to tell of where there is room for one: the one that refuses, else the first
    /// that no other route is counted in, else the first of the route, else of all routes.
    pub fn foremost(&self) -> Option<Applied<'_>> {
        let of_route = || self.limits().skip(self.policy.of_all_routes);
        self.refused()
            .or_else(|| of_route().find(|limit| limit.group.is_none()))
            .or_else(|| of_route().next())
            .or_else(|| self.limits().next())
    }

    /// The time that was passed to the check.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    #[cfg(feature = "layer")]
    pub(crate) fn policy_header(&self) -> Option<&http::HeaderValue> {
        self.policy.header.as_ref()
    }
}

/// Whole seconds, rounded up: who waits that long has waited long enough.
pub(crate) fn seconds_up(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
