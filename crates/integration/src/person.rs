//! Someone with an account.

use serde_json::{Value, json};

use crate::{Answer, Request, TestApp};

/// A password that every rule allows.
pub const PASSWORD: &str = "correct horse battery staple";

/// Someone with an account, signed in.
#[derive(Clone, Debug)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their id.
    pub id: String,
    /// Their access token.
    pub access: String,
    /// Their refresh token.
    pub refresh: String,
    /// Their session.
    pub session: String,
}

impl TestApp {
    /// Signs someone up.
    pub async fn signed_up(&self, name: &str) -> String {
        let body =
            json!({"username": name, "email": format!("{name}@example.org"), "password": PASSWORD});
        let answer = self.post("/api/v1/register").json(body).send().await;
        text(&answer.assert_status(201).json(), "id")
    }

    /// Signs someone up and in.
    pub async fn signed_in(&self, name: &str) -> Person {
        let id = self.signed_up(name).await;
        self.another_session(name, &id).await
    }

    /// Signs someone in who has an account.
    pub async fn another_session(&self, name: &str, id: &str) -> Person {
        let tokens = self.login(name, PASSWORD).await.assert_ok();
        Person {
            name: name.to_owned(),
            id: id.to_owned(),
            access: text(&tokens, "access_token"),
            refresh: text(&tokens, "refresh_token"),
            session: text(&tokens, "session_id"),
        }
    }

    /// Tries to sign in.
    pub async fn login(&self, name: &str, password: &str) -> Answer {
        self.post("/api/v1/login")
            .json(json!({"username": name, "password": password}))
            .send()
            .await
    }

    /// Tries to sign in on a device that holds `device`.
    pub async fn login_on(&self, device: &str, name: &str, password: &str) -> Answer {
        self.post("/api/v1/login")
            .header("x-portcullis-device", device)
            .json(json!({"username": name, "password": password}))
            .send()
            .await
    }

    /// Asks who `token` belongs to.
    pub async fn me(&self, token: &str) -> Answer {
        self.get("/api/v1/me").bearer(token).send().await
    }

    /// Trades a refresh token. When this answers, it is stored that the pair was handed out.
    pub async fn refresh(&self, token: &str) -> Answer {
        let answer = self.refreshing(token).send().await;
        self.settle().await;
        answer
    }

    /// The request that does so.
    pub fn refreshing(&self, token: &str) -> Request {
        self.post("/api/v1/refresh").bearer(token)
    }
}

impl Request {
    /// As `person`.
    pub fn by(self, person: &Person) -> Self {
        self.bearer(&person.access)
    }
}

/// A member that is a text.
#[track_caller]
fn text(value: &Value, member: &str) -> String {
    value[member]
        .as_str()
        .unwrap_or_else(|| panic!("no {member} in {value}"))
        .to_owned()
}
