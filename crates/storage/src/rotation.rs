//! The rule of refreshing, once for every backend.
//!
//! A refresh token is used once. A client that lost the answer may repeat the use within a grace and
//! gets the same pair again; any other second use ends the session, since one of the two who hold the
//! token is a thief (RFC 9700 §4.14.2).
//!
//! A backend reads the session and its user, asks [`decide`], and carries the decision out so that no
//! other use of the same session comes between: in one transaction, or by compare-and-set on
//! `pair.refresh`, deciding again when that fails.

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
    /// How long the token before the present one may be repeated.
    pub grace: Duration,
    /// The client that asks.
    pub origin: model::Origin,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Rotated {
    /// The session has a new pair.
    Renewed(Session),
    /// The present pair is to be signed once more.
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
    if session.previous.as_ref() == Some(&rotation.presented) && within_grace {
        return Decision::Repeat;
    }
    Decision::End
}

fn renewed(rotation: &Rotation, session: &Session, moment: Moment) -> Session {
    Session {
        last_used_at: moment.now,
        origin: rotation.origin.clone(),
        pair: rotation.successor.clone().capped_at(session.expires_at),
        previous: Some(session.pair.refresh.clone()),
        rotated_at: moment.now,
        ..session.clone()
    }
}
