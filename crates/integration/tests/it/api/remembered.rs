//! Devices on which the second factor isn't asked for.

use integration::{Answer, Authenticator, Backend, PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

use super::claims::claims;

const NEW: &str = "another long and winding phrase";
const SETTING: &str = "PORTCULLIS_MFA_REMEMBER";
const DAY: u64 = 86_400;

/// An application that remembers devices for a week.
struct Remembering(TestApp);

impl Remembering {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[(SETTING, "7")]).await)
    }
}

/// Alice, whose app is enrolled.
struct Alice {
    app: TestApp,
    person: Person,
    authenticator: Authenticator,
    codes: Vec<String>,
}

impl Alice {
    async fn of(app: TestApp) -> Self {
        let person = app.signed_in("alice").await;
        let (authenticator, codes) = app.enrols(&person).await;
        Self {
            app,
            person,
            authenticator,
            codes,
        }
    }

    /// Signs in by both factors, and has the device remembered or not.
    async fn signs_in(&self, remember: bool) -> Value {
        let asked = self.app.login("alice", PASSWORD).await;
        let challenge = asked.assert_problem(401, "factor_required")["challenge"].clone();
        let code = self.authenticator.shows(&self.app);
        let body = json!({"challenge": challenge, "totp": code, "remember_device": remember});
        let answer = self
            .app
            .post("/api/v1/login/factor")
            .json(body)
            .send()
            .await;
        self.app.advance(30);
        answer.assert_ok()
    }

    /// What a device keeps that is remembered.
    async fn remembered(&self) -> String {
        text(&self.signs_in(true).await, "remembered_device").to_owned()
    }

    async fn login(&self, device: &str, password: &str) -> Answer {
        login(&self.app, "alice", password, json!(device)).await
    }

    async fn asks_for_the_factor(&self, device: &str, password: &str) {
        let answer = self.login(device, password).await;
        answer.assert_problem(401, "factor_required");
    }

    /// A session that was opened by both factors a moment ago.
    async fn fresh(&self) -> Person {
        let tokens = self.signs_in(false).await;
        Person {
            access: text(&tokens, "access_token").to_owned(),
            ..self.person.clone()
        }
    }

    async fn listed(&self, person: &Person) -> Value {
        let listed = self
            .app
            .get("/api/v1/me/remembered-devices")
            .by(person)
            .send()
            .await;
        listed.assert_ok()["devices"].clone()
    }
}

async fn login(app: &TestApp, name: &str, password: &str, device: Value) -> Answer {
    let body = json!({"username": name, "password": password, "remembered_device": device});
    app.post("/api/v1/login").json(body).send().await
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("{value}"))
}

every_backend! {
    async fn a_device_that_showed_the_factor_signs_in_by_the_password(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let without = alice.signs_in(false).await;
        assert_eq!(without.get("remembered_device"), None);
        let device = alice.remembered().await;
        assert!(device.starts_with("pcm_"));
        alice.login(&device, "not her password").await.assert_problem(401, "invalid_credentials");
        for _ in 0..2 {
            let tokens = alice.login(&device, PASSWORD).await.assert_ok();
            assert_eq!(tokens.get("remembered_device"), None, "it is not renewed");
            let said = claims(text(&tokens, "access_token"));
            assert_eq!((said.get("acr"), said.get("amr")), (None, None));
            assert_eq!(said["fresh"], false);
        }
        let alice = Alice { app: alice.app.restart().await, ..alice };
        alice.app.advance(7 * DAY - 31); // half a minute has passed since
        alice.login(&device, PASSWORD).await.assert_ok();
        alice.app.advance(1);
        alice.asks_for_the_factor(&device, PASSWORD).await;
    }

    async fn what_it_opens_is_a_session_of_the_password_alone(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let device = alice.remembered().await;
        let tokens = alice.login(&device, PASSWORD).await.assert_ok();
        let weak = Person { access: text(&tokens, "access_token").to_owned(), ..alice.person.clone() };
        for path in ["/api/v1/me/factors/totp", "/api/v1/me/recovery-codes"] {
            let refused = alice.app.post(path).by(&weak).send().await;
            refused.assert_problem(401, "insufficient_user_authentication");
        }
        for path in ["/api/v1/me/factors/totp", "/api/v1/sessions"] {
            let refused = alice.app.delete(path).by(&weak).send().await;
            refused.assert_problem(401, "insufficient_user_authentication");
        }
        let export = alice.app.get("/api/v1/me/export").by(&weak).send().await;
        export.assert_problem(401, "insufficient_user_authentication");
        let body = json!({"password": PASSWORD});
        let again = alice.app.post("/api/v1/me/reauthenticate").by(&weak).json(body).send().await;
        again.assert_problem(401, "factor_required");
    }

    async fn any_other_counts_for_nothing(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let device = alice.remembered().await;
        let (_, bobs) = {
            let bob = alice.app.signed_in("bob").await;
            let (authenticator, _) = alice.app.enrols(&bob).await;
            let asked = alice.app.login("bob", PASSWORD).await.assert_problem(401, "factor_required");
            let code = authenticator.shows(&alice.app);
            let body = json!({"challenge": asked["challenge"], "totp": code, "remember_device": true});
            let tokens = alice.app.post("/api/v1/login/factor").json(body).send().await.assert_ok();
            (bob, text(&tokens, "remembered_device").to_owned())
        };
        let none = alice.app.login("alice", PASSWORD).await.assert_problem(401, "factor_required");
        let long = "x".repeat(2000);
        for bad in [&*bobs, "", "pcm_x", "pcd_x", &long, &device[..device.len() - 1]] {
            let answer = alice.login(bad, PASSWORD).await;
            let problem = answer.assert_problem(401, "factor_required");
            assert_eq!((&problem["message"], &problem["factors"]), (&none["message"], &none["factors"]));
        }
        alice.login(&device, PASSWORD).await.assert_ok();
        login(&alice.app, "bob", PASSWORD, json!(bobs)).await.assert_ok();
    }

    async fn a_new_password_and_another_app_void_it(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let device = alice.remembered().await;
        let person = alice.fresh().await;
        let change = async |from: &str, to: &str| {
            let body = json!({"current_password": from, "new_password": to});
            alice.app.put("/api/v1/me/password").by(&person).json(body).send().await.assert_ok();
        };
        change(PASSWORD, NEW).await;
        alice.asks_for_the_factor(&device, NEW).await;
        change(NEW, PASSWORD).await;
        alice.asks_for_the_factor(&device, PASSWORD).await;

        let device = alice.remembered().await;
        let begun = alice.app.post("/api/v1/me/factors/totp").by(&person).send().await;
        let other = Authenticator::with(text(&begun.assert_status(201).json(), "secret"));
        alice.login(&device, PASSWORD).await.assert_ok();
        let body = json!({"code": other.shows(&alice.app)});
        alice.app.post("/api/v1/me/factors/totp/confirm").by(&person).json(body).send().await.assert_ok();
        alice.asks_for_the_factor(&device, PASSWORD).await;
        assert_eq!(alice.listed(&person).await, json!([]));
    }

    async fn new_recovery_codes_and_the_end_of_other_sessions_forget_it(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let device = alice.remembered().await;
        let person = alice.fresh().await;
        alice.app.post("/api/v1/me/recovery-codes").by(&person).send().await.assert_ok();
        alice.asks_for_the_factor(&device, PASSWORD).await;
        let device = alice.remembered().await;
        alice.app.delete("/api/v1/sessions").by(&person).send().await.assert_status(204);
        alice.asks_for_the_factor(&device, PASSWORD).await;
    }

    async fn a_factor_that_was_removed_and_enrolled_anew_is_another(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let device = alice.remembered().await;
        let person = alice.fresh().await;
        alice.app.delete("/api/v1/me/factors/totp").by(&person).send().await.assert_status(204);
        alice.login(&device, PASSWORD).await.assert_ok(); // there is nothing to ask for
        alice.app.enrols(&person).await;
        alice.asks_for_the_factor(&device, PASSWORD).await;
    }

    async fn they_are_listed_and_forgotten_together(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let (first, second) = (alice.remembered().await, alice.remembered().await);
        let person = alice.fresh().await;
        let listed = alice.listed(&person).await;
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["remembered_at"], "2027-01-15T08:00:30.000Z");
        assert_eq!(listed[0]["expires_at"], "2027-01-22T08:00:30.000Z");
        let export = alice.app.get("/api/v1/me/export").by(&person).send().await;
        assert_eq!(export.assert_ok()["remembered_devices"], listed);
        let forgotten = alice.app.delete("/api/v1/me/remembered-devices").by(&person).send().await;
        forgotten.assert_status(204);
        for device in [first, second] {
            alice.asks_for_the_factor(&device, PASSWORD).await;
        }
        let again = alice.app.delete("/api/v1/me/remembered-devices").by(&person).send().await;
        again.assert_status(204);
        assert_eq!(alice.listed(&person).await, json!([]));
    }

    async fn where_it_is_off_nothing_is_remembered(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let device = alice.remembered().await;
        let app = alice.app.restart_with(&[(SETTING, "0")]).await;
        let alice = Alice { app, ..alice };
        alice.asks_for_the_factor(&device, PASSWORD).await;
        assert_eq!(alice.signs_in(true).await.get("remembered_device"), None);
        // A shorter time holds for those that were remembered before, too.
        let app = alice.app.restart_with(&[(SETTING, "1")]).await;
        let alice = Alice { app, ..alice };
        alice.login(&device, PASSWORD).await.assert_ok();
        alice.app.advance(DAY);
        alice.asks_for_the_factor(&device, PASSWORD).await;
    }

    async fn a_recovery_code_may_have_it_remembered_and_a_failure_does_not(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let asked = alice.app.login("alice", PASSWORD).await.assert_problem(401, "factor_required");
        let answer = async |code: &str| {
            let body = json!({"challenge": asked["challenge"], "recovery_code": code, "remember_device": true});
            alice.app.post("/api/v1/login/factor").json(body).send().await
        };
        let wrong = answer("not it").await.assert_problem(401, "invalid_credentials");
        assert_eq!(wrong.get("remembered_device"), None);
        let tokens = answer(&alice.codes[0]).await.assert_ok();
        alice.login(text(&tokens, "remembered_device"), PASSWORD).await.assert_ok();
    }
    async fn devices_that_are_remembered_at_once_are_all_good(app: Remembering) {
        let alice = Alice::of(app.0).await;
        let mut answers = Vec::new();
        for code in &alice.codes[..3] {
            let asked = alice.app.login("alice", PASSWORD).await.assert_problem(401, "factor_required");
            let body = json!({"challenge": asked["challenge"], "recovery_code": code, "remember_device": true});
            answers.push(alice.app.post("/api/v1/login/factor").json(body).send());
        }
        for answer in futures_util::future::join_all(answers).await {
            let tokens = answer.assert_ok();
            alice.login(text(&tokens, "remembered_device"), PASSWORD).await.assert_ok();
        }
    }
}
