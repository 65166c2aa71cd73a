//! A session as a document holds it.

use model::{
    Authentication, BrowserCookie, ClientInfo, Generation, Level, Methods, Session, TokenId,
    TokenPair, UserId,
};
use mongodb::bson::{Bson, Document, doc};
use secret::HashedToken;
use storage::Error;

use crate::document::{Fields, date, hex, integer, unhex};

/// `filter`, for sessions that have not ended (`end.rs`).
pub(crate) fn lasting(mut filter: Document) -> Document {
    filter.insert("ended", doc! { "$exists": false });
    filter
}

/// The session as a document.
pub(crate) fn to_document(session: &Session) -> Document {
    let pair = &session.pair;
    let mut document = doc! {
        "_id": session.id.to_string(),
        "user": session.user.as_str(),
        "generation": integer(session.generation.0),
        "authentication": authentication(&session.authentication),
        "created_at": date(session.created_at),
        "last_used_at": date(session.last_used_at),
        "expires_at": date(session.expires_at),
        "over_at": date(over_at(session)),
        "address": &session.client.address,
        "agent": &session.client.agent,
        "pair": {
            "access": pair.access.as_str(),
            "refresh": pair.refresh.as_str(),
            "access_csrf": &pair.access_csrf,
            "refresh_csrf": &pair.refresh_csrf,
            "issued_at": integer(pair.issued_at),
            "access_issued_at": integer(pair.access_issued_at),
            "access_expires": integer(pair.access_expires),
            "refresh_expires": integer(pair.refresh_expires),
            "fresh_until": pair.fresh_until.map(integer),
        },
        "previous": session.previous.as_ref().map(TokenId::as_str),
        "rotated_at": date(session.rotated_at),
        "handing": session.handing.as_ref().map(TokenId::as_str),
    };
    // Missing, not null, where there is none: the index on it is sparse.
    if let Some(browser) = &session.browser {
        document.insert("browser", cookie(browser));
    }
    document
}

/// What a session has of its access token, as fields of its document.
pub(crate) fn access_token(pair: &TokenPair) -> Document {
    doc! {
        "pair.access": pair.access.as_str(),
        "pair.access_csrf": &pair.access_csrf,
        "pair.access_issued_at": integer(pair.access_issued_at),
        "pair.access_expires": integer(pair.access_expires),
        "pair.fresh_until": pair.fresh_until.map(integer),
    }
}

/// A cookie as a document. Nodes of the version before read until when it is fresh, and nothing else of
/// how its owner has proven who they are.
pub(crate) fn cookie(cookie: &BrowserCookie) -> Document {
    doc! {
        "hash": hex(cookie.hash.as_bytes()),
        "fresh_until": date(cookie.authentication.fresh_until()),
        "authentication": authentication(&cookie.authentication),
    }
}

fn authentication(authentication: &Authentication) -> Document {
    let methods = authentication.methods.names().map(Bson::from);
    doc! {
        "methods": methods.collect::<Vec<_>>(),
        "level": i32::from(authentication.level.number()),
        "at": date(authentication.at),
    }
}

/// How somebody has proven who they are; nothing where a node of the version before wrote.
fn read_authentication(fields: &Fields<'_>) -> Result<Option<Authentication>, Error> {
    if fields.get("authentication").is_none() {
        return Ok(None);
    }
    let fields = fields.inner("authentication")?;
    let level = Level::numbered(fields.unsigned("level")?);
    Ok(Some(Authentication {
        methods: Methods::named(fields.texts("methods")?),
        level: level.ok_or_else(|| fields.unreadable("level"))?,
        at: fields.time("at")?,
    }))
}

fn read_cookie(fields: &Fields<'_>) -> Result<Option<BrowserCookie>, Error> {
    fields
        .get("browser")
        .map(|_| {
            let browser = fields.inner("browser")?;
            let hash = unhex(browser.text("hash")?).ok_or_else(|| browser.unreadable("hash"))?;
            let fresh_until = browser.time("fresh_until")?;
            let authentication = read_authentication(&browser)?;
            Ok(BrowserCookie {
                hash: HashedToken::from_bytes(hash),
                authentication: authentication
                    .unwrap_or_else(|| Authentication::by_password_fresh_until(fresh_until)),
            })
        })
        .transpose()
}

/// From when on [`Session::is_over`].
fn over_at(session: &Session) -> model::Timestamp {
    let refresh = model::Timestamp::from_seconds(integer(session.pair.refresh_expires));
    refresh.min(session.expires_at)
}

/// The session that a document holds.
pub(crate) fn read(fields: &Fields<'_>) -> Result<Session, Error> {
    let pair = fields.inner("pair")?;
    let token = |field| pair.text(field).map(TokenId::from_stored);
    let user = UserId::parse(fields.text("user")?).map_err(|_| fields.unreadable("user"))?;
    let previous = fields.optional_text("previous")?;
    // Neither is there where a node of the version before wrote.
    let handing = fields.optional_text("handing")?;
    let issued_at = pair.unsigned("issued_at")?;
    let access_issued_at = pair.optional_unsigned("access_issued_at")?;
    let created_at = fields.time("created_at")?;
    let authentication = read_authentication(fields)?;
    Ok(Session {
        id: fields.session_id("_id")?,
        user,
        generation: Generation(fields.unsigned("generation")?),
        authentication: authentication.unwrap_or(Authentication::by_password(created_at)),
        created_at,
        last_used_at: fields.time("last_used_at")?,
        expires_at: fields.time("expires_at")?,
        client: ClientInfo {
            address: fields.text("address")?.to_owned(),
            agent: fields.text("agent")?.to_owned(),
        },
        pair: TokenPair {
            access: token("access")?,
            refresh: token("refresh")?,
            access_csrf: pair.text("access_csrf")?.to_owned(),
            refresh_csrf: pair.text("refresh_csrf")?.to_owned(),
            issued_at,
            access_issued_at: access_issued_at.unwrap_or(issued_at),
            access_expires: pair.unsigned("access_expires")?,
            refresh_expires: pair.unsigned("refresh_expires")?,
            fresh_until: pair.optional_unsigned("fresh_until")?,
        },
        previous: previous.map(TokenId::from_stored),
        rotated_at: fields.time("rotated_at")?,
        handing: handing.map(TokenId::from_stored),
        browser: read_cookie(fields)?,
    })
}
