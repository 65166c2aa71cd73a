//! An honest person: tries again what wasn't answered, and signs in anew only when a server says that the
//! session has ended.

mod account;
mod sessions;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};

use super::Storm;
use super::asking::{Question, Reply};
use crate::PASSWORD;

/// Sessions that a person has at most.
const SESSIONS: usize = 3;

/// What somebody does for as long as the storm lasts, under one name after the other.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) name: String,
    /// The name before it, which signs in nobody any more.
    pub(super) former_name: Option<String>,
    pub(super) id: String,
    /// The one that was acknowledged last; before it a newer one, of which it isn't known whether it was
    /// taken.
    pub(super) passwords: Vec<String>,
    /// The one before it, which signs in nobody any more.
    pub(super) former_password: Option<String>,
    pub(super) sessions: Vec<Session>,
    device: Option<String>,
}

/// A session, as its client holds it.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) access: String,
    /// The access token before this one, which is good until it expires.
    pub(super) former_access: Option<String>,
    pub(super) refresh: String,
}

/// How an act ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acted {
    /// The account lives on.
    Lives,
    /// It is deleted.
    Gone,
}

/// Lives through the storm; gives who they are in the end.
pub(super) async fn live(storm: Arc<Storm>) -> Option<Person> {
    loop {
        let mut person = Person::sign_up(&storm).await?;
        loop {
            if storm.stops() {
                return Some(person);
            }
            if person.act(&storm).await == Acted::Gone {
                break;
            }
            storm.pause(100, 500).await;
        }
    }
}

impl Person {
    /// Signs up and in. Nothing when that is refused, which is a violation.
    async fn sign_up(storm: &Storm) -> Option<Self> {
        let name = new_name();
        let body = json!({
            "username": name, "email": format!("{name}@example.org"), "password": PASSWORD
        });
        let question = Question::new("sign-up", Method::POST, "/api/v1/register").body(body);
        let mut person = Self {
            name,
            former_name: None,
            id: String::new(),
            passwords: vec![PASSWORD.to_owned()],
            former_password: None,
            sessions: Vec::new(),
            device: None,
        };
        loop {
            let reply = storm.ask(&question).await;
            match (reply.status, &*reply.code) {
                (201, _) => storm.ledger.acknowledged("sign-up"),
                // The one that wasn't answered was done.
                (409, "username_taken" | "email_taken") if reply.unanswered > 0 => {}
                _ => {
                    storm.unexpected(&question, &reply);
                    return None;
                }
            }
            let acknowledged = reply.status == 201;
            if person.sign_in(storm, !acknowledged).await {
                break;
            }
            if acknowledged {
                return None;
            }
            // What made the name taken was lost again: nobody was told that it was done.
        }
        let me = Question::new("me", Method::GET, "/api/v1/me").token(&person.sessions[0].access);
        let reply = storm.ask(&me).await;
        person.id = text(&reply.body, "id");
        if person.id.is_empty() {
            storm.unexpected(&me, &reply);
            return None;
        }
        Some(person)
    }

    /// What says that its device is known, and not that of somebody who guesses.
    pub(super) fn device(&self) -> Option<&String> {
        self.device.as_ref()
    }

    /// Does one of the things that people do: mostly what programs do for them.
    async fn act(&mut self, storm: &Storm) -> Acted {
        if self.sessions.is_empty() {
            self.sign_in(storm, false).await;
            return Acted::Lives;
        }
        let session = storm.below(self.sessions.len());
        match storm.below(100) {
            0..25 => self.look(storm, session).await,
            25..70 => self.refresh(storm, session).await,
            70..80 => self.log_out(storm, session).await,
            80..88 => {
                if self.sessions.len() < SESSIONS {
                    self.sign_in(storm, false).await;
                }
            }
            88..91 => self.change_password(storm, session).await,
            91..95 => self.rename(storm, session).await,
            95..97 => self.end_another(storm, session).await,
            97..99 => self.end_others(storm, session).await,
            _ => return self.delete(storm, session).await,
        }
        Acted::Lives
    }
}

impl Storm {
    /// Asks whichever server, and the next ones until one decides.
    async fn ask(&self, question: &Question) -> Reply {
        let first = self.below(self.asking.servers());
        self.asking.until_answered(first, question).await
    }
}

/// A name that nobody had.
fn new_name() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("storm-{number}")
}

/// A member that is a text; else an empty one.
fn text(body: &Value, member: &str) -> String {
    body[member].as_str().unwrap_or_default().to_owned()
}
