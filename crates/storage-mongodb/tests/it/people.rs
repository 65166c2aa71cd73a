//! Accounts, sessions and times.

use std::time::Duration;

use model::{
    Authentication, ClientInfo, EmailAddress, Generation, Session, SessionId, Timestamp, TokenId,
    TokenPair, UserId, Username,
};
use password::PasswordHash;
use storage::{FeedEntry, FeedRow, LoginName, Moment, NewUser};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(crate) const HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$oldAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) fn moment() -> Moment {
    Moment {
        now: NOW,
        feed_until: NOW.plus(Duration::from_secs(1200)),
    }
}

pub(crate) fn id(text: &str) -> UserId {
    UserId::parse(text).unwrap()
}

pub(crate) fn new_user(name: &str) -> NewUser {
    NewUser {
        id: id(&format!("id-of-{name}")),
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(&format!("{name}@example.org")).unwrap(),
        email_verified: false,
        hash: PasswordHash::from(HASH),
        now: NOW,
    }
}

/// What someone typed, in each form that it can mean.
pub(crate) fn typed(text: &str) -> LoginName {
    LoginName {
        exact: text.to_owned(),
        username_key: model::UsernameKey::of_login(text).map(|key| key.as_str().to_owned()),
        email_key: EmailAddress::parse(text).ok().map(|email| email.key()),
    }
}

pub(crate) fn session_id(number: u32) -> SessionId {
    SessionId::parse(&format!("01890000-0000-7000-8000-{number:012x}")).unwrap()
}

pub(crate) fn session(owner: &UserId, number: u32) -> Session {
    let issued_at = NOW.as_seconds();
    Session {
        id: session_id(number),
        user: owner.clone(),
        generation: Generation(0),
        authentication: Authentication::by_password(NOW),
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(86_400)),
        client: ClientInfo::default(),
        pair: TokenPair {
            access: TokenId::from_stored("a"),
            refresh: TokenId::from_stored("r"),
            access_csrf: "ac".to_owned(),
            refresh_csrf: "rc".to_owned(),
            issued_at,
            access_issued_at: issued_at,
            access_expires: issued_at + 900,
            refresh_expires: issued_at + 86_400,
            fresh_until: None,
        },
        previous: None,
        rotated_at: NOW,
        handing: None,
        browser: None,
    }
}

/// The entry of a token, and the row that holds it.
pub(crate) fn token(name: &str) -> FeedEntry {
    FeedEntry::Token(TokenId::from_stored(name))
}

pub(crate) fn row(name: &str) -> FeedRow {
    FeedRow {
        entry: token(name),
        until: moment().feed_until,
    }
}
