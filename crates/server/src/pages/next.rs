//! Where to go on.

use form_urlencoded::parse;
use http::Uri;

use super::account::factor;

/// The page to go to after a form. Whatever a request names, it is one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Next(&'static str);

/// The pages that a request may name.
const NAMED: [&str; 3] = ["/account", "/account/confirm", factor::LOCATION];

impl Next {
    /// The page named `path`, if it is one that can be named.
    pub(super) fn named(path: &str) -> Option<Self> {
        NAMED.into_iter().find(|page| *page == path).map(Self)
    }

    /// The page named by `next` in the query.
    pub(super) fn in_query(uri: &Uri) -> Option<Self> {
        Self::named(&query_value(uri, "next")?)
    }

    /// Whether it is the page of the second factor.
    pub(super) fn is_factor(self) -> bool {
        self.0 == factor::LOCATION
    }

    /// Its path.
    pub(super) const fn path(self) -> &'static str {
        self.0
    }
}

/// The first value of `name` in the query.
pub(super) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    parse(uri.query()?.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_leaves_the_site() {
        assert_eq!(Next::named("/account"), Some(Next("/account")));
        for path in [
            "",
            "/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "https://evil.example/account",
            "/account/../../evil",
            "/account@evil.example",
            "/account?x",
            "account",
            "/Account",
            "/nothing",
            "javascript:alert(1)",
        ] {
            assert_eq!(Next::named(path), None, "{path}");
        }
    }

    #[test]
    fn it_is_read_from_the_query() {
        let next = |uri: &'static str| Next::in_query(&Uri::from_static(uri));
        assert_eq!(next("/login?next=%2Faccount"), Some(Next("/account")));
        assert_eq!(next("/login?a=b&next=/account"), Some(Next("/account")));
        assert_eq!(next("/login?next=//evil.example&next=/account"), None);
        assert_eq!(next("/login"), None);
        assert_eq!(next("/login?next=%ff"), None);
    }
}
