use integration::{Answer, Authenticator, Mailed, PASSWORD, Person, TestApp, every_backend};
use serde_json::json;

use super::claims::claims;

const ALICE: &str = "alice@example.org";
const NEW: &str = "another long and winding phrase";

/// Alice, whose app is enrolled, and her recovery codes.
async fn enrolled(app: &TestApp) -> (Person, Authenticator, Vec<String>) {
    let alice = app.signed_in("alice").await;
    let (authenticator, codes) = app.enrols(&alice).await;
    (alice, authenticator, codes)
}

/// The challenge that follows the password.
async fn challenged(app: &TestApp, password: &str) -> String {
    let asked = app.login("alice", password).await;
    let problem = asked.assert_problem(401, "factor_required");
    assert_eq!(problem["factors"], json!(["totp", "recovery_code"]));
    problem["challenge"].as_str().unwrap().to_owned()
}

async fn answered(app: &TestApp, challenge: &str, by: &str, code: &str) -> Answer {
    let body = json!({"challenge": challenge, by: code});
    app.post("/api/v1/login/factor").json(body).send().await
}

every_backend! {
    async fn an_app_is_enrolled_and_its_codes_sign_in_once(app: TestApp) {
        let (alice, authenticator, codes) = enrolled(&app).await;
        assert_eq!(codes.len(), 10);
        let factors = app.get("/api/v1/me/factors").by(&alice).send().await.assert_ok();
        assert!(factors["totp"]["enrolled_at"].is_string());
        assert_eq!(factors["recovery_codes"]["left"], 10);

        let challenge = challenged(&app, PASSWORD).await;
        let wrong = answered(&app, &challenge, "totp", "000 00x").await;
        wrong.assert_problem(401, "invalid_credentials");
        let code = authenticator.shows(&app);
        let tokens = answered(&app, &challenge, "totp", &code).await.assert_ok();
        let access = tokens["access_token"].as_str().unwrap();
        app.me(access).await.assert_ok();
        let again = answered(&app, &challenge, "totp", &code).await;
        again.assert_problem(401, "invalid_challenge");
        let another = challenged(&app, PASSWORD).await;
        let again = answered(&app, &another, "totp", &code).await;
        again.assert_problem(401, "invalid_credentials");
        let spelt = codes[3].to_lowercase().replace('-', "");
        answered(&app, &another, "recovery_code", &spelt).await.assert_ok();
        let left = app.get("/api/v1/me/recovery-codes").by(&alice).send().await.assert_ok();
        assert_eq!(left["left"], 9);
    }

    async fn a_token_says_by_what_its_owner_signed_in(app: TestApp) {
        let (_, authenticator, _) = enrolled(&app).await;
        let challenge = challenged(&app, PASSWORD).await;
        let tokens = answered(&app, &challenge, "totp", &authenticator.shows(&app)).await.assert_ok();
        let said = claims(tokens["access_token"].as_str().unwrap());
        assert_eq!(said["amr"], json!(["pwd", "otp"]));
        assert_eq!(said["acr"], "urn:portcullis:acr:2");
        let refreshed = app.refresh(tokens["refresh_token"].as_str().unwrap()).await.assert_ok();
        let refreshed = claims(refreshed["access_token"].as_str().unwrap());
        assert_eq!(refreshed["acr"], "urn:portcullis:acr:2");
    }

    async fn an_app_lists_the_account_under_the_name_of_the_service_or_its_host(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let begun = app.post("/api/v1/me/factors/totp").by(&alice).send().await;
        let begun = begun.assert_status(201).json();
        assert!(begun["uri"].as_str().unwrap().starts_with("otpauth://totp/127.0.0.1:alice?"), "{begun}");
        let label = "aria-label=\"QR code for your authenticator app\"";
        assert!(begun["qr_svg"].as_str().unwrap().contains(label), "{begun}");
        let app = app.restart_with(&[("PORTCULLIS_BRAND_NAME", "Söhne & Co")]).await;
        let begun = app.post("/api/v1/me/factors/totp").by(&alice).send().await;
        let begun = begun.assert_status(201).json();
        let uri = begun["uri"].as_str().unwrap();
        assert!(uri.starts_with("otpauth://totp/S%C3%B6hne%20%26%20Co:alice?"), "{uri}");
    }

    async fn an_unfinished_enrolment_asks_nobody_for_a_code(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let path = "/api/v1/me/factors/totp/confirm";
        let early = app.post(path).by(&alice).json(json!({"code": "123456"})).send().await;
        let early = early.assert_problem(404, "not_found");
        assert_eq!(early["message"], "No enrolment is waiting for a code. Begin the enrolment again.");
        let begun = app.post("/api/v1/me/factors/totp").by(&alice).send().await;
        begun.assert_status(201);
        let wrong = app.post(path).by(&alice).json(json!({"code": "x"})).send().await;
        assert_eq!(wrong.assert_problem(401, "invalid_credentials")["factor"], "totp");
        // As where the current password is wrong: the token is good, and is not to be refreshed.
        assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
        app.login("alice", PASSWORD).await.assert_ok();
        app.advance(601);
        let stale = app.post("/api/v1/me/factors/totp").by(&alice).send().await;
        stale.assert_problem(401, "insufficient_user_authentication");
    }

    async fn what_changes_it_takes_both_factors_a_short_while_ago(app: TestApp) {
        let (alice, authenticator, codes) = enrolled(&app).await;
        let acts = async |person: &Person| {
            let begin = app.post("/api/v1/me/factors/totp").by(person).send().await;
            let renew = app.post("/api/v1/me/recovery-codes").by(person).send().await;
            let remove = app.delete("/api/v1/me/factors/totp").by(person).send().await;
            [begin, renew, remove]
        };
        for refused in acts(&alice).await {
            let problem = refused.assert_problem(401, "insufficient_user_authentication");
            assert_eq!(problem["message"], "Enter the password and the second factor once more to do this.");
            let challenge = refused.header("www-authenticate").unwrap();
            assert!(challenge.contains(r#"acr_values="urn:portcullis:acr:2""#), "{challenge}");
        }
        let again = async |body| {
            app.post("/api/v1/me/reauthenticate").by(&alice).json(body).send().await
        };
        again(json!({"password": PASSWORD})).await.assert_problem(401, "factor_required");
        let wrong = json!({"password": PASSWORD, "totp": "000000x"});
        assert_eq!(again(wrong).await.assert_problem(401, "invalid_credentials")["factor"], "totp");
        let wrong = json!({"password": PASSWORD, "recovery_code": "not it"});
        assert_eq!(again(wrong).await.assert_problem(401, "invalid_credentials")["factor"], "recovery_code");
        let wrong = json!({"password": "wrong", "totp": authenticator.shows(&app)});
        assert!(again(wrong).await.assert_problem(401, "invalid_credentials").get("factor").is_none());
        let right = json!({"password": PASSWORD, "totp": authenticator.shows(&app)});
        let fresh = again(right).await.assert_ok();
        let access = fresh["access_token"].as_str().unwrap().to_owned();
        let alice = Person { access, ..alice };
        let [begun, renewed, removed] = acts(&alice).await;
        begun.assert_status(201);
        let renewed = renewed.assert_ok();
        assert!(!codes.contains(&renewed["recovery_codes"][0].as_str().unwrap().to_owned()));
        removed.assert_status(204);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn of_fifty_uses_of_one_code_at_once_one_signs_in(app: TestApp) {
        let (_, authenticator, _) = enrolled(&app).await;
        let challenge = challenged(&app, PASSWORD).await;
        let code = authenticator.shows(&app);
        let uses = (0..50).map(|_| answered(&app, &challenge, "totp", &code));
        let done = futures_util::future::join_all(uses).await;
        assert_eq!(done.iter().filter(|answer| answer.status == 200).count(), 1);
    }

    async fn guesses_are_bounded_over_all_challenges(app: TestApp) {
        let (_, authenticator, _) = enrolled(&app).await;
        for _ in 0..5 {
            let challenge = challenged(&app, PASSWORD).await;
            let guess = answered(&app, &challenge, "totp", "not it").await;
            guess.assert_problem(401, "invalid_credentials");
        }
        let challenge = challenged(&app, PASSWORD).await;
        let right = answered(&app, &challenge, "totp", &authenticator.shows(&app)).await;
        right.assert_problem(429, "too_many_attempts");
        assert!(right.header("retry-after").is_some());
    }

    async fn a_body_carries_one_factor(app: TestApp) {
        let (_, authenticator, codes) = enrolled(&app).await;
        let challenge = challenged(&app, PASSWORD).await;
        let none = json!({"challenge": challenge});
        let none = app.post("/api/v1/login/factor").json(none).send().await;
        none.assert_faults(&[("/totp", "required")]);
        let both = json!({"challenge": challenge, "totp": authenticator.shows(&app), "recovery_code": codes[0]});
        let both = app.post("/api/v1/login/factor").json(both).send().await;
        both.assert_faults(&[("/recovery_code", "unknown_field")]);
        let unknown = answered(&app, "pcq_unknown", "totp", &authenticator.shows(&app)).await;
        let unknown = unknown.assert_problem(401, "invalid_challenge");
        assert_eq!(unknown["message"], "This sign-in can’t be continued. Sign in again.");
    }

    async fn a_reset_by_mail_leaves_the_factor(app: Mailed) {
        let alice = app.confirmed("alice").await;
        let (authenticator, _) = app.enrols(&alice).await;
        let told = app.letter(ALICE).await;
        assert_eq!(told.header("Subject").as_deref(), Some("A second factor was set up"));
        app.ask("password/forgot", json!({"email": ALICE})).await.assert_status(202);
        let token = app.token(ALICE, "/reset").await;
        let body = json!({"token": token, "new_password": NEW});
        app.ask("password/reset", body).await.assert_ok();
        let challenge = challenged(&app, NEW).await;
        answered(&app, &challenge, "totp", &authenticator.shows(&app)).await.assert_ok();
    }

    async fn where_mail_is_on_it_takes_a_confirmed_address(app: Mailed) {
        let alice = app.signed_in("alice").await;
        let begun = app.post("/api/v1/me/factors/totp").by(&alice).send().await;
        begun.assert_problem(403, "email_unverified");
    }

    async fn no_other_notice_keeps_an_owner_from_learning_that_it_was_removed(app: Mailed) {
        let alice = app.confirmed("alice").await;
        let (authenticator, _) = app.enrols(&alice).await;
        for (current, new) in [(PASSWORD, NEW), (NEW, PASSWORD), (PASSWORD, NEW)] {
            let body = json!({"current_password": current, "new_password": new});
            app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_ok();
        }
        let body = json!({"password": NEW, "totp": authenticator.shows(&app)});
        let fresh = app.post("/api/v1/me/reauthenticate").by(&alice).json(body).send().await.assert_ok();
        let alice = Person { access: fresh["access_token"].as_str().unwrap().to_owned(), ..alice };
        app.delete("/api/v1/me/factors/totp").by(&alice).send().await.assert_status(204);
        let mut told = Vec::new();
        for _ in 0..5 {
            told.push(app.letter(ALICE).await.header("Subject").unwrap());
        }
        assert!(told.contains(&"Your second factor was removed".to_owned()), "{told:?}");
    }
}
