//! From http to https.

#[cfg(feature = "layer")]
mod layer;
#[cfg(feature = "layer")]
mod service;

use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method, Uri};
use url::Url;

#[cfg(feature = "layer")]
pub use layer::HttpsRedirectLayer;
#[cfg(feature = "layer")]
pub use service::{HttpsRedirectFuture, HttpsRedirectService};

use crate::Scheme;

/// Sends clients that come over http to the https public URL.
///
/// - Safe methods (RFC 9110 §9.2.1) are redirected with 308 (§15.4.9), which lets no client change
///   the method as 301 does: a HEAD stays a HEAD.
/// - All others are refused with [`HttpsRequired`]: what the request carried, a password maybe, has
///   crossed the network in the clear, and a redirect would only hide that.
/// - The redirect goes to the **public URL's** host, whatever `Host` the request names; else it
///   would lead wherever an attacker wishes.
/// - Paths that are exempt, such as health checks, are served.
///
/// Of a public URL only scheme, host and port count. If it is http, everything is served.
#[derive(Clone)]
pub struct HttpsRedirect {
    /// `https://host[:port]`, or `None` where the public URL is http.
    origin: Option<Arc<str>>,
    exempt: Option<Arc<Exemption>>,
}

type Exemption = dyn Fn(&Method, &Uri) -> bool + Send + Sync;

/// What to do with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Serve it.
    Serve,
    /// Answer 308 with this `Location`.
    Redirect(HeaderValue),
    /// Answer 403.
    Refuse(HttpsRequired),
}

/// A request that changes something came over http. As a response: 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this must be sent over https")]
pub struct HttpsRequired;

/// The text is no public URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no http:// or https:// URL")]
pub struct InvalidPublicUrl(String);

impl HttpsRedirect {
    /// Redirects to `public_url`, such as `https://accounts.example`.
    ///
    /// # Errors
    /// [`InvalidPublicUrl`] unless it is an http or https URL.
    pub fn new(public_url: &str) -> Result<Self, InvalidPublicUrl> {
        let invalid = || InvalidPublicUrl(public_url.to_owned());
        let url = Url::parse(public_url).map_err(|_| invalid())?;
        let origin = match url.scheme() {
            "https" => Some(url.origin().ascii_serialization().into()),
            "http" => None,
            _ => return Err(invalid()),
        };
        Ok(Self {
            origin,
            exempt: None,
        })
    }

    /// Serves what `predicate` is true of over http too, such as health checks.
    #[must_use]
    pub fn exempt(
        mut self,
        predicate: impl Fn(&Method, &Uri) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.exempt = Some(Arc::new(predicate));
        self
    }

    /// Serves these paths, compared whole, over http too.
    #[must_use]
    pub fn exempt_paths(self, paths: &'static [&'static str]) -> Self {
        self.exempt(|_, uri| paths.contains(&uri.path()))
    }

    /// What to do with a request that came over `scheme`, for a stack written by hand; the layer
    /// asks the same.
    pub fn judge(&self, scheme: Scheme, method: &Method, uri: &Uri) -> Verdict {
        let (Scheme::Http, Some(origin)) = (scheme, &self.origin) else {
            return Verdict::Serve;
        };
        if self
            .exempt
            .as_ref()
            .is_some_and(|exempt| exempt(method, uri))
        {
            return Verdict::Serve;
        }
        if !method.is_safe() {
            return Verdict::Refuse(HttpsRequired);
        }
        // `OPTIONS *` has no path to go to.
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let target = if target.starts_with('/') { target } else { "/" };
        match HeaderValue::try_from(format!("{origin}{target}")) {
            Ok(location) => Verdict::Redirect(location),
            Err(_) => Verdict::Refuse(HttpsRequired), // no URI that was parsed gets here
        }
    }
}

impl fmt::Debug for HttpsRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpsRedirect")
            .field("origin", &self.origin)
            .field("exempt", &self.exempt.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redirect() -> HttpsRedirect {
        HttpsRedirect::new("https://app.example").unwrap()
    }

    fn location(uri: &str) -> String {
        match redirect().judge(Scheme::Http, &Method::GET, &uri.parse().unwrap()) {
            Verdict::Redirect(location) => location.to_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_safe_request_goes_to_the_public_host() {
        assert_eq!(
            location("/me?a=1&b=%20x"),
            "https://app.example/me?a=1&b=%20x"
        );
        assert_eq!(location("http://evil.example/me"), "https://app.example/me");
        assert_eq!(
            location("//evil.example/me"),
            "https://app.example//evil.example/me"
        );
        assert_eq!(location("*"), "https://app.example/");
    }

    #[test]
    fn an_unsafe_request_is_refused() {
        for method in [
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
            Method::CONNECT,
        ] {
            let verdict = redirect().judge(Scheme::Http, &method, &Uri::from_static("/login"));
            assert_eq!(verdict, Verdict::Refuse(HttpsRequired), "{method}");
        }
    }

    #[test]
    fn https_and_exempt_requests_are_served() {
        let redirect = redirect().exempt_paths(&["/livez"]);
        let judge = |scheme, path| redirect.judge(scheme, &Method::POST, &Uri::from_static(path));
        assert_eq!(judge(Scheme::Https, "/login"), Verdict::Serve);
        assert_eq!(judge(Scheme::Http, "/livez"), Verdict::Serve);
        assert_eq!(
            judge(Scheme::Http, "/livez/x"),
            Verdict::Refuse(HttpsRequired)
        );
    }

    #[test]
    fn an_http_public_url_redirects_nothing() {
        let redirect = HttpsRedirect::new("http://127.0.0.1:8080").unwrap();
        let verdict = redirect.judge(Scheme::Http, &Method::POST, &Uri::from_static("/"));
        assert_eq!(verdict, Verdict::Serve);
    }

    #[test]
    fn only_scheme_host_and_port_of_the_public_url_count() {
        let redirect = HttpsRedirect::new("https://u:p@BÜCHER.example:8443/base?x#y").unwrap();
        let verdict = redirect.judge(Scheme::Http, &Method::GET, &Uri::from_static("/a"));
        let location = HeaderValue::from_static("https://xn--bcher-kva.example:8443/a");
        assert_eq!(verdict, Verdict::Redirect(location));
        for bad in ["", "app.example", "ftp://app.example", "https://"] {
            assert!(HttpsRedirect::new(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_request_target_leads_elsewhere(target in "\\PC{0,60}") {
            if let Ok(uri) = target.parse::<Uri>()
                && let Verdict::Redirect(to) = redirect().judge(Scheme::Http, &Method::GET, &uri)
            {
                prop_assert!(to.as_bytes().starts_with(b"https://app.example/"));
            }
        }
    }
}
