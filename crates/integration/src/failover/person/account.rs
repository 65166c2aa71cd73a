//! What is done with the account: its password, its name, its end.

use reqwest::Method;
use serde_json::json;

use super::{Acted, Person, new_name};
use crate::failover::Storm;
use crate::failover::asking::Question;

impl Person {
    /// Changes the password: the other sessions end, this one goes on.
    pub(super) async fn change_password(&mut self, storm: &Storm, session: usize) {
        let [current] = &self.passwords[..] else {
            self.sign_in(storm, false).await;
            return;
        };
        let current = current.clone();
        let new = format!("another horse, staple {}", storm.below(usize::MAX));
        let question = Question::new("password", Method::PUT, "/api/v1/me/password")
            .token(&self.sessions[session].access)
            .device(self.device.as_ref())
            .body(json!({"current_password": current, "new_password": new}));
        let reply = storm.ask(&question).await;
        match reply.status {
            200 => {
                self.device = reply.body["device_token"].as_str().map(str::to_owned);
                storm.ledger.acknowledged("password");
                self.passwords = vec![new];
                self.former_password = Some(current);
                self.revoke_others(storm, "change of the password", session);
            }
            // One that wasn't answered may have been done, and the present one isn't the present one now; or
            // so many weren't that they count as guesses.
            401 | 429 if reply.unanswered > 0 && reply.code != "revoked_token" => {
                self.passwords = vec![new, current];
                self.former_password = None;
                let kept = self.sessions.swap_remove(session);
                self.sessions = vec![kept];
                self.sign_in(storm, false).await;
            }
            429 => {
                storm.throttled();
            }
            _ => storm.unexpected(&question, &reply),
        }
    }

    /// Takes another name. It may be sent again: whose name it is already is told that it is.
    pub(super) async fn rename(&mut self, storm: &Storm, session: usize) {
        let Some(token) = self.prove(storm, session).await else {
            return;
        };
        let name = new_name();
        let path = format!("/api/v1/users/{}", self.id);
        let question = Question::new("name", Method::PATCH, path)
            .token(&token)
            .body(json!({"username": name}));
        let reply = storm.ask(&question).await;
        if reply.status == 200 {
            storm.ledger.acknowledged("name");
            self.former_name = Some(std::mem::replace(&mut self.name, name));
        } else {
            storm.unexpected(&question, &reply);
        }
    }

    /// Deletes the account.
    pub(super) async fn delete(&mut self, storm: &Storm, session: usize) -> Acted {
        let Some(token) = self.prove(storm, session).await else {
            return Acted::Lives;
        };
        let path = format!("/api/v1/users/{}", self.id);
        let question = Question::new("deletion", Method::DELETE, path).token(&token);
        let reply = storm.ask(&question).await;
        match reply.status {
            204 => {
                storm.ledger.acknowledged("deletion");
                for session in self.sessions.drain(..) {
                    storm.ledger.revoked("deletion", session);
                }
                let last_password = self.passwords.swap_remove(0);
                let gone = (self.name.clone(), last_password);
                storm.ledger.pages().gone.push(gone);
            }
            // The one that wasn't answered was done.
            401 if reply.unanswered > 0 => {}
            _ => storm.unexpected(&question, &reply),
        }
        Acted::Gone
    }
}
