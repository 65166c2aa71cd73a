//! Strict-Transport-Security (RFC 6797).

use http::HeaderValue;
use std::time::Duration;

/// What Flask-Talisman sends by default: one year of 365.2425 days.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(31_556_926);

/// How long, and for what, browsers shall use https only.
///
/// The default is a year, subdomains included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hsts {
    max_age: Duration,
    include_subdomains: bool,
}

impl Default for Hsts {
    fn default() -> Self {
        Self {
            max_age: DEFAULT_MAX_AGE,
            include_subdomains: true,
        }
    }
}

impl Hsts {
    /// For `max_age`, in whole seconds; zero takes an earlier promise back (RFC 6797 §6.1.1).
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// For this host only: needed where a subdomain still speaks plain http, which
    /// `includeSubDomains` would cut off.
    #[must_use]
    pub const fn without_subdomains(mut self) -> Self {
        self.include_subdomains = false;
        self
    }

    /// The header's value.
    #[must_use]
    pub fn render(self) -> HeaderValue {
        let subdomains = if self.include_subdomains {
            "; includeSubDomains"
        } else {
            ""
        };
        let text = format!("max-age={}{subdomains}", self.max_age.as_secs());
        // Printable ASCII by construction.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("max-age=31556926"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subdomains_are_included_unless_switched_off() {
        assert_eq!(
            Hsts::default().render(),
            "max-age=31556926; includeSubDomains"
        );
        let own_host_only = Hsts::default()
            .without_subdomains()
            .max_age(Duration::from_secs(61));
        assert_eq!(own_host_only.render(), "max-age=61");
    }
}
