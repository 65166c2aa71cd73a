//! Where content may come from.

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Nonce;

/// A source that keeps a policy's promise (CSP 3 §2.3.1).
///
/// `'unsafe-inline'`, `'unsafe-eval'`, `*`, `data:` and their like aren't among them: they are
/// [`InsecureSource`], and enter a policy by one method only.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// `'self'`: the page's own origin.
    SameOrigin,
    /// `'nonce-…'`: elements with this response's [`Nonce`]. In a response without one it stands
    /// for nothing.
    Nonce,
    /// `'strict-dynamic'`: what a script with a nonce loads itself.
    StrictDynamic,
    /// `'sha256-…'`: an inline element whose content has this SHA-256.
    Sha256([u8; 32]),
    /// One host, over https or wss.
    Host(HostSource),
}

/// A source that takes back part of what a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InsecureSource {
    /// `'unsafe-inline'`: markup that was slipped into a page runs.
    UnsafeInline,
    /// `'unsafe-eval'`: text becomes code.
    UnsafeEval,
    /// `'wasm-unsafe-eval'`: WebAssembly is compiled.
    WasmUnsafeEval,
    /// `'unsafe-hashes'`: event handlers whose hash is named run.
    UnsafeHashes,
    /// `data:`: the content is in the URL, so whoever writes a URL writes the content.
    Data,
    /// `blob:`.
    Blob,
    /// `https:`: any host.
    AnyHttpsHost,
    /// `*`: any host by any network scheme.
    AnyHost,
}

impl InsecureSource {
    const fn text(self) -> &'static str {
        match self {
            Self::UnsafeInline => "'unsafe-inline'",
            Self::UnsafeEval => "'unsafe-eval'",
            Self::WasmUnsafeEval => "'wasm-unsafe-eval'",
            Self::UnsafeHashes => "'unsafe-hashes'",
            Self::Data => "data:",
            Self::Blob => "blob:",
            Self::AnyHttpsHost => "https:",
            Self::AnyHost => "*",
        }
    }
}

/// A host that content may come from: `https://cdn.example`, `wss://live.example:8443`,
/// `https://*.cdn.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostSource(Box<str>);

/// The text is not a host source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no https:// or wss:// host, such as https://cdn.example or https://*.cdn.example:8443"
)]
pub struct InvalidHostSource(String);

impl HostSource {
    /// Reads `text`: `https://` or `wss://`, a host name in ASCII whose first label may be `*`, and
    /// a port if need be. No path: redirects would get around it (CSP 3 §4.1.2).
    ///
    /// # Errors
    /// [`InvalidHostSource`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidHostSource> {
        let invalid = || InvalidHostSource(text.to_owned());
        let authority = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("wss://"))
            .ok_or_else(invalid)?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let host_is_valid = host
            .strip_prefix("*.")
            .unwrap_or(host)
            .split('.')
            .all(is_label);
        let port_is_valid = port.is_none_or(|port| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
        });
        if host_is_valid && port_is_valid {
            Ok(Self(text.into()))
        } else {
            Err(invalid())
        }
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// What a directive lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Source(Source),
    Insecure(InsecureSource),
}

impl Entry {
    /// Appends the entry, after a blank; without a nonce [`Source::Nonce`] appends nothing.
    pub(super) fn write(&self, out: &mut String, nonce: Option<&Nonce>) -> fmt::Result {
        match self {
            Self::Source(Source::SameOrigin) => out.write_str(" 'self'"),
            Self::Source(Source::Nonce) => match nonce {
                Some(nonce) => write!(out, " 'nonce-{nonce}'"),
                None => Ok(()),
            },
            Self::Source(Source::StrictDynamic) => out.write_str(" 'strict-dynamic'"),
            Self::Source(Source::Sha256(digest)) => {
                write!(out, " 'sha256-{}'", STANDARD.encode(digest))
            }
            Self::Source(Source::Host(host)) => write!(out, " {}", host.0),
            Self::Insecure(source) => write!(out, " {}", source.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read() {
        for good in [
            "https://cdn.example",
            "https://*.cdn.example:8443",
            "wss://live.example",
        ] {
            assert!(HostSource::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn what_could_widen_or_split_the_policy_is_no_host() {
        for bad in [
            "",
            "*",
            "https:",
            "https://",
            "https://*",
            "https://a.*.example",
            "http://cdn.example",
            "data:",
            "'unsafe-inline'",
            "https://a.example; script-src *",
            "https://a.example *",
            "https://a.example,b",
            "https://a.example/path",
            "https://a.example:",
            "https://a.example:x",
            "https://a.example:99999",
            "https://ä.example",
            "https://a.example\r\nX: y",
        ] {
            assert!(HostSource::parse(bad).is_err(), "{bad}");
        }
    }
}
