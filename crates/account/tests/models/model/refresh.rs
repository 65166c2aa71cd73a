//! What a refresh gives, what can be repeated, and what ends the session.

use std::time::Duration;

use super::{GRACE, Model, Tokens};
use crate::request::{Expected, Number};

impl Model {
    /// The present token gets a new pair. The one before it gets the present pair again, until that has
    /// left and within the grace after it. Any other ends the session.
    pub(super) fn refresh(&mut self, number: Number, with: Number, now: Duration) -> Expected {
        let Tokens {
            session: id,
            made_for: with,
            ..
        } = self.tokens[&with];
        if !self.is_honoured(id) || !self.is_young(id, now) {
            return Expected::Refused;
        }
        let session = &self.sessions[&id];
        let (present, before) = match *session.pairs.as_slice() {
            [.., before, present] => (present, Some(before)),
            [present] => (present, None),
            [] => return Expected::Refused,
        };
        if with == present {
            self.issue(number, id, now, None);
            if let Some(session) = self.sessions.get_mut(&id) {
                session.pairs.push(number);
                session.access = number;
                session.handing = true;
                session.renewed = now;
            }
            return Expected::Pair(number);
        }
        if Some(with) == before && (session.handing || self.is_within_grace(id, now)) {
            return self.repeat(number, id, present, now);
        }
        self.end(id);
        Expected::Refused
    }

    /// The present pair once more; with another access token where that has expired.
    fn repeat(&mut self, number: Number, id: Number, present: Number, now: Duration) -> Expected {
        let access = self.sessions[&id].access;
        let tokens = self.tokens[&access].clone();
        if now.as_secs() < tokens.access_ends {
            self.tokens.insert(number, tokens);
            return Expected::Pair(access);
        }
        self.issue(number, id, now, None);
        if let Some(renewed) = self.tokens.get_mut(&number) {
            renewed.made_for = tokens.made_for;
            renewed.refresh_ends = tokens.refresh_ends;
        }
        if let Some(session) = self.sessions.get_mut(&id) {
            session.access = number;
        }
        Expected::Renewed(present)
    }

    /// The version before makes pairs that count as handed out, and repeats one within the grace only.
    pub(super) fn refresh_by_older(
        &mut self,
        number: Number,
        with: Number,
        now: Duration,
    ) -> Expected {
        let Tokens {
            session: id,
            made_for,
            ..
        } = self.tokens[&with];
        let is_present = self.sessions[&id].pairs.last() == Some(&made_for);
        if self.is_honoured(id) && !is_present && !self.is_within_grace(id, now) {
            let is_young = self.is_young(id, now);
            if is_young {
                self.end(id);
            }
            return Expected::Refused;
        }
        let expected = self.refresh(number, with, now);
        if let Some(session) = self.sessions.get_mut(&id)
            && expected == Expected::Pair(number)
        {
            session.handing = false;
        }
        expected
    }

    pub(super) fn is_within_grace(&self, id: Number, now: Duration) -> bool {
        now.saturating_sub(self.sessions[&id].renewed) <= GRACE
    }

    /// An answer with these tokens leaves. It counts where they are those of the present pair, once.
    pub(super) fn hand_out(&mut self, of: Number) -> Expected {
        let Tokens {
            session, made_for, ..
        } = self.tokens[&of];
        let now = self.now;
        if let Some(session) = self.sessions.get_mut(&session)
            && session.handing
            && session.pairs.last() == Some(&made_for)
        {
            session.handing = false;
            session.renewed = now;
        }
        Expected::Done
    }
}
