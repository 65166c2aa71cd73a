//! A session as a row holds it.

use model::{
    Authentication, BrowserCookie, ClientInfo, Generation, Level, Methods, Session, SessionId,
    TokenId, TokenPair,
};
use rusqlite::{Connection, named_params};
use secret::HashedToken;
use storage::Error;

use crate::query::{Columns, execute, integer};

/// A statement that gives whole sessions.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, user, generation, created_at, last_used_at, expires_at, address, agent,
                    access_jti, refresh_jti, access_csrf, refresh_csrf, issued_at, access_expires,
                    refresh_expires, fresh_until, previous_jti, rotated_at, cookie, handing, access_issued_at,
                    methods, level, authenticated_at, cookie_methods, cookie_level,
                    cookie_authenticated_at
             FROM sessions ",
            $rest
        )
    };
}

pub(super) use select;

/// Gives a session its cookie, in place of `old`.
pub(super) fn replace_cookie(
    connection: &Connection,
    id: SessionId,
    old: HashedToken,
    new: &BrowserCookie,
) -> Result<bool, Error> {
    let proven = new.authentication;
    let changed = execute(
        connection,
        "UPDATE sessions SET cookie = :new, cookie_methods = :methods, cookie_level = :level,
             cookie_authenticated_at = :at
         WHERE id = :id AND cookie = :old",
        named_params! {
            ":id": id.to_string(),
            ":old": old.as_bytes(),
            ":new": new.hash.as_bytes(),
            ":methods": names(proven.methods),
            ":level": proven.level.number(),
            ":at": proven.at.as_millis(),
        },
    )?;
    Ok(changed > 0)
}

/// Nothing is kept for an account that has gone meanwhile: tokens of it are refused in any case.
pub(super) fn insert(connection: &Connection, session: &Session) -> Result<(), Error> {
    let pair = &session.pair;
    let proven = session.browser.map(|cookie| cookie.authentication);
    execute(
        connection,
        "INSERT INTO sessions (id, user, generation, created_at, last_used_at, expires_at, over_at,
             address, agent, access_jti, refresh_jti, access_csrf, refresh_csrf, issued_at,
             access_expires, refresh_expires, fresh_until, previous_jti, rotated_at, cookie,
             handing, access_issued_at, methods, level, authenticated_at, cookie_methods,
             cookie_level, cookie_authenticated_at)
         SELECT :id, id, :generation, :created_at, :last_used_at, :expires_at, :over_at,
             :address, :agent, :access_jti, :refresh_jti, :access_csrf, :refresh_csrf, :issued_at,
             :access_expires, :refresh_expires, :fresh_until, :previous_jti, :rotated_at, :cookie,
             :handing, :access_issued_at, :methods, :level, :authenticated_at, :cookie_methods,
             :cookie_level, :cookie_authenticated_at
         FROM users WHERE id = :user",
        named_params! {
            ":id": session.id.to_string(),
            ":user": session.user.as_str(),
            ":generation": integer(session.generation.0),
            ":created_at": session.created_at.as_millis(),
            ":last_used_at": session.last_used_at.as_millis(),
            ":expires_at": session.expires_at.as_millis(),
            ":over_at": over_at(session),
            ":address": session.client.address,
            ":agent": session.client.agent,
            ":access_jti": pair.access.as_str(),
            ":refresh_jti": pair.refresh.as_str(),
            ":access_csrf": pair.access_csrf,
            ":refresh_csrf": pair.refresh_csrf,
            ":issued_at": integer(pair.issued_at),
            ":access_expires": integer(pair.access_expires),
            ":refresh_expires": integer(pair.refresh_expires),
            ":fresh_until": pair.fresh_until.map(integer),
            ":previous_jti": session.previous.as_ref().map(TokenId::as_str),
            ":rotated_at": session.rotated_at.as_millis(),
            ":cookie": session.browser.as_ref().map(|cookie| cookie.hash.as_bytes()),
            ":handing": session.handing.as_ref().map(TokenId::as_str),
            ":access_issued_at": integer(pair.access_issued_at),
            ":methods": names(session.authentication.methods),
            ":level": session.authentication.level.number(),
            ":authenticated_at": session.authentication.at.as_millis(),
            ":cookie_methods": proven.map(|proven| names(proven.methods)),
            ":cookie_level": proven.map(|proven| proven.level.number()),
            ":cookie_authenticated_at": proven.map(|proven| proven.at.as_millis()),
        },
    )
    .map(drop)
}

/// Writes what a rotation changes.
pub(super) fn renew(connection: &Connection, session: &Session) -> Result<(), Error> {
    let pair = &session.pair;
    execute(
        connection,
        "UPDATE sessions SET last_used_at = :last_used_at, over_at = :over_at, address = :address,
             agent = :agent, access_jti = :access_jti, refresh_jti = :refresh_jti,
             access_csrf = :access_csrf, refresh_csrf = :refresh_csrf, issued_at = :issued_at,
             access_expires = :access_expires, refresh_expires = :refresh_expires,
             fresh_until = :fresh_until, previous_jti = :previous_jti, rotated_at = :rotated_at,
             handing = :handing, access_issued_at = :access_issued_at
         WHERE id = :id",
        named_params! {
            ":id": session.id.to_string(),
            ":last_used_at": session.last_used_at.as_millis(),
            ":over_at": over_at(session),
            ":address": session.client.address,
            ":agent": session.client.agent,
            ":access_jti": pair.access.as_str(),
            ":refresh_jti": pair.refresh.as_str(),
            ":access_csrf": pair.access_csrf,
            ":refresh_csrf": pair.refresh_csrf,
            ":issued_at": integer(pair.issued_at),
            ":access_expires": integer(pair.access_expires),
            ":refresh_expires": integer(pair.refresh_expires),
            ":fresh_until": pair.fresh_until.map(integer),
            ":previous_jti": session.previous.as_ref().map(TokenId::as_str),
            ":rotated_at": session.rotated_at.as_millis(),
            ":handing": session.handing.as_ref().map(TokenId::as_str),
            ":access_issued_at": integer(pair.access_issued_at),
        },
    )
    .map(drop)
}

/// The names of methods, with blanks between them.
fn names(methods: Methods) -> String {
    methods.names().collect::<Vec<_>>().join(" ")
}

/// From when on [`Session::is_over`], in milliseconds.
fn over_at(session: &Session) -> i64 {
    let refresh = integer(session.pair.refresh_expires).saturating_mul(1000);
    refresh.min(session.expires_at.as_millis())
}

pub(super) fn read(columns: &Columns<'_>) -> Result<Session, Error> {
    let token = |column| columns.get::<String>(column).map(TokenId::from_stored);
    let fresh_until: Option<i64> = columns.get("fresh_until")?;
    let previous: Option<String> = columns.get("previous_jti")?;
    let handing: Option<String> = columns.get("handing")?;
    Ok(Session {
        id: columns.session_id("id")?,
        user: columns.user_id("user")?,
        generation: Generation(columns.unsigned("generation")?),
        authentication: authentication(columns, ["methods", "level", "authenticated_at"])?,
        created_at: columns.time("created_at")?,
        last_used_at: columns.time("last_used_at")?,
        expires_at: columns.time("expires_at")?,
        client: ClientInfo {
            address: columns.get("address")?,
            agent: columns.get("agent")?,
        },
        pair: TokenPair {
            access: token("access_jti")?,
            refresh: token("refresh_jti")?,
            access_csrf: columns.get("access_csrf")?,
            refresh_csrf: columns.get("refresh_csrf")?,
            issued_at: columns.unsigned("issued_at")?,
            access_issued_at: columns.unsigned("access_issued_at")?,
            access_expires: columns.unsigned("access_expires")?,
            refresh_expires: columns.unsigned("refresh_expires")?,
            fresh_until: fresh_until
                .map(|_| columns.unsigned("fresh_until"))
                .transpose()?,
        },
        previous: previous.map(TokenId::from_stored),
        rotated_at: columns.time("rotated_at")?,
        handing: handing.map(TokenId::from_stored),
        browser: cookie(columns)?,
    })
}

fn cookie(columns: &Columns<'_>) -> Result<Option<BrowserCookie>, Error> {
    let hash: Option<[u8; 32]> = columns.get("cookie")?;
    hash.map(|hash| {
        Ok(BrowserCookie {
            hash: HashedToken::from_bytes(hash),
            authentication: authentication(
                columns,
                ["cookie_methods", "cookie_level", "cookie_authenticated_at"],
            )?,
        })
    })
    .transpose()
}

fn authentication(
    columns: &Columns<'_>,
    [methods, level, at]: [&str; 3],
) -> Result<Authentication, Error> {
    Ok(Authentication {
        methods: Methods::named(columns.get::<String>(methods)?.split(' ')),
        level: Level::numbered(columns.unsigned(level)?)
            .ok_or_else(|| columns.unreadable(level))?,
        at: columns.time(at)?,
    })
}
