//! When everything is mended: each server has what was acknowledged.

use futures_util::StreamExt as _;
use futures_util::stream;
use reqwest::Method;
use serde_json::json;

use super::Storm;
use super::asking::{Question, Reply};
use super::person::{Person, Session};

/// How much is checked at the same time.
const AT_ONCE: usize = 8;

/// Deleted accounts that are tried, the latest: each try costs a password hash on each server.
const GONE: usize = 20;

/// Revoked sessions that are tried, the latest: those of hours ago have run out.
const REVOKED: usize = 3000;

/// Asks every server for everything.
pub(super) async fn every_server(storm: &Storm, people: &[Person]) {
    for server in 0..storm.asking.servers() {
        let ready = Question::new("ready", Method::GET, "/readyz");
        storm.asking.until_it_answers(server, &ready).await;
    }
    stream::iter(people)
        .for_each_concurrent(AT_ONCE, |person| audit(storm, person))
        .await;

    let revoked = storm.ledger.count_revoked();
    stream::iter(revoked.saturating_sub(REVOKED)..revoked)
        .for_each_concurrent(AT_ONCE, |place| refused(storm, place))
        .await;

    let gone = storm.ledger.pages().gone.clone();
    let latest = &gone[gone.len().saturating_sub(GONE)..];
    stream::iter(latest)
        .for_each_concurrent(AT_ONCE, |(name, password)| async move {
            for server in 0..storm.asking.servers() {
                signs_nobody_in(storm, server, name, password).await;
            }
        })
        .await;
}

/// Someone's account is there, with the name and the password that were acknowledged last, and their
/// sessions live.
async fn audit(storm: &Storm, person: &Person) {
    let mut password = None;
    for server in 0..storm.asking.servers() {
        let found = password_of(storm, server, person).await;
        if password.is_some() && found != password {
            let name = &person.name;
            storm.violation(&format!("server {server} takes another password of {name}"));
        }
        password = found;
        for session in &person.sessions {
            lives(storm, server, person, session).await;
        }
    }
    for (number, session) in person.sessions.iter().enumerate() {
        let refresh =
            Question::new("refresh", Method::POST, "/api/v1/refresh").token(&session.refresh);
        let reply = storm.asking.until_it_answers(number, &refresh).await;
        storm.expect(&refresh, &reply, 200);
    }
    let password = &person.passwords[0];
    if let Some(former) = &person.former_name {
        for server in 0..storm.asking.servers() {
            signs_nobody_in(storm, server, former, password).await;
        }
    }
    if let Some(former) = &person.former_password {
        signs_nobody_in(storm, person.name.len(), &person.name, former).await;
    }
}

/// Which of the passwords that may be the one signs in.
async fn password_of(storm: &Storm, server: usize, person: &Person) -> Option<usize> {
    for (place, password) in person.passwords.iter().enumerate() {
        let question = sign_in(&person.name, password).device(person.device());
        let reply = storm.asking.until_it_answers(server, &question).await;
        match reply.status {
            200 => return Some(place),
            429 => {
                storm.throttled();
                return None;
            }
            401 if place + 1 < person.passwords.len() => {}
            _ => storm.expect(&question, &reply, 200),
        }
    }
    None
}

async fn lives(storm: &Storm, server: usize, person: &Person, session: &Session) {
    let me = Question::new("me", Method::GET, "/api/v1/me").token(&session.access);
    let reply = storm.asking.until_it_answers(server, &me).await;
    storm.expect(&me, &reply, 200);
    if reply.status == 200 && reply.body["username"] != *person.name {
        let (name, told) = (&person.name, &reply.body["username"]);
        storm.violation(&format!("server {server} calls {name} {told}"));
    }
}

/// The tokens of a session whose end was acknowledged are refused.
async fn refused(storm: &Storm, place: usize) {
    let session = storm.ledger.pages().revoked[place].session.clone();
    for server in 0..storm.asking.servers() {
        let me = Question::new("check", Method::GET, "/api/v1/me").token(&session.access);
        let reply = storm.asking.until_it_answers(server, &me).await;
        storm
            .ledger
            .checked(place, server, reply.asked, Some(reply.status));
        let refresh =
            Question::new("check", Method::POST, "/api/v1/refresh").token(&session.refresh);
        let reply = storm.asking.until_it_answers(server, &refresh).await;
        storm
            .ledger
            .checked_refresh(place, server, Some(reply.status));
    }
}

async fn signs_nobody_in(storm: &Storm, server: usize, name: &str, password: &str) {
    let question = sign_in(name, password);
    let reply = storm.asking.until_it_answers(server, &question).await;
    if reply.status == 429 {
        storm.throttled();
    } else {
        storm.expect(&question, &reply, 401);
    }
}

fn sign_in(name: &str, password: &str) -> Question {
    let body = json!({"username": name, "password": password});
    Question::new("sign-in", Method::POST, "/api/v1/login").body(body)
}

impl Storm {
    fn expect(&self, question: &Question, reply: &Reply, status: u16) {
        if reply.status != status {
            self.unexpected(question, reply);
        }
    }
}
