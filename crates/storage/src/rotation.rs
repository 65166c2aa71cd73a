//! The rule of refreshing, once for every backend.
//!
//! A refresh token is used once. A client that lost the answer may repeat the use and gets the same
//! pair again: for as long as no answer with that pair has begun to leave, and within a grace after it
//! has. Any other second use ends the session, since one of the two who hold the token is a thief
//! (RFC 9700 §4.14.2). The token before the previous one ends it within the grace, too.
//!
//! Whether an answer has left is a mark in the session (`handing`): a rotation sets it, and the server
//! removes it when the first byte of the answer goes to the client, off the answer's path. So a client
//! that is answered 503, or nothing, while its rotation was written all the same, is not signed out
//! however long the store is away. When the removal is lost, the previous token can be repeated until
//! the next rotation: a replay is found one rotation later, no worse.
//!
//! A backend reads the session and its user, asks [`decide`], and carries the decision out so that no
//! other use of the same session comes between: in one transaction, or by compare-and-set on
//! `pair.refresh` and `pair.access`, deciding again when that fails.

use std::time::Duration;

use model::{Session, SessionId, TokenId, TokenPair, User, UserId};

use crate::Moment;

/// A use of a refresh token.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The token's `sub`.
    pub user: UserId,
    /// The token's `sid`.
    pub session: SessionId,
    /// The token's `jti`.
    pub presented: TokenId,
    /// The pair that takes the place of the present one.
    pub successor: TokenPair,
    /// How long the token before the present one may be repeated after the present one was handed out.
    pub grace: Duration,
    /// The client that asks.
    pub client: model::ClientInfo,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Rotated {
    /// The session has a new pair.
    Renewed(Session),
    /// The present pair is to be signed once more; its access token is another one where that had expired.
    Repeated(Session),
    /// The token was used before: the session has ended.
    Replayed,
    /// The session has ended before, or its user is gone, disabled or of a newer generation.
    Refused,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Write this session in place of the one that was read.
    Renew(Box<Session>),
    /// Write nothing; sign the pair that the session holds.
    Repeat,
    /// Write this session in place of the one that was read: its refresh token is the same, its access
    /// token had expired.
    RenewAccess(Box<Session>),
    /// End the session and tell the feed.
    End,
    /// Write nothing.
    Refuse,
}

/// Decides a use of a refresh token.
pub fn decide(
    rotation: &Rotation,
    session: Option<&Session>,
    user: Option<&User>,
    moment: Moment,
) -> Decision {
    let (Some(session), Some(user)) = (session, user) else {
        return Decision::Refuse;
    };
    let theirs = session.user == rotation.user && user.id == rotation.user;
    if !theirs || session.is_over(moment.now) || !user.accepts(session.id, session.generation) {
        return Decision::Refuse;
    }
    if rotation.presented == session.pair.refresh {
        return Decision::Renew(Box::new(renewed(rotation, session, moment)));
    }
    let within_grace = moment.now.since(session.rotated_at) <= rotation.grace;
    let may_be_repeated = within_grace || !session.is_handed_out();
    if session.previous.as_ref() != Some(&rotation.presented) || !may_be_repeated {
        return Decision::End;
    }
    if moment.now.as_seconds() < session.pair.access_expires {
        Decision::Repeat
    } else {
        Decision::RenewAccess(Box::new(with_another_access_token(rotation, session)))
    }
}

fn renewed(rotation: &Rotation, session: &Session, moment: Moment) -> Session {
    Session {
        last_used_at: moment.now,
        client: rotation.client.clone(),
        pair: rotation.successor.clone().capped_at(session.expires_at),
        previous: Some(session.pair.refresh.clone()),
        rotated_at: moment.now,
        handing: Some(rotation.successor.refresh.clone()),
        ..session.clone()
    }
}

fn with_another_access_token(rotation: &Rotation, session: &Session) -> Session {
    let successor = rotation.successor.clone();
    let pair = TokenPair {
        access: successor.access,
        access_csrf: successor.access_csrf,
        access_issued_at: successor.access_issued_at,
        access_expires: successor.access_expires,
        fresh_until: successor.fresh_until,
        ..session.pair.clone()
    };
    Session {
        pair: pair.capped_at(session.expires_at),
        ..session.clone()
    }
}
