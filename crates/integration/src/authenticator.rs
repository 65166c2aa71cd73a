//! An authenticator app.

use serde_json::json;
use totp_rs::{Builder, Secret, Totp};

use crate::{Person, TestApp};

/// An authenticator app that was given the secret of an account.
#[derive(Clone, Debug)]
pub struct Authenticator(Totp);

impl Authenticator {
    /// One that was given this secret: base32.
    pub fn with(secret: &str) -> Self {
        let secret = Secret::try_from_base32(secret).expect("base32");
        let app = Builder::new().with_secret(secret).build();
        Self(app.expect("a secret of 160 bits"))
    }

    /// The code that it shows now, by the clock of the application.
    pub fn shows(&self, app: &TestApp) -> String {
        self.shows_at(app.now().as_seconds())
    }

    /// The code that it shows at a Unix time.
    pub fn shows_at(&self, time: u64) -> String {
        self.0.generate(time).to_string()
    }
}

impl TestApp {
    /// Enrols an authenticator app for somebody who has just signed in: the app, and the recovery codes. The next code is
    /// another one.
    pub async fn enrols(&self, person: &Person) -> (Authenticator, Vec<String>) {
        let begun = self.post("/api/v1/me/factors/totp").by(person).send().await;
        let begun = begun.assert_status(201).json();
        let authenticator = Authenticator::with(begun["secret"].as_str().expect("a secret"));
        let body = json!({"code": authenticator.shows(self)});
        let path = "/api/v1/me/factors/totp/confirm";
        let confirmed = self
            .post(path)
            .by(person)
            .json(body)
            .send()
            .await
            .assert_ok();
        let codes = confirmed["recovery_codes"].as_array().expect("codes");
        let codes = codes
            .iter()
            .map(|code| code.as_str().expect("a text").to_owned());
        self.advance(30);
        (authenticator, codes.collect())
    }
}
