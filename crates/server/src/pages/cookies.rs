//! The cookies: which there are, how they are set and read.
//!
//! `__Host-` (RFC 6265bis §4.1.3.2) keeps other hosts of the site from setting them; it needs https.
//! They are sent to no script, with no request that another site makes in the background, and end
//! with the browser, save those by which it is known or remembered and by which a sign-up is confirmed.

use std::time::Duration;

use account::browser::COOKIE;
use account::{Deletion, DeviceToken, RememberedDevice, SignUpBrowser};
use csrf::{Credential, Credentials, SessionBinding};
use http::header::{COOKIE as COOKIE_HEADER, HeaderMap, HeaderValue};
use http::request::Parts;
use model::Timestamp;
use secret::{PlainToken, TokenPrefix};

/// The start of the id of a session of before the login.
pub(super) const PRE_SESSION: TokenPrefix = TokenPrefix("pcp_");

/// Sets and reads the cookies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies {
    https: bool,
}

/// One of the cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Leads to the session of someone who has signed in.
    Session,
    /// Binds the form tokens of someone who hasn't.
    PreSession,
    /// Tells that its owner has signed in with this browser before.
    Device,
    /// Stands for the second factor, where its owner wanted the browser remembered.
    Remembered,
    /// Tells that its owner has signed up with this browser, and not confirmed the address yet.
    SignUp,
    /// Tells the next page that somebody has just signed out.
    SignedOut,
    /// Tells the next page that somebody has deleted their account, or when it will be.
    Deleted,
}

/// How long a sign-up can be confirmed, in seconds.
const SIGN_UP_FOR: u32 = 24 * 60 * 60;

/// How long the next page may take, in seconds, that a cookie tells something.
const NEXT_PAGE_WITHIN: u32 = 60;

impl Kind {
    const fn name(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Session, true) => "__Host-portcullis",
            (Self::Session, false) => "portcullis",
            (Self::PreSession, true) => "__Host-portcullis-pre",
            (Self::PreSession, false) => "portcullis-pre",
            (Self::Device, true) => "__Host-portcullis-device",
            (Self::Device, false) => "portcullis-device",
            (Self::Remembered, true) => "__Host-portcullis-remembered",
            (Self::Remembered, false) => "portcullis-remembered",
            (Self::SignUp, true) => "__Host-portcullis-sign-up",
            (Self::SignUp, false) => "portcullis-sign-up",
            (Self::SignedOut, true) => "__Host-portcullis-signed-out",
            (Self::SignedOut, false) => "portcullis-signed-out",
            (Self::Deleted, true) => "__Host-portcullis-deleted",
            (Self::Deleted, false) => "portcullis-deleted",
        }
    }
}

impl Cookies {
    /// The cookies of pages that are served over https, or over http to this machine only.
    pub(super) const fn new(https: bool) -> Self {
        Self { https }
    }

    /// The value of a cookie, if it could be one of ours. Of two that differ neither is: which of them
    /// counts is anyone's guess.
    fn text(self, headers: &HeaderMap, kind: Kind) -> Option<&str> {
        let mut values = self.values(headers, kind);
        let value = values.next()?;
        if values.any(|other| other != value) {
            return None;
        }
        std::str::from_utf8(value).ok()
    }

    /// The id of the session that someone has signed in to.
    pub(super) fn session(self, headers: &HeaderMap) -> Option<PlainToken> {
        PlainToken::parse(COOKIE, self.text(headers, Kind::Session)?).ok()
    }

    /// The id of the session of before a login.
    pub(super) fn pre_session(self, headers: &HeaderMap) -> Option<PlainToken> {
        PlainToken::parse(PRE_SESSION, self.text(headers, Kind::PreSession)?).ok()
    }

    /// What tells that the browser is known.
    pub(super) fn device(self, headers: &HeaderMap) -> Option<DeviceToken> {
        DeviceToken::presented(self.text(headers, Kind::Device)?)
    }

    /// What stands for the second factor.
    pub(super) fn remembered(self, headers: &HeaderMap) -> Option<RememberedDevice> {
        RememberedDevice::presented(self.text(headers, Kind::Remembered)?)
    }

    /// What tells that this browser has signed up.
    pub(super) fn sign_up(self, headers: &HeaderMap) -> Option<SignUpBrowser> {
        SignUpBrowser::presented(self.text(headers, Kind::SignUp)?)
    }

    /// What has become of an account that was deleted with this browser.
    pub(super) fn deleted(self, headers: &HeaderMap) -> Option<Deletion> {
        match self.text(headers, Kind::Deleted)? {
            "1" => Some(Deletion::Done),
            time => Timestamp::parse(time).map(Deletion::Due).ok(),
        }
    }

    /// Whether a cookie was sent, whatever it holds.
    pub(super) fn has(self, headers: &HeaderMap, kind: Kind) -> bool {
        self.values(headers, kind).next().is_some()
    }

    /// The header that sets a cookie.
    pub(super) fn set(self, kind: Kind, value: &PlainToken) -> HeaderValue {
        let mut header = self.header(kind, value.expose(), "");
        header.set_sensitive(true);
        header
    }

    /// The header that sets the cookie by which a browser is known.
    pub(super) fn set_device(self, device: &DeviceToken) -> HeaderValue {
        let end = format!("; Max-Age={}", DeviceToken::LIFETIME.as_secs());
        let mut header = self.header(Kind::Device, device.expose(), &end);
        header.set_sensitive(true);
        header
    }

    /// The header that sets the cookie of a browser that is remembered for so long.
    pub(super) fn set_remembered(self, device: &RememberedDevice, time: Duration) -> HeaderValue {
        let end = format!("; Max-Age={}", time.as_secs());
        let mut header = self.header(Kind::Remembered, device.expose(), &end);
        header.set_sensitive(true);
        header
    }

    /// The header that sets the cookie of a browser that has signed up.
    pub(super) fn set_sign_up(self, browser: &SignUpBrowser) -> HeaderValue {
        let end = format!("; Max-Age={SIGN_UP_FOR}");
        let mut header = self.header(Kind::SignUp, browser.expose(), &end);
        header.set_sensitive(true);
        header
    }

    /// The header that has the next page say that somebody has signed out.
    pub(super) fn set_signed_out(self) -> HeaderValue {
        let end = format!("; Max-Age={NEXT_PAGE_WITHIN}");
        self.header(Kind::SignedOut, "1", &end)
    }

    /// The header that has the next page say what has become of an account.
    pub(super) fn set_deleted(self, deletion: Deletion) -> HeaderValue {
        let end = format!("; Max-Age={NEXT_PAGE_WITHIN}");
        match deletion {
            Deletion::Done => self.header(Kind::Deleted, "1", &end),
            Deletion::Due(time) => self.header(Kind::Deleted, &time.to_string(), &end),
        }
    }

    /// The header that takes a cookie away.
    pub(super) fn clear(self, kind: Kind) -> HeaderValue {
        self.header(kind, "", "; Max-Age=0")
    }

    fn header(self, kind: Kind, value: &str, end: &str) -> HeaderValue {
        let name = kind.name(self.https);
        let secure = if self.https { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/{secure}; HttpOnly; SameSite=Lax{end}");
        // Names and values are letters, digits, `-`, `_`, `:` and `.`: they always fit.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// The values under its name in the request's `Cookie` headers (RFC 6265 §5.4; HTTP/2 may split
    /// them).
    fn values(self, headers: &HeaderMap, kind: Kind) -> impl Iterator<Item = &[u8]> {
        let name = kind.name(self.https).as_bytes();
        let pairs = headers
            .get_all(COOKIE_HEADER)
            .into_iter()
            .flat_map(|header| header.as_bytes().split(|&byte| byte == b';'));
        pairs.filter_map(move |pair| pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"="))
    }
}

impl Credentials for Cookies {
    /// The session of a request is that of its cookie; before a login, the one of before the login.
    /// Whatever else it carries, such as a bearer token, is none.
    fn credential(&self, request: &Parts) -> Credential {
        self.session(&request.headers)
            .or_else(|| self.pre_session(&request.headers))
            .map_or(Credential::Anonymous, |cookie| {
                Credential::Session(binding(&cookie))
            })
    }
}

/// What the form tokens of a session are bound to.
pub(super) fn binding(cookie: &PlainToken) -> SessionBinding {
    SessionBinding::new(cookie.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE_HEADER, HeaderValue::from_str(cookie).unwrap());
        }
        headers
    }

    fn token(fill: u8) -> PlainToken {
        PlainToken::from_bytes(COOKIE, [fill; 32])
    }

    fn read(cookies: &[&str]) -> Option<String> {
        let found = Cookies::new(false).session(&headers(cookies));
        found.map(|token| token.expose().to_owned())
    }

    #[test]
    fn they_are_host_bound_and_secure_exactly_over_https() {
        let (https, http) = (Cookies::new(true), Cookies::new(false));
        let value = token(7);
        assert_eq!(
            https.set(Kind::Session, &value),
            format!(
                "__Host-portcullis={}; Path=/; Secure; HttpOnly; SameSite=Lax",
                value.expose()
            )
        );
        assert_eq!(
            http.set(Kind::Session, &value),
            format!(
                "portcullis={}; Path=/; HttpOnly; SameSite=Lax",
                value.expose()
            )
        );
        assert_eq!(
            https.clear(Kind::PreSession),
            "__Host-portcullis-pre=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"
        );
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let (one, other) = (token(1), token(2));
        let expected = Some(one.expose().to_owned());
        let sent = format!("portcullis={}", one.expose());
        assert_eq!(read(&[&sent]), expected);
        assert_eq!(read(&[&format!("a=b; {sent} ;c")]), expected);
        assert_eq!(read(&["a=b", &sent]), expected);
        assert_eq!(read(&[&sent, &sent]), expected);
        let two = format!("{sent}; portcullis={}", other.expose());
        assert_eq!(read(&[&two]), None, "which of them counts?");
    }

    #[test]
    fn anything_else_is_no_cookie_of_ours() {
        let value = token(1);
        let value = value.expose();
        for sent in [
            String::new(),
            "portcullis=".to_owned(),
            format!("portcullis2={value}"),
            format!("Portcullis={value}"),
            format!("__Host-portcullis={value}"),
            format!("portcullis=\"{value}\""),
            format!("portcullis={value}x"),
            format!("portcullis={}", value.replace("pcb_", "pcp_")),
            format!("portcullis={}", "x".repeat(8000)),
        ] {
            assert_eq!(read(&[&sent]), None, "{sent}");
        }
    }

    #[test]
    fn a_bearer_token_is_no_credential_and_a_session_comes_before_one_of_before_the_login() {
        let cookies = Cookies::new(false);
        let credential = |name, value: String| {
            let request = http::Request::builder().header(name, value);
            cookies.credential(&request.body(()).unwrap().into_parts().0)
        };
        let bearer = credential("authorization", "Bearer t".to_owned());
        assert!(matches!(bearer, Credential::Anonymous));
        let pre = PlainToken::from_bytes(PRE_SESSION, [3; 32]);
        let pre = format!("portcullis-pre={}", pre.expose());
        assert!(matches!(credential("cookie", pre), Credential::Session(_)));
    }
}
