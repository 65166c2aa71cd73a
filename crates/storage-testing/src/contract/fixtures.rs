//! Accounts, sessions and times that the promises are shown with.

use std::sync::Arc;
use std::time::Duration;

use model::{
    Authentication, ClientInfo, EmailAddress, Generation, Session, SessionId, Timestamp, TokenId,
    TokenPair, User, UserId, Username,
};
use password::PasswordHash;
use storage::{LoginName, Moment, NewUser, PasswordChange, Rotated, Rotation, SpentToken, Storage};
use tokio::task::JoinSet;

/// When the promises begin: seconds since the Unix epoch.
pub(super) const START: i64 = 1_800_000_000;

/// How long a refresh token may be repeated.
pub(super) const GRACE: Duration = Duration::from_secs(10);

/// How long a refresh token lives, in seconds.
pub(super) const REFRESH_LIFETIME: u64 = 30 * 86_400;

/// How long a session lives however much it is used.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_secs(90 * 86_400);

/// Sessions of one account.
pub(super) const LIMIT: u32 = 100;

/// So many seconds after [`START`].
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

/// That time, with a feed that remembers for 20 minutes.
pub(super) fn moment(seconds: i64) -> Moment {
    Moment {
        now: at(seconds),
        feed_until: at(seconds + 1200),
    }
}

pub(super) fn id(name: &str) -> UserId {
    UserId::parse(format!("id-of-{name}")).unwrap()
}

pub(super) fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

pub(super) fn email(address: &str) -> EmailAddress {
    EmailAddress::parse(address).unwrap()
}

/// A well-formed hash of its own for each short alphanumeric `password`.
pub(super) fn hash(password: &str) -> PasswordHash {
    hash_costing(8, password)
}

/// The same with that many KiB of memory; its kind is [`kind_costing`].
pub(super) fn hash_costing(kib: u32, password: &str) -> PasswordHash {
    // 43 characters of Base64 are 32 bytes when the last one carries two bits of zeros.
    let parameters = format!("m={kib},t=1,p=1");
    PasswordHash::from(format!(
        "$argon2id$v=19${parameters}$c2FsdHNhbHRzYWx0c2FsdA${password:A<43}"
    ))
}

/// The kind of such a hash.
pub(super) fn kind_costing(kib: u32) -> String {
    format!("argon2id:{kib}:1:1")
}

/// An account named `name`, with the address `name@example.org` and the password `old`.
pub(super) fn new_user(name: &str) -> NewUser {
    NewUser {
        id: id(name),
        username: username(name),
        email: email(&format!("{name}@example.org")),
        email_verified: false,
        hash: hash("old"),
        now: at(0),
    }
}

/// Makes that account.
pub(super) async fn account(store: &Arc<dyn Storage>, name: &str) -> User {
    store.create_user(new_user(name)).await.unwrap()
}

/// The account as it is stored now.
pub(super) async fn stored(store: &Arc<dyn Storage>, name: &str) -> User {
    store.user(&id(name)).await.unwrap().unwrap()
}

/// The hash as it is stored now.
pub(super) async fn stored_hash(store: &Arc<dyn Storage>, name: &str) -> String {
    store
        .credentials(&id(name))
        .await
        .unwrap()
        .unwrap()
        .hash
        .expose()
        .to_owned()
}

pub(super) fn typed(exact: &str, name_of: Option<&str>, address_of: Option<&str>) -> LoginName {
    LoginName {
        exact: exact.to_owned(),
        username_key: name_of.map(|name| username(name).key().as_str().to_owned()),
        email_key: address_of.map(|name| email(&format!("{name}@example.org")).key()),
    }
}

/// The `number`th session identifier.
pub(super) fn session_id(number: u32) -> SessionId {
    SessionId::parse(&format!("01890000-0000-7000-8000-{number:012x}")).unwrap()
}

pub(super) fn token(name: &str) -> TokenId {
    TokenId::from_stored(format!("token-{name}"))
}

/// The token `token(name)`, spent, and to be remembered until so many seconds after [`START`].
pub(super) fn spent(name: &str, seconds: i64) -> SpentToken {
    SpentToken {
        id: token(name),
        until: at(seconds),
    }
}

/// A pair of tokens whose refresh token is `token(name)`, issued so many seconds after [`START`].
pub(super) fn pair(name: &str, seconds: i64) -> TokenPair {
    let issued_at = at(seconds).as_seconds();
    TokenPair {
        access: token(&format!("{name}-access")),
        refresh: token(name),
        access_csrf: format!("{name}-access-csrf"),
        refresh_csrf: format!("{name}-refresh-csrf"),
        issued_at,
        access_issued_at: issued_at,
        access_expires: issued_at + 900,
        refresh_expires: issued_at + REFRESH_LIFETIME,
        fresh_until: Some(issued_at + 600),
    }
}

/// The `number`th session of `owner`, opened so many seconds after [`START`] with the refresh token
/// `first`.
pub(super) fn session(owner: &str, number: u32, seconds: i64) -> Session {
    Session {
        id: session_id(number),
        user: id(owner),
        generation: Generation::default(),
        authentication: Authentication::by_password(at(seconds)),
        created_at: at(seconds),
        last_used_at: at(seconds),
        expires_at: at(seconds).plus(SESSION_LIFETIME),
        client: ClientInfo {
            address: "192.0.2.1".to_owned(),
            agent: "test/1".to_owned(),
        },
        pair: pair("first", seconds),
        previous: None,
        rotated_at: at(seconds),
        handing: None,
        browser: None,
    }
}

/// Opens that session.
pub(super) async fn opened(
    store: &Arc<dyn Storage>,
    owner: &str,
    number: u32,
    seconds: i64,
) -> Session {
    let session = session(owner, number, seconds);
    store
        .open_session(session.clone(), LIMIT, moment(seconds))
        .await
        .unwrap();
    session
}

/// Whether the session is stored now.
pub(super) async fn exists(store: &Arc<dyn Storage>, number: u32) -> bool {
    store.session(session_id(number)).await.unwrap().is_some()
}

/// A use of `presented` for the first session of `owner`, with a pair named `successor`.
pub(super) fn rotation(owner: &str, presented: &str, successor: &str, seconds: i64) -> Rotation {
    Rotation {
        user: id(owner),
        session: session_id(1),
        presented: token(presented),
        successor: pair(successor, seconds),
        grace: GRACE,
        client: ClientInfo {
            address: "198.51.100.7".to_owned(),
            agent: "test/2".to_owned(),
        },
    }
}

/// Uses `presented` for the first session of alice.
pub(super) async fn rotated(
    store: &Arc<dyn Storage>,
    presented: &str,
    successor: &str,
    seconds: i64,
) -> Rotated {
    let rotation = rotation("alice", presented, successor, seconds);
    store.rotate(rotation, moment(seconds)).await.unwrap()
}

/// The session that was renewed.
pub(super) fn renewed(rotated: Rotated) -> Session {
    match rotated {
        Rotated::Renewed(session) => session,
        other => panic!("not renewed: {other:?}"),
    }
}

/// A change of a password that was verified at `generation`.
pub(super) fn change(
    owner: &str,
    generation: u64,
    password: &str,
    keep: Option<SessionId>,
) -> PasswordChange {
    PasswordChange {
        user: id(owner),
        at: Generation(generation),
        hash: hash(password),
        keep,
        proven: None,
    }
}

/// Runs `count` calls at once and gives what they answered.
pub(super) async fn at_once<T, F>(count: u32, call: impl Fn(u32) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    (0..count)
        .map(call)
        .collect::<JoinSet<_>>()
        .join_all()
        .await
}
