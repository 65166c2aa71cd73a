//! Which headers a response gets.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, SERVER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{Csp, Directive, Hsts, Nonce, Permissions, Scheme, Source};

const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const X_POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");

/// What isn't a page uses no feature of the browser, and its header is of no effect (W3C Permissions
/// Policy §5.1): the most sensitive ones are named all the same, the rest would be half a kilobyte on
/// each answer of an API.
const NO_PAGE_PERMISSIONS: HeaderValue =
    HeaderValue::from_static("browsing-topics=(), camera=(), geolocation=(), microphone=()");

/// The headers of every response.
///
/// What a handler set under these names is replaced, so that no handler can weaken one by mistake.
/// Two things are left to handlers: their own `Cache-Control`, and a [`Csp`] in the response's
/// extensions.
///
/// ```
/// use headers::{Context, Policy, Scheme};
/// use http::HeaderMap;
///
/// let policy = Policy::default();
/// let mut headers = HeaderMap::new();
/// policy.apply(&mut headers, Context::new(Scheme::Https));
/// assert_eq!(headers["x-frame-options"], "DENY");
/// assert_eq!(headers["strict-transport-security"], "max-age=31556926; includeSubDomains");
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    hsts: Option<HeaderValue>,
    frame_options: HeaderValue,
    referrer: HeaderValue,
    permissions: HeaderValue,
    resource: HeaderValue,
    api_csp: HeaderValue,
    page_csp: Csp,
}

/// What the headers of one response depend on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    scheme: Scheme,
    nonce: Option<&'a Nonce>,
    csp: Option<&'a Csp>,
}

/// How much of a page's URL other sites get to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferrerPolicy {
    /// Nothing, and the own site neither.
    NoReferrer,
    /// The own site sees it, others nothing.
    SameOrigin,
}

/// Which sites may load a response into their pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourcePolicy {
    /// Pages of the own origin.
    SameOrigin,
    /// Pages of the own site: the registrable domain and all below it.
    SameSite,
    /// Any page.
    CrossOrigin,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            hsts: Some(Hsts::default().render()),
            frame_options: HeaderValue::from_static("DENY"),
            referrer: HeaderValue::from_static("no-referrer"),
            permissions: Permissions::deny_all().render(),
            resource: HeaderValue::from_static("same-origin"),
            api_csp: Csp::api().render(None),
            page_csp: Csp::pages(),
        }
    }
}

impl Policy {
    /// Room for the headers that are added and for some of a handler's own. A map made with this capacity
    /// (`HeaderMap::with_capacity`) need not grow, which costs as much as half of the headers do.
    pub const ROOM: usize = 16;

    /// Another promise of https than the default year with subdomains.
    #[must_use]
    pub fn hsts(mut self, hsts: Hsts) -> Self {
        self.hsts = Some(hsts.render());
        self
    }

    /// No promise of https: where another server in front makes it.
    #[must_use]
    pub fn without_hsts(mut self) -> Self {
        self.hsts = None;
        self
    }

    /// The policy of HTML pages, by default [`Csp::pages`].
    #[must_use]
    pub fn page_csp(mut self, csp: Csp) -> Self {
        self.page_csp = csp;
        self
    }

    /// Which features of the browser pages may use, by default none. Other responses use none.
    #[must_use]
    pub fn permissions(mut self, permissions: &Permissions) -> Self {
        self.permissions = permissions.render();
        self
    }

    /// How much of its URLs other sites see, by default nothing.
    #[must_use]
    pub fn referrer(mut self, policy: ReferrerPolicy) -> Self {
        self.referrer = HeaderValue::from_static(match policy {
            ReferrerPolicy::NoReferrer => "no-referrer",
            ReferrerPolicy::SameOrigin => "same-origin",
        });
        self
    }

    /// Which sites may load responses into their pages, by default none but the own origin.
    #[must_use]
    pub fn resource(mut self, policy: ResourcePolicy) -> Self {
        self.resource = HeaderValue::from_static(match policy {
            ResourcePolicy::SameOrigin => "same-origin",
            ResourcePolicy::SameSite => "same-site",
            ResourcePolicy::CrossOrigin => "cross-origin",
        });
        self
    }

    /// Lets pages of the own origin frame its pages: `X-Frame-Options: SAMEORIGIN`, and the same in
    /// the [`page_csp`](Self::page_csp) set before.
    #[must_use]
    pub fn allow_same_origin_frames(mut self) -> Self {
        self.frame_options = HeaderValue::from_static("SAMEORIGIN");
        self.page_csp = self
            .page_csp
            .set(Directive::FrameAncestors, [Source::SameOrigin])
            .set(Directive::FrameSrc, [Source::SameOrigin]);
        self
    }

    /// Gives a response its headers, for a stack written by hand; the layer calls the same.
    ///
    /// `headers` are the finished response's: its `Content-Type` tells a page from anything else.
    pub fn apply(&self, headers: &mut HeaderMap, context: Context<'_>) {
        headers.reserve(Self::ROOM);
        headers.remove(SERVER);
        // Looking through the few that are there takes less than computing where a name would be.
        if headers.keys().any(|name| *name == X_POWERED_BY) {
            headers.remove(X_POWERED_BY);
        }
        let is_page = is_page(headers);
        let csp = match context.csp {
            Some(csp) => csp.render(context.nonce),
            None if is_page => self.page_csp.render(context.nonce),
            None => self.api_csp.clone(),
        };
        let permissions = if is_page {
            self.permissions.clone()
        } else {
            NO_PAGE_PERMISSIONS
        };
        headers.insert(CONTENT_SECURITY_POLICY, csp);
        headers.insert(X_FRAME_OPTIONS, self.frame_options.clone());
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, self.referrer.clone());
        headers.insert(PERMISSIONS_POLICY, permissions);
        headers.insert(
            CROSS_ORIGIN_OPENER_POLICY,
            HeaderValue::from_static("same-origin"),
        );
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, self.resource.clone());
        headers
            .entry(CACHE_CONTROL)
            .or_insert(HeaderValue::from_static("no-store"));
        match (context.scheme, &self.hsts) {
            (Scheme::Https, Some(hsts)) => {
                headers.insert(STRICT_TRANSPORT_SECURITY, hsts.clone());
            }
            // Never over http, where anyone may have written it (RFC 6797 §7.2).
            (Scheme::Http, _) | (_, None) => {
                headers.remove(STRICT_TRANSPORT_SECURITY);
            }
        }
    }
}

impl<'a> Context<'a> {
    /// A response to a client that spoke `scheme`.
    #[must_use]
    pub const fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            nonce: None,
            csp: None,
        }
    }

    /// The nonce that the page carries, if it carries one.
    #[must_use]
    pub const fn nonce(mut self, nonce: Option<&'a Nonce>) -> Self {
        self.nonce = nonce;
        self
    }

    /// The response's own policy, if it has one.
    #[must_use]
    pub const fn csp(mut self, csp: Option<&'a Csp>) -> Self {
        self.csp = csp;
        self
    }
}

/// Whether browsers show the response as a page with scripts.
fn is_page(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else {
        return false;
    };
    let essence = content_type.as_bytes().split(|&byte| byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    essence.eq_ignore_ascii_case(b"text/html")
        || essence.eq_ignore_ascii_case(b"application/xhtml+xml")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(policy: &Policy, scheme: Scheme, set: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in set {
            headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        policy.apply(&mut headers, Context::new(scheme));
        headers
    }

    #[test]
    fn every_response_gets_every_header_once() {
        let headers = applied(&Policy::default(), Scheme::Https, &[]);
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
            (
                "strict-transport-security",
                "max-age=31556926; includeSubDomains",
            ),
        ] {
            let all: Vec<_> = headers.get_all(name).iter().collect();
            assert_eq!(all, [value], "{name}");
        }
        assert!(headers.contains_key("permissions-policy"));
        assert!(headers.contains_key("content-security-policy"));
    }

    #[test]
    fn hsts_is_for_https_only_even_where_a_handler_sets_it() {
        let set = [("strict-transport-security", "max-age=1")];
        let over_http = applied(&Policy::default(), Scheme::Http, &set);
        assert!(!over_http.contains_key("strict-transport-security"));
        let switched_off = applied(&Policy::default().without_hsts(), Scheme::Https, &[]);
        assert!(!switched_off.contains_key("strict-transport-security"));
    }

    #[test]
    fn a_handler_cannot_weaken_a_header() {
        let set = [
            ("x-frame-options", "ALLOWALL"),
            ("x-frame-options", "SAMEORIGIN"),
            ("content-security-policy", "default-src *"),
            ("referrer-policy", "unsafe-url"),
            ("cross-origin-opener-policy", "unsafe-none"),
            ("server", "secret/1.0"),
            ("x-powered-by", "secret"),
        ];
        let headers = applied(&Policy::default(), Scheme::Http, &set);
        assert_eq!(headers.get_all("x-frame-options").iter().count(), 1);
        assert_eq!(headers["x-frame-options"], "DENY");
        assert_eq!(
            headers["content-security-policy"],
            Csp::api().render(None).to_str().unwrap()
        );
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert!(!headers.contains_key("server") && !headers.contains_key("x-powered-by"));
    }

    #[test]
    fn a_handler_may_let_its_response_be_cached() {
        let set = [("cache-control", "public, max-age=3600")];
        let headers = applied(&Policy::default(), Scheme::Http, &set);
        assert_eq!(headers["cache-control"], "public, max-age=3600");
    }

    #[test]
    fn pages_are_told_by_their_content_type() {
        for (content_type, page) in [
            ("text/html", true),
            ("Text/HTML ; charset=utf-8", true),
            ("application/xhtml+xml", true),
            ("text/htmlx", false),
            ("application/json", false),
            ("image/svg+xml", false),
        ] {
            let headers = applied(
                &Policy::default(),
                Scheme::Http,
                &[("content-type", content_type)],
            );
            let csp = headers["content-security-policy"].to_str().unwrap();
            assert_eq!(csp.contains("script-src"), page, "{content_type}");
        }
    }

    #[test]
    fn same_origin_frames_are_allowed_in_both_headers() {
        let policy = Policy::default().allow_same_origin_frames();
        let headers = applied(&policy, Scheme::Http, &[("content-type", "text/html")]);
        assert_eq!(headers["x-frame-options"], "SAMEORIGIN");
        let csp = headers["content-security-policy"].to_str().unwrap();
        assert!(csp.contains("frame-ancestors 'self'"));
    }
}
