//! An application that sends mail, and the mail server that takes it.

use std::ops::Deref;

use serde_json::{Value, json};
use smtp_testing::{MailServer, Received, Setup};

use crate::{Answer, Backend, Person, TestApp};

/// An application with a mail server. Addresses are confirmed if their owners like.
pub struct Mailed {
    app: TestApp,
    server: MailServer,
}

/// The same, where there is no account before its address is confirmed.
pub struct Confirmed(Mailed);

impl Mailed {
    /// An application on a store of its own.
    pub async fn start(backend: Backend) -> Self {
        Self::start_with(backend, &[]).await
    }

    /// The same, with these settings, too.
    pub async fn start_with(backend: Backend, settings: &[(&str, &str)]) -> Self {
        Self::with(backend, "optional", settings).await
    }

    /// The same with its accounts, where an address must be confirmed from now on.
    pub async fn requiring(self) -> Confirmed {
        let Self { app, server } = self;
        let required = [("PORTCULLIS_EMAIL_VERIFICATION", "required")];
        let app = app.restart_with(&required).await;
        Confirmed(Self { app, server })
    }

    /// The same with its accounts, with these settings, too.
    pub async fn restart_with(self, settings: &[(&str, &str)]) -> Self {
        let Self { app, server } = self;
        let app = app.restart_with(settings).await;
        Self { app, server }
    }

    async fn with(backend: Backend, verification: &str, others: &[(&str, &str)]) -> Self {
        let server = MailServer::start(Setup::default()).await;
        let url = server.url();
        let mut settings = vec![
            ("PORTCULLIS_MAIL_URL", &*url),
            ("PORTCULLIS_MAIL_FROM", "Accounts <accounts@example.org>"),
            ("PORTCULLIS_EMAIL_VERIFICATION", verification),
        ];
        settings.extend_from_slice(others);
        let app = TestApp::start_with(backend, &settings).await;
        Self { app, server }
    }

    /// The mail server.
    pub const fn server(&self) -> &MailServer {
        &self.server
    }

    /// The next letter to this address.
    pub async fn letter(&self, to: &str) -> Received {
        self.server.mailbox().wait_for(to).await
    }

    /// What the link carries in the next letter to this address. It leads to the page at `path`.
    pub async fn token(&self, to: &str, path: &str) -> String {
        let link = self.letter(to).await.link();
        let page = format!("http://{}{path}?token=", self.app.address());
        let token = link.strip_prefix(&page);
        token.unwrap_or_else(|| panic!("{link}")).to_owned()
    }

    /// Sends `body` to a route of the API.
    pub async fn ask(&self, path: &str, body: Value) -> Answer {
        let path = format!("/api/v1/{path}");
        self.app.post(&path).json(body).send().await
    }

    /// Confirms what a link is for, with the access token of this person.
    pub async fn confirm(&self, person: &Person, token: &str) -> Answer {
        let asked = self.app.post("/api/v1/email/confirm").by(person);
        asked.json(json!({"token": token})).send().await
    }

    /// Somebody who has signed up, confirmed the address `name@example.org`, and signed in.
    pub async fn confirmed(&self, name: &str) -> Person {
        let person = self.app.signed_in(name).await;
        let token = self.token(&format!("{name}@example.org"), "/confirm").await;
        self.confirm(&person, &token).await.assert_status(204);
        person
    }
}

impl Confirmed {
    /// An application on a store of its own.
    pub async fn start(backend: Backend) -> Self {
        Self(Mailed::with(backend, "required", &[]).await)
    }

    /// The same with its accounts, with these settings, too.
    pub async fn restart_with(self, settings: &[(&str, &str)]) -> Self {
        Self(self.0.restart_with(settings).await)
    }

    /// An application that people reach at this address.
    pub async fn at(public_url: &str) -> Self {
        let reached = [("PORTCULLIS_PUBLIC_URL", public_url)];
        Self(Mailed::with(Backend::Sqlite, "required", &reached).await)
    }
}

impl Deref for Mailed {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.app
    }
}

impl Deref for Confirmed {
    type Target = Mailed;

    fn deref(&self) -> &Mailed {
        &self.0
    }
}
