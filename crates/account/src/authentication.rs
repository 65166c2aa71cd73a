//! What tokens say of how their owner has proven who they are.
//!
//! An access token is sent with every request, so it says the rule in few bytes: `auth_time` always, `acr` and
//! `amr` where it was anything else than one factor, a password. Whoever demands more demands that they be
//! there. Flask-JWT-Extended's `fresh` says until when the proof is fresh; a token that was refreshed says
//! `false`, whenever that proof was. A refresh token says nothing of it: the session does.
//!
//! A token of the version before has none of the three. Nodes of that version read `fresh`, and skip the others.

use jwt::{Claims, Fresh};
use model::{Authentication, AuthenticationContext, Level, Methods, Timestamp};

/// Of a token that tells nothing of the time: long ago.
const UNKNOWN: Timestamp = Timestamp::from_seconds(0);

/// Says in `claims` how their owner has proven who they are.
pub(crate) fn said(claims: Claims, authentication: Authentication) -> Claims {
    let Authentication { methods, level, at } = authentication;
    let claims = claims.with_auth_time(at.as_seconds());
    if authentication == Authentication::by_password(at) {
        claims
    } else {
        claims.with_authentication(level.name(), methods.names())
    }
}

/// What `claims` say of it. What can't be read says the least.
pub(crate) fn read(claims: &Claims) -> AuthenticationContext {
    let level = claims.acr.as_deref().and_then(Level::named);
    let methods = match claims.amr.as_slice() {
        [] => Methods::PASSWORD,
        names => Methods::named(names.iter().map(String::as_str)),
    };
    let fresh_until = fresh_until(claims.fresh);
    let at = match (claims.auth_time, fresh_until) {
        (Some(seconds), _) => time(seconds),
        (None, Some(_)) if claims.fresh == Fresh::Yes => UNKNOWN,
        (None, Some(until)) => {
            let proven = until.minus(Authentication::FRESHNESS);
            // One of the Flask application may be fresh for longer. It was proven when it was issued, at the latest.
            claims.iat.map_or(proven, |issued| proven.min(time(issued)))
        }
        (None, None) => UNKNOWN,
    };
    AuthenticationContext {
        authentication: Authentication {
            methods,
            level: level.unwrap_or(Level::One),
            at,
        },
        fresh_until,
    }
}

/// `fresh` names the last second at which a token is fresh.
fn fresh_until(fresh: Fresh) -> Option<Timestamp> {
    match fresh {
        Fresh::No => None,
        Fresh::Yes => Some(Timestamp::from_millis(i64::MAX)), // for as long as it lives
        Fresh::Until(last) => Some(time(last.saturating_add(1))),
    }
}

fn time(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use model::Method;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn at(seconds: u64) -> Timestamp {
        time(NOW + seconds)
    }

    fn claims() -> Claims {
        Claims::access("u", "j", NOW, 900)
    }

    #[test]
    fn a_password_is_the_rule_and_takes_no_words() {
        let claims = said(claims(), Authentication::by_password(at(0)));
        assert_eq!((claims.auth_time, &claims.acr), (Some(NOW), &None));
        assert!(claims.amr.is_empty());
        let context = read(&claims);
        assert_eq!(context.authentication, Authentication::by_password(at(0)));
        assert_eq!(context.fresh_until, None);
    }

    #[test]
    fn anything_else_is_said_in_the_standard_words() {
        let proven = Authentication {
            methods: Methods::PASSWORD.with(Method::OneTimeCode),
            level: Level::Two,
            at: at(0),
        };
        let claims = said(claims(), proven);
        assert_eq!(claims.acr.as_deref(), Some("urn:portcullis:acr:2"));
        assert_eq!(claims.amr, ["pwd", "otp"]);
        assert_eq!(read(&claims).authentication, proven);
    }

    #[test]
    fn a_token_of_the_version_before_is_fresh_for_as_long_as_it_says() {
        let context = read(&claims().with_fresh(Fresh::Until(NOW + 600)));
        assert!(context.is_fresh(at(600)) && !context.is_fresh(at(601)));
        let stale = read(&claims());
        assert!(!stale.is_fresh(at(0)));
        assert_eq!(stale.authentication, Authentication::by_password(UNKNOWN));
        let flask = read(&claims().with_fresh(Fresh::Yes));
        assert!(flask.is_fresh(at(1_000_000)));
        let for_an_hour = read(&claims().with_fresh(Fresh::Until(NOW + 3600)));
        assert!(for_an_hour.is_fresh(at(0)) && for_an_hour.is_fresh(at(3600)));
        let endless = read(&claims().with_fresh(Fresh::Until(u64::MAX)));
        assert!(endless.is_fresh(at(1_000_000)));
    }

    #[test]
    fn what_cannot_be_read_says_the_least() {
        let mut claims = claims();
        claims.acr = Some("urn:another:acr:9".to_owned());
        claims.amr = vec!["face".to_owned()];
        let context = read(&claims);
        assert_eq!(context.level(), Level::One);
        assert_eq!(context.authentication.methods, Methods::default());
    }
}
