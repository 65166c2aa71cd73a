//! What is done with sessions: opening, using, refreshing and ending them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Person, Session, text};
use crate::failover::Storm;
use crate::failover::asking::Question;

impl Person {
    /// Opens one more session, by whichever password is the one. `may_fail` where it isn't known whether the
    /// account is there.
    pub(super) async fn sign_in(&mut self, storm: &Storm, may_fail: bool) -> bool {
        for place in 0..self.passwords.len() {
            let body = json!({"username": self.name, "password": self.passwords[place]});
            let question = Question::new("sign-in", Method::POST, "/api/v1/login")
                .device(self.device.as_ref())
                .body(body);
            let reply = storm.ask(&question).await;
            let last = place + 1 == self.passwords.len();
            match reply.status {
                200 => {
                    storm.ledger.acknowledged("sign-in");
                    self.passwords = vec![self.passwords[place].clone()];
                    let device = reply.body["device_token"].as_str();
                    self.device = device.map(ToOwned::to_owned).or(self.device.take());
                    self.sessions.push(Session::new(&reply.body));
                    return true;
                }
                // What wasn't answered may count as a wrong password. Nothing was checked.
                429 => {
                    storm.throttled();
                    return false;
                }
                401 if !last || may_fail => {}
                _ => storm.unexpected(&question, &reply),
            }
        }
        false
    }

    /// Reads one's own account.
    pub(super) async fn look(&self, storm: &Storm, session: usize) {
        let token = &self.sessions[session].access;
        let question = Question::new("me", Method::GET, "/api/v1/me").token(token);
        let reply = storm.ask(&question).await;
        if reply.status != 200 {
            storm.unexpected(&question, &reply);
        }
    }

    /// Trades the refresh token for the next pair: the same one until there is an answer.
    pub(super) async fn refresh(&mut self, storm: &Storm, session: usize) {
        let token = &self.sessions[session].refresh;
        let question = Question::new("refresh", Method::POST, "/api/v1/refresh").token(token);
        let reply = storm.ask(&question).await;
        if reply.status == 200 {
            storm.ledger.acknowledged("refresh");
            let session = &mut self.sessions[session];
            let former = std::mem::replace(session, Session::new(&reply.body));
            session.former_access = Some(former.access);
        } else {
            // Nobody but the server has ended it: an honest client was signed out.
            storm.unexpected(&question, &reply);
            self.sessions.remove(session);
        }
    }

    /// Signs out.
    pub(super) async fn log_out(&mut self, storm: &Storm, session: usize) {
        let session = self.sessions.remove(session);
        let token = if storm.below(4) == 0 {
            &session.refresh
        } else {
            &session.access
        };
        let question = Question::new("logout", Method::DELETE, "/api/v1/logout").token(token);
        let reply = storm.ask(&question).await;
        match reply.status {
            200 => {
                storm.ledger.acknowledged("logout");
                storm.ledger.revoked("logout", session);
            }
            // The one that wasn't answered was done.
            401 if reply.unanswered > 0 => {}
            _ => storm.unexpected(&question, &reply),
        }
    }

    /// Ends another one of one's own sessions.
    pub(super) async fn end_another(&mut self, storm: &Storm, session: usize) {
        if self.sessions.len() < 2 {
            return;
        }
        let Some(token) = self.prove(storm, session).await else {
            return;
        };
        let other = self.sessions.remove((session + 1) % self.sessions.len());
        let path = format!("/api/v1/sessions/{}", other.id);
        let question = Question::new("end of a session", Method::DELETE, path).token(&token);
        let reply = storm.ask(&question).await;
        match reply.status {
            204 => {
                storm.ledger.acknowledged("end of a session");
                storm.ledger.revoked("end of the session", other);
            }
            // The one that wasn't answered was done.
            404 if reply.unanswered > 0 => {}
            _ => storm.unexpected(&question, &reply),
        }
    }

    /// Ends all of one's own sessions but one.
    pub(super) async fn end_others(&mut self, storm: &Storm, session: usize) {
        let Some(token) = self.prove(storm, session).await else {
            return;
        };
        let question =
            Question::new("end of sessions", Method::DELETE, "/api/v1/sessions").token(&token);
        let reply = storm.ask(&question).await;
        if reply.status == 204 {
            storm.ledger.acknowledged("end of sessions");
            self.revoke_others(storm, "end of the other sessions", session);
        } else {
            storm.unexpected(&question, &reply);
        }
    }

    /// All sessions but one have ended, which was acknowledged.
    pub(super) fn revoke_others(&mut self, storm: &Storm, by: &'static str, session: usize) {
        let kept = self.sessions.swap_remove(session);
        for other in self.sessions.drain(..) {
            storm.ledger.revoked(by, other);
        }
        self.sessions.push(kept);
    }

    /// Enters the password once more; gives an access token that counts as fresh.
    pub(super) async fn prove(&mut self, storm: &Storm, session: usize) -> Option<String> {
        let [password] = &self.passwords[..] else {
            // Which one it is shows at the next sign-in.
            return None;
        };
        let question = Question::new("proof", Method::POST, "/api/v1/me/reauthenticate")
            .token(&self.sessions[session].access)
            .device(self.device.as_ref())
            .body(json!({"password": password}));
        let reply = storm.ask(&question).await;
        if reply.status == 200 {
            let fresh = text(&reply.body, "access_token");
            self.sessions[session].former_access = Some(fresh.clone());
            return Some(fresh);
        }
        if reply.status == 429 {
            storm.throttled();
        } else {
            storm.unexpected(&question, &reply);
        }
        None
    }
}

impl Session {
    fn new(tokens: &Value) -> Self {
        Self {
            id: text(tokens, "session_id"),
            access: text(tokens, "access_token"),
            former_access: None,
            refresh: text(tokens, "refresh_token"),
        }
    }
}
