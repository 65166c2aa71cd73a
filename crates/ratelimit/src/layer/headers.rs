//! What a response tells of the limits.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::{
    Applied, Decision,
    limits::{integer, seconds_up},
};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Which headers a response gets. `Retry-After` of a refusal is not among the choices: it is always
/// there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Headers {
    /// `RateLimit-Policy: "hour";q=20;w=3600` and `RateLimit: "hour";r=7;t=1800`, each limit a member
    /// (draft-ietf-httpapi-ratelimit-headers-11 §3 and §4).
    #[default]
    Standard,
    /// `X-RateLimit-Limit`, `-Remaining` and `-Reset` of one limit, with Flask-Limiter's numbers, and
    /// like there `Retry-After` on every response: the later of its own and the service's.
    XRateLimit,
    /// Both.
    Both,
    /// None.
    Hidden,
}

impl Headers {
    /// Writes what is chosen into `response`.
    pub fn write(self, decision: &Decision, response: &mut HeaderMap) {
        let Some(foremost) = decision.foremost() else {
            return;
        };
        if matches!(self, Self::Standard | Self::Both) {
            if let Some(policy) = decision.policy_header() {
                response.insert(POLICY, policy.clone());
            }
            // Names of limits are printable ASCII, and all else are numbers.
            if let Ok(limit) = HeaderValue::try_from(limit_text(decision)) {
                response.insert(LIMIT, limit);
            }
        }
        if matches!(self, Self::XRateLimit | Self::Both) {
            write_x(foremost, decision, response);
        }
    }
}

/// `"hour";r=7;t=1800, "day";r=187;t=5000`
fn limit_text(decision: &Decision) -> String {
    let mut text = String::with_capacity(32 * decision.limits().len());
    for Applied { name, usage, .. } in decision.limits() {
        let separator = if text.is_empty() { "" } else { ", " };
        let reset_in = seconds_up(usage.reset.since(decision.now()));
        for part in [separator, "\"", name, "\";r="] {
            text.push_str(part);
        }
        push_number(&mut text, integer(usage.remaining));
        text.push_str(";t=");
        push_number(&mut text, integer(reset_in));
    }
    text
}

/// Appends a number in decimal: this stands on every response, and `write!` takes its time.
fn push_number(text: &mut String, mut number: u64) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

fn write_x(limit: Applied<'_>, decision: &Decision, response: &mut HeaderMap) {
    // Flask-Limiter rounds the reset up by adding a second, a whole one too.
    let reset = limit.usage.reset.as_secs() + 1;
    let after_now = Duration::from_secs(reset)
        .saturating_sub(Duration::from_micros(decision.now().as_micros()))
        .as_secs();
    response.insert(X_LIMIT, limit.quota.amount().into());
    response.insert(X_REMAINING, limit.usage.remaining.into());
    response.insert(X_RESET, reset.into());
    let own = response
        .get(header::RETRY_AFTER)
        .filter(|_| decision.is_allowed());
    match own.map(|own| own.to_str().ok().and_then(|own| own.parse::<u64>().ok())) {
        // A date, which says more exactly what the service means.
        Some(None) => {}
        Some(Some(own)) => drop(response.insert(header::RETRY_AFTER, own.max(after_now).into())),
        None => drop(response.insert(header::RETRY_AFTER, after_now.into())),
    }
}
