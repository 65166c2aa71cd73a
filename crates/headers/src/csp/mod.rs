//! Content-Security-Policy, built from types (W3C CSP 3).

mod directive;
mod source;

use std::collections::BTreeMap;

use http::HeaderValue;

pub use directive::Directive;
pub use source::{HostSource, InsecureSource, InvalidHostSource, Source};

use crate::Nonce;
use source::Entry;

/// A Content-Security-Policy.
///
/// Put into a response's extensions it replaces the policy that the layer would have set.
///
/// ```
/// use headers::{Csp, Directive, HostSource, Source};
///
/// let cdn = HostSource::parse("https://cdn.example")?;
/// let csp = Csp::pages().set(Directive::ImgSrc, [Source::SameOrigin, Source::Host(cdn)]);
/// assert!(csp.render(None).to_str()?.contains("img-src 'self' https://cdn.example;"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csp(BTreeMap<Directive, Vec<Entry>>);

impl Csp {
    /// Nothing is loaded, framed or sent: for JSON and whatever else isn't a page. Should a browser
    /// ever show such an answer as a page, that page can do nothing.
    #[must_use]
    pub fn api() -> Self {
        Self(BTreeMap::new())
            .set(Directive::DefaultSrc, [])
            .set(Directive::BaseUri, [])
            .set(Directive::FormAction, [])
            .set(Directive::FrameAncestors, [])
    }

    /// For pages: scripts and styles with the response's nonce, images, fonts, connections and
    /// forms of the own origin, nothing else, and no frames.
    #[must_use]
    pub fn pages() -> Self {
        Self::api()
            .set(Directive::ScriptSrc, [Source::Nonce])
            .set(Directive::StyleSrc, [Source::Nonce])
            .set(Directive::ImgSrc, [Source::SameOrigin])
            .set(Directive::FontSrc, [Source::SameOrigin])
            .set(Directive::ConnectSrc, [Source::SameOrigin])
            .set(Directive::FormAction, [Source::SameOrigin])
    }

    /// Names the sources of `directive`, in place of those it had. None at all means `'none'`.
    #[must_use]
    pub fn set(mut self, directive: Directive, sources: impl IntoIterator<Item = Source>) -> Self {
        let entries = sources.into_iter().map(Entry::Source).collect();
        self.0.insert(directive, entries);
        self
    }

    /// Adds a source that takes back part of the protection: search for this name in a review.
    #[must_use]
    pub fn with_insecure_source(mut self, directive: Directive, source: InsecureSource) -> Self {
        let entries = self.0.entry(directive).or_default();
        entries.push(Entry::Insecure(source));
        self
    }

    /// The header's value. Without a nonce, [`Source::Nonce`] stands for nothing.
    #[must_use]
    pub fn render(&self, nonce: Option<&Nonce>) -> HeaderValue {
        let mut text = String::with_capacity(256);
        for (directive, entries) in &self.0 {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(directive.name());
            let end_of_name = text.len();
            for entry in entries {
                if entry.write(&mut text, nonce).is_err() {
                    return HeaderValue::from_static(LOCKED); // a `String` takes every write
                }
            }
            if text.len() == end_of_name {
                text.push_str(" 'none'");
            }
        }
        // Every part is printable ASCII, by its type; were it not, nothing would be allowed.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(LOCKED))
    }
}

/// What is sent should a policy ever fail to render.
const LOCKED: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(csp: &Csp, nonce: Option<&Nonce>) -> String {
        csp.render(nonce).to_str().unwrap().to_owned()
    }

    #[test]
    fn an_api_may_do_nothing() {
        assert_eq!(text(&Csp::api(), None), LOCKED);
    }

    #[test]
    fn a_page_runs_what_carries_its_nonce() {
        let nonce = Nonce::from_bytes([0; 24]);
        assert_eq!(
            text(&Csp::pages(), Some(&nonce)),
            "default-src 'none'; script-src 'nonce-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'; \
             style-src 'nonce-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'; img-src 'self'; font-src 'self'; \
             connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
    }

    #[test]
    fn a_page_without_a_nonce_runs_no_script() {
        assert!(text(&Csp::pages(), None).contains("script-src 'none'; style-src 'none';"));
    }

    #[test]
    fn hashes_are_standard_base64() {
        let csp = Csp::api().set(Directive::StyleSrc, [Source::Sha256([0xff; 32])]);
        assert!(
            text(&csp, None)
                .contains("style-src 'sha256-//////////////////////////////////////////8='")
        );
    }

    #[test]
    fn what_is_insecure_is_added_by_its_loud_name_only() {
        let csp = Csp::pages().with_insecure_source(Directive::ImgSrc, InsecureSource::Data);
        assert!(text(&csp, None).contains("img-src 'self' data:;"));
    }
}
