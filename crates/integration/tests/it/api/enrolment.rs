//! A second factor that the server requires: it is enrolled at a sign-in.

use integration::{Answer, Authenticator, Backend, Mailed, PASSWORD, TestApp, every_backend};
use serde_json::{Value, json};

use super::claims::claims;

const ALICE: &str = "alice@example.org";
const REQUIRED: (&str, &str) = ("PORTCULLIS_MFA", "required");
const WEEK: (&str, &str) = ("PORTCULLIS_MFA_GRACE", "7");
const DAY: u64 = 86_400;

/// An application where every account must have a second factor at once.
struct Strict(TestApp);

/// One where that has a week.
struct Gentle(TestApp);

/// One of the first kind that sends mail.
struct StrictMailed(Mailed);

impl Strict {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[REQUIRED]).await)
    }
}

impl Gentle {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[REQUIRED, WEEK]).await)
    }
}

impl StrictMailed {
    async fn start(backend: Backend) -> Self {
        Self(Mailed::start_with(backend, &[REQUIRED]).await)
    }
}

/// The challenge that follows the password.
async fn asked(app: &TestApp) -> String {
    let answer = app.login("alice", PASSWORD).await;
    let problem = answer.assert_problem(403, "factor_enrolment_required");
    assert!(problem.get("access_token").is_none(), "{problem}");
    problem["challenge"].as_str().unwrap().to_owned()
}

async fn begin(app: &TestApp, challenge: &str) -> Answer {
    let body = json!({"challenge": challenge});
    app.post("/api/v1/login/enrol").json(body).send().await
}

async fn begun(app: &TestApp, challenge: &str) -> Authenticator {
    let enrolment = begin(app, challenge).await.assert_status(201).json();
    assert!(
        enrolment["uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/")
    );
    assert!(enrolment["qr_svg"].as_str().unwrap().starts_with("<svg"));
    Authenticator::with(enrolment["secret"].as_str().unwrap())
}

async fn confirm(app: &TestApp, challenge: &str, code: &str) -> Answer {
    let body = json!({"challenge": challenge, "code": code});
    app.post("/api/v1/login/enrol/confirm")
        .json(body)
        .send()
        .await
}

/// Enrols an app for Alice at a sign-in.
async fn enrolled(app: &TestApp) -> (Value, Authenticator) {
    let challenge = asked(app).await;
    let authenticator = begun(app, &challenge).await;
    let code = authenticator.shows(app);
    let opened = confirm(app, &challenge, &code).await.assert_ok();
    (opened, authenticator)
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

every_backend! {
    async fn a_sign_in_enrols_an_app_before_there_is_a_session(app: Strict) {
        let app = app.0;
        app.signed_up("alice").await;
        app.login("alice", "not her password").await.assert_problem(401, "invalid_credentials");
        let challenge = asked(&app).await;
        assert!(challenge.starts_with("pcn_"));
        let early = confirm(&app, &challenge, "123456").await;
        let early = early.assert_problem(404, "not_found");
        assert_eq!(early["message"], "No enrolment is waiting for a code. Begin the enrolment again.");
        let authenticator = begun(&app, &challenge).await;
        let wrong = confirm(&app, &challenge, "not it").await;
        wrong.assert_problem(401, "invalid_credentials");
        let code = authenticator.shows(&app);
        let opened = confirm(&app, &challenge, &code).await.assert_ok();
        assert_eq!(opened["recovery_codes"].as_array().unwrap().len(), 10);
        let said = claims(text(&opened, "access_token"));
        assert_eq!((&said["acr"], &said["amr"]), (&json!("urn:portcullis:acr:2"), &json!(["pwd", "otp"])));
        app.me(text(&opened, "access_token")).await.assert_ok();
        confirm(&app, &challenge, &code).await.assert_problem(401, "invalid_challenge");

        // The code that confirmed can't sign in, the next one can.
        let next = app.login("alice", PASSWORD).await.assert_problem(401, "factor_required");
        let answer = async |code: &str| {
            let body = json!({"challenge": next["challenge"], "totp": code});
            app.post("/api/v1/login/factor").json(body).send().await
        };
        answer(&code).await.assert_problem(401, "invalid_credentials");
        app.advance(30);
        answer(&authenticator.shows(&app)).await.assert_ok();
    }

    async fn a_challenge_to_enrol_is_good_for_nothing_else_and_a_few_times(app: Strict) {
        let app = app.0;
        app.signed_up("alice").await;
        let challenge = asked(&app).await;
        let authenticator = begun(&app, &challenge).await;
        let code = authenticator.shows(&app);
        let body = json!({"challenge": challenge, "totp": code});
        let as_factor = app.post("/api/v1/login/factor").json(body).send().await;
        as_factor.assert_problem(401, "invalid_challenge");
        for unknown in ["pcn_x", "", "pcq_x"] {
            let refused = confirm(&app, unknown, &code).await;
            assert!(matches!(refused.status.as_u16(), 401 | 422), "{unknown}");
        }
        for _ in 0..4 {
            confirm(&app, &challenge, "not it").await.assert_problem(401, "invalid_credentials");
        }
        let again = asked(&app).await;
        for _ in 0..5 {
            begin(&app, &again).await.assert_status(201);
        }
        begin(&app, &again).await.assert_problem(401, "invalid_challenge");
        app.advance(901);
        begin(&app, &challenge).await.assert_problem(401, "invalid_challenge");
        enrolled(&app).await;
    }

    async fn of_two_who_enrol_at_once_one_gets_in(app: Strict) {
        let app = app.0;
        app.signed_up("alice").await;
        let (first, second) = (asked(&app).await, asked(&app).await);
        begun(&app, &first).await;
        let authenticator = begun(&app, &second).await; // in place of the first
        let code = authenticator.shows(&app);
        let both = [&first, &second, &first, &second];
        let both = both.map(|challenge| confirm(&app, challenge, &code));
        let done = futures_util::future::join_all(both).await;
        assert_eq!(done.iter().filter(|answer| answer.status == 200).count(), 1);
        begin(&app, &first).await.assert_problem(401, "invalid_challenge");
    }

    async fn a_session_of_before_goes_on(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[REQUIRED]).await;
        app.me(&alice.access).await.assert_ok();
        let factors = app.get("/api/v1/me/factors").by(&alice).send().await.assert_ok();
        assert_eq!((&factors["required"], &factors["enrolment_due_at"]), (&json!(true), &json!(null)));
        let refreshed = app.refresh(&alice.refresh).await.assert_ok();
        asked(&app).await;
        app.me(text(&refreshed, "access_token")).await.assert_ok();
        enrolled(&app).await;
        let ended = app.me(text(&refreshed, "access_token")).await;
        ended.assert_problem(401, "revoked_token");
    }

    async fn the_password_alone_signs_in_for_as_long_as_the_grace_lasts(app: Gentle) {
        let app = app.0;
        app.signed_up("alice").await;
        app.advance(30 * DAY); // it begins with the first sign-in, not with the account
        let first = app.login("alice", PASSWORD).await.assert_ok();
        let due = text(&first, "factor_enrolment_due_at").to_owned();
        assert_eq!(claims(text(&first, "access_token")).get("acr"), None);
        app.advance(6 * DAY);
        let app = app.restart().await;
        let later = app.login("alice", PASSWORD).await.assert_ok();
        assert_eq!(later["factor_enrolment_due_at"], json!(due));
        let listed = app.get("/api/v1/me/factors").bearer(text(&later, "access_token")).send().await;
        assert_eq!(listed.assert_ok()["enrolment_due_at"], json!(due));
        let refreshed = app.refresh(text(&later, "refresh_token")).await.assert_ok();
        assert_eq!(refreshed.get("factor_enrolment_due_at"), None);
        app.advance(DAY);
        enrolled(&app).await;
    }

    async fn nothing_that_its_owner_does_begins_the_grace_anew(app: Gentle) {
        let app = app.0;
        let alice = app.signed_in("alice").await;
        app.advance(4 * DAY);
        let alice = app.another_session("alice", &alice.id).await;
        let body = json!({"current_password": PASSWORD, "new_password": "another long and winding phrase"});
        let changed = app.put("/api/v1/me/password").by(&alice).json(body).send().await;
        changed.assert_ok();
        let back = json!({"current_password": "another long and winding phrase", "new_password": PASSWORD});
        app.put("/api/v1/me/password").by(&alice).json(back).send().await.assert_ok();
        let body = json!({"email": "alice@example.net"});
        app.patch(&format!("/api/v1/users/{}", alice.id)).by(&alice).json(body).send().await.assert_ok();
        app.advance(3 * DAY);
        asked(&app).await;
    }

    async fn the_last_factor_stays_and_another_app_may_replace_it(app: Strict) {
        let app = app.0;
        app.signed_up("alice").await;
        let (opened, _) = enrolled(&app).await;
        let access = text(&opened, "access_token");
        let removed = app.delete("/api/v1/me/factors/totp").bearer(access).send().await;
        removed.assert_problem(409, "factor_not_removable");
        let begun = app.post("/api/v1/me/factors/totp").bearer(access).send().await;
        let begun = begun.assert_status(201).json();
        let other = Authenticator::with(text(&begun, "secret"));
        let body = json!({"code": other.shows(&app)});
        let confirmed = app.post("/api/v1/me/factors/totp/confirm").bearer(access).json(body).send().await;
        confirmed.assert_ok();
        let app = app.restart_with(&[("PORTCULLIS_MFA", "optional")]).await;
        let removed = app.delete("/api/v1/me/factors/totp").bearer(access).send().await;
        removed.assert_status(204);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn an_account_that_is_to_be_deleted_is_kept_before_it_enrols(app: Gentle) {
        let app = app.0.restart_with(&[("PORTCULLIS_DELETION_GRACE", "2592000")]).await;
        let alice = app.signed_in("alice").await;
        app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await.assert_status(202);
        app.advance(8 * DAY);
        app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");
        let body = json!({"username": "alice", "password": PASSWORD, "keep_account": true});
        let kept = app.post("/api/v1/login").json(body).send().await;
        kept.assert_problem(403, "factor_enrolment_required");
        enrolled(&app).await;
    }

    async fn where_mail_is_on_the_address_is_confirmed_first(app: StrictMailed) {
        let app = app.0;
        app.signed_up("alice").await;
        app.letter(ALICE).await;
        app.login("alice", "not her password").await.assert_problem(401, "invalid_credentials");
        app.login("alice", PASSWORD).await.assert_problem(403, "email_unverified");
        app.ask("email/resend", json!({"email": ALICE})).await.assert_status(202);
        let token = app.token(ALICE, "/confirm").await;
        let body = json!({"token": token, "password": PASSWORD});
        app.ask("email/confirm", body).await.assert_status(204);
        enrolled(&app).await;
        let told = app.letter(ALICE).await;
        assert_eq!(told.header("Subject").as_deref(), Some("A second factor was set up"));
    }

    async fn a_reset_leaves_the_grace_over(app: StrictMailed) {
        let app = app.0;
        app.signed_up("alice").await;
        app.letter(ALICE).await;
        app.ask("password/forgot", json!({"email": ALICE})).await.assert_status(202);
        let token = app.token(ALICE, "/reset").await;
        let body = json!({"token": token, "new_password": PASSWORD.to_owned() + " indeed"});
        app.ask("password/reset", body).await.assert_ok();
        let signed_in = app.login("alice", &(PASSWORD.to_owned() + " indeed")).await;
        signed_in.assert_problem(403, "factor_enrolment_required"); // the mail has proven the address
    }
}
