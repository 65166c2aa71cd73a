//! What a request gets its authority from.

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use http::request::Parts;

use crate::SessionBinding;

/// What gives a request its authority: something that a browser attaches by itself, or something
/// that only its sender could attach.
#[derive(Clone, Copy, Debug)]
pub enum Credential {
    /// Only what a script of the caller put there, such as a bearer token; or this route ignores
    /// cookies. No other site can forge such a request, so it needs no defence.
    Explicit,
    /// A cookie that leads to this session. If the request changes something, both defences must
    /// agree to it.
    Session(SessionBinding),
    /// Neither. If the request changes something it is refused: there is no session that a form
    /// token could be bound to. Forms are served with at least a session of before the login, else
    /// another site could log a visitor in to an account of its own.
    Anonymous,
}

/// Tells what a request gets its authority from. A function of the request's head will do, and so
/// will [`SessionCookie`].
///
/// It is asked on every request that changes something, and by a handler that renders a token.
pub trait Credentials: Send + Sync {
    /// The credential that `request` carries.
    fn credential(&self, request: &Parts) -> Credential;
}

impl<F> Credentials for F
where
    F: Fn(&Parts) -> Credential + Send + Sync,
{
    fn credential(&self, request: &Parts) -> Credential {
        self(request)
    }
}

/// A session cookie whose value is the session: a request that carries it rides on it; one without
/// it that has an `Authorization: Bearer` carries only that.
///
/// The cookie's value must be unguessable, and replaced when somebody signs in.
#[derive(Clone, Debug)]
pub struct SessionCookie(Box<str>);

impl SessionCookie {
    /// The cookie of this name. `__Host-` in front keeps other hosts of the site from setting it.
    pub fn named(name: impl Into<Box<str>>) -> Self {
        Self(name.into())
    }

    /// Its values in the request's `Cookie` headers (RFC 6265 §5.4; HTTP/2 may split them).
    fn values<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = &'a [u8]> {
        let pairs = headers
            .get_all(COOKIE)
            .into_iter()
            .flat_map(|header| header.as_bytes().split(|&byte| byte == b';'));
        pairs.filter_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(self.0.as_bytes())?;
            value.strip_prefix(b"=")
        })
    }
}

impl Credentials for SessionCookie {
    fn credential(&self, request: &Parts) -> Credential {
        let mut values = self.values(&request.headers);
        match values.next() {
            None if has_bearer_token(&request.headers) => Credential::Explicit,
            Some(value) if !value.is_empty() && values.all(|other| other == value) => {
                Credential::Session(SessionBinding::new(value))
            }
            // None; or an empty one; or two that differ, and which is the session is anyone's guess.
            None | Some(_) => Credential::Anonymous,
        }
    }
}

/// `Bearer` only: browsers attach `Basic` and `Negotiate` by themselves.
fn has_bearer_token(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| {
        let scheme = value.as_bytes().split(|&byte| byte == b' ').next();
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn kind(headers: &[(&str, &str)]) -> &'static str {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        match SessionCookie::named("sid").credential(&parts) {
            Credential::Explicit => "explicit",
            Credential::Session(_) => "session",
            Credential::Anonymous => "anonymous",
        }
    }

    #[test]
    fn the_session_cookie_makes_a_request_ride_on_it() {
        assert_eq!(kind(&[("cookie", "sid=a")]), "session");
        assert_eq!(kind(&[("cookie", "x=y; sid=a;z")]), "session");
        assert_eq!(kind(&[("cookie", "x=y"), ("cookie", "sid=a")]), "session");
        assert_eq!(kind(&[("cookie", "sid=a; sid=a")]), "session");
        let with_bearer = [("cookie", "sid=a"), ("authorization", "Bearer t")];
        assert_eq!(kind(&with_bearer), "session");
    }

    #[test]
    fn a_bearer_token_alone_is_explicit() {
        assert_eq!(kind(&[("authorization", "Bearer t")]), "explicit");
        let other_cookie = [("cookie", "x=y; sid2=a"), ("authorization", "bearer t")];
        assert_eq!(kind(&other_cookie), "explicit");
    }

    #[test]
    fn whatever_is_in_doubt_is_anonymous() {
        assert_eq!(kind(&[]), "anonymous");
        assert_eq!(kind(&[("cookie", "sid=")]), "anonymous");
        assert_eq!(kind(&[("cookie", "sid=a; sid=b")]), "anonymous");
        assert_eq!(kind(&[("authorization", "Basic dTpw")]), "anonymous");
        let empty_and_bearer = [("cookie", "sid="), ("authorization", "Bearer t")];
        assert_eq!(kind(&empty_and_bearer), "anonymous");
    }
}
