use integration::{Confirmed, Mailed, PASSWORD, TestApp, every_backend};
use serde_json::json;

const ALICE: &str = "alice@example.org";
const NEW: &str = "alice@example.net";
const OTHER: &str = "another long and winding phrase";

mod optional {
    use super::*;

    every_backend! {
        async fn an_address_is_confirmed_by_a_link_once(app: Mailed) {
            let alice = app.signed_in("alice").await;
            let token = app.token(ALICE, "/confirm").await;
            app.confirm(&alice, &token).await.assert_status(204);
            app.confirm(&alice, &token).await.assert_problem(400, "invalid_link");
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], true);
        }

        async fn an_address_is_confirmed_by_a_code(app: Mailed) {
            let alice = app.signed_in("alice").await;
            let code = app.letter(ALICE).await.code();
            let grouped = format!("{} {}", &code[..4], &code[4..]);
            let body = json!({"email": "ALICE@example.org", "code": grouped, "password": PASSWORD});
            app.ask("email/confirm", body).await.assert_status(204);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], true);
        }

        async fn a_code_outlives_the_key_of_the_server(app: Mailed) {
            let alice = app.signed_in("alice").await;
            let code = app.letter(ALICE).await.code();
            let body = json!({"email": ALICE, "code": code, "password": PASSWORD});
            let rotated = [
                ("SECRET_KEY", "a-key-that-replaced-another-one-0123456789-abcd"),
                ("SECRET_KEY_PREVIOUS", TestApp::OTHER_SECRET),
            ];
            let app = app.restart_with(&rotated).await;
            app.ask("email/confirm", body).await.assert_status(204);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], true);
        }

        async fn a_link_alone_confirms_nothing(app: Mailed) {
            let alice = app.signed_in("alice").await;
            let token = app.token(ALICE, "/confirm").await;
            let alone = app.ask("email/confirm", json!({"token": token})).await;
            alone.assert_faults(&[("/password", "required")]);
            let mallory = app.signed_in("mallory").await;
            app.confirm(&mallory, &token).await.assert_faults(&[("/password", "required")]);
            let wrong = app.ask("email/confirm", json!({"token": token, "password": OTHER})).await;
            wrong.assert_problem(401, "invalid_credentials");
            let bad = app.post("/api/v1/email/confirm").header("authorization", "Bearer x.y.z");
            let bad = bad.json(json!({"token": token, "password": PASSWORD})).send().await;
            bad.assert_problem(401, "invalid_token");
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], false);
            let right = json!({"token": token, "password": PASSWORD});
            app.ask("email/confirm", right).await.assert_status(204);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], true);
        }

        async fn whoever_changes_the_address_back_does_not_lose_it_to_the_thief(app: Mailed) {
            let alice = app.confirmed("alice").await;
            let change = async |to: &str| {
                let body = json!({"email": to});
                app.post("/api/v1/email/change").by(&alice).json(body).send().await.assert_status(202);
                let token = app.token(to, "/confirm").await;
                app.confirm(&alice, &token).await.assert_status(204);
            };
            change("thief@example.net").await;
            let hers = app.token(ALICE, "/email/undo").await;
            change("thief@example.com").await;
            let his = app.token("thief@example.net", "/email/undo").await;
            change(ALICE).await;
            let told = app.letter("thief@example.com").await;
            assert!(!told.text().contains("/email/undo"), "{told:?}");
            for undo in [his, hers] {
                app.ask("email/undo", json!({"token": undo})).await.assert_problem(400, "invalid_link");
            }
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], ALICE);
        }

        async fn a_mail_comes_once_more_for_whoever_asks(app: Mailed) {
            app.signed_up("alice").await;
            app.letter(ALICE).await;
            app.ask("email/resend", json!({"email": ALICE})).await.assert_status(202);
            app.token(ALICE, "/confirm").await;
            let unknown = app.ask("email/resend", json!({"email": "nobody@example.org"})).await;
            unknown.assert_status(202);
        }

        async fn another_address_is_in_force_once_it_is_confirmed_and_can_be_taken_back(app: Mailed) {
            let alice = app.confirmed("alice").await;
            let asked = app.post("/api/v1/email/change").by(&alice).json(json!({"email": NEW}));
            asked.send().await.assert_status(202);
            let token = app.token(NEW, "/confirm").await;
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], ALICE);
            app.confirm(&alice, &token).await.assert_status(204);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], NEW);
            let present = app.post("/api/v1/email/change").by(&alice).json(json!({"email": NEW}));
            present.send().await.assert_status(204);

            let undo = app.token(ALICE, "/email/undo").await;
            app.ask("email/undo", json!({"token": undo})).await.assert_status(204);
            app.ask("email/undo", json!({"token": undo})).await.assert_problem(400, "invalid_link");
            app.me(&alice.access).await.assert_problem(401, "revoked_token");
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            let reset = app.token(ALICE, "/reset").await;
            let body = json!({"token": reset, "new_password": OTHER});
            app.ask("password/reset", body).await.assert_ok();
            let tokens = app.login("alice", OTHER).await.assert_ok();
            let me = app.me(tokens["access_token"].as_str().unwrap()).await.assert_ok();
            assert_eq!((&me["email"], &me["email_verified"]), (&json!(ALICE), &json!(true)));
        }

        async fn a_change_of_the_account_asks_for_the_address_too(app: Mailed) {
            let alice = app.confirmed("alice").await;
            let path = format!("/api/v1/users/{}", alice.id);
            let body = json!({"username": "alicia", "email": NEW});
            let asked = app.patch(&path).by(&alice).json(body).send().await;
            asked.assert_status(202);
            let user = asked.json();
            assert_eq!((&user["username"], &user["email"]), (&json!("alicia"), &json!(ALICE)));
            let body = json!({"username": "alicia", "email": ALICE});
            app.put(&path).by(&alice).json(body).send().await.assert_status(200);
            let token = app.token(NEW, "/confirm").await;
            app.confirm(&alice, &token).await.assert_status(204);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], NEW);
        }

        async fn a_forgotten_password_is_set_anew(app: Mailed) {
            let alice = app.confirmed("alice").await;
            app.ask("password/forgot", json!({"email": ALICE})).await.assert_status(202);
            let token = app.token(ALICE, "/reset").await;
            let reset = |new: &str| app.ask("password/reset", json!({"token": token, "new_password": new}));
            reset("alice").await.assert_faults(&[
                ("/new_password", "too_short"),
                ("/new_password", "same_as_identity"),
                ("/new_password", "too_weak"),
            ]);
            let device = reset(OTHER).await.assert_ok();
            assert!(device["device_token"].as_str().unwrap().starts_with("pcd_"));
            app.me(&alice.access).await.assert_problem(401, "revoked_token");
            app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
            reset(PASSWORD).await.assert_problem(400, "invalid_link");
            app.login("alice", OTHER).await.assert_ok();
            let told = app.letter(ALICE).await;
            assert_eq!(told.header("Subject").as_deref(), Some("Your password was changed"));
        }

        /// An imported name may have the canonical form of another account's.
        async fn a_reset_ends_no_counting_of_guesses_at_another_account(app: Mailed) {
            app.signed_up("alice").await;
            app.signed_up("mallory").await;
            app.store_clashing_name("mallory", "A1ice").await;
            for _ in 0..5 {
                app.login("alice", "not this one").await.assert_problem(401, "invalid_credentials");
            }
            app.letter("mallory@example.org").await;
            app.ask("password/forgot", json!({"email": "mallory@example.org"})).await.assert_status(202);
            let token = app.token("mallory@example.org", "/reset").await;
            let body = json!({"token": token, "new_password": OTHER});
            app.ask("password/reset", body).await.assert_ok();
            app.login("alice", "not this one").await.assert_problem(429, "too_many_attempts");
        }

        async fn a_link_begins_with_the_public_address_whatever_a_request_says(app: Mailed) {
            app.confirmed("alice").await;
            for (name, value) in [
                ("host", "evil.example"),
                ("x-forwarded-host", "evil.example"),
                ("forwarded", "host=evil.example;proto=https"),
                ("origin", "https://evil.example"),
            ] {
                let asked = app.post("/api/v1/password/forgot").header(name, value);
                asked.json(json!({"email": ALICE})).send().await.assert_status(202);
                let letter = app.letter(ALICE).await;
                assert!(!letter.message.contains("evil"), "{name}");
                app.advance(900);
            }
        }
    }
}

mod required {
    use super::*;

    every_backend! {
        async fn there_is_an_account_once_the_address_is_confirmed(app: Confirmed) {
            let bob = json!({"username": "bob", "email": "bob@example.org", "password": PASSWORD});
            let asked = app.ask("register", bob).await;
            asked.assert_status(202);
            assert_eq!(asked.json(), json!({"status": "verification_sent"}));
            app.login("bob", PASSWORD).await.assert_problem(401, "invalid_credentials");
            let token = app.token("bob@example.org", "/confirm").await;

            let confirm = |body| app.ask("email/confirm", body);
            confirm(json!({"token": token})).await.assert_faults(&[("/password", "required")]);
            let wrong = json!({"token": token, "password": OTHER});
            confirm(wrong).await.assert_problem(401, "invalid_credentials");
            let right = json!({"token": token, "password": PASSWORD});
            confirm(right.clone()).await.assert_status(204);
            confirm(right).await.assert_problem(400, "invalid_link");
            let tokens = app.login("bob", PASSWORD).await.assert_ok();
            let me = app.me(tokens["access_token"].as_str().unwrap()).await.assert_ok();
            assert_eq!(me["email_verified"], true);
        }

        async fn a_link_makes_no_account_again_that_was_deleted(app: Confirmed) {
            let bob = json!({"username": "bob", "email": "bob@example.org", "password": PASSWORD});
            app.ask("register", bob).await.assert_status(202);
            let token = app.token("bob@example.org", "/confirm").await;
            let confirm = |name: &str| {
                app.ask("email/confirm", json!({"token": token, "password": PASSWORD, "username": name}))
            };
            confirm("bob").await.assert_status(204);
            let tokens = app.login("bob", PASSWORD).await.assert_ok();
            let access = tokens["access_token"].as_str().unwrap();
            let me = app.me(access).await.assert_ok();
            let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
            app.delete(&path).bearer(access).send().await.assert_status(204);
            confirm("bobby").await.assert_problem(400, "invalid_link");
        }

        async fn a_link_makes_no_account_once_registration_is_closed(app: Confirmed) {
            let bob = json!({"username": "bob", "email": "bob@example.org", "password": PASSWORD});
            app.ask("register", bob).await.assert_status(202);
            let token = app.token("bob@example.org", "/confirm").await;
            let app = app.restart_with(&[("PORTCULLIS_REGISTRATION", "closed")]).await;
            let body = json!({"token": token, "password": PASSWORD});
            let late = app.post("/api/v1/email/confirm").json(body).send().await;
            late.assert_problem(403, "registration_closed");
        }

        async fn a_known_and_an_unknown_address_are_answered_alike(app: Confirmed) {
            let sign_up = async |name: &str, email: &str| {
                let body = json!({"username": name, "email": email, "password": PASSWORD});
                app.ask("register", body).await
            };
            sign_up("bob", "bob@example.org").await.assert_status(202);
            let token = app.token("bob@example.org", "/confirm").await;
            let body = json!({"token": token, "password": PASSWORD});
            app.ask("email/confirm", body).await.assert_status(204);

            let known = sign_up("carol", "bob@example.org").await;
            let unknown = sign_up("carol", "carol@example.org").await;
            known.assert_status(202);
            assert_eq!(known.json(), unknown.json());
            let told = app.letter("bob@example.org").await;
            assert_eq!(told.header("Subject").as_deref(), Some("You already have an account"));
            assert!(!told.message.contains("carol"));
            // Names are public.
            sign_up("bob", "robert@example.org").await.assert_problem(409, "username_taken");
        }

        async fn a_name_that_is_taken_meanwhile_is_replaced_at_the_confirmation(app: Confirmed) {
            let like_a_name = "correct-horse-battery-staple";
            for (email, password) in [("bob@example.org", PASSWORD), ("robert@example.org", like_a_name)] {
                let body = json!({"username": "bob", "email": email, "password": password});
                app.ask("register", body).await.assert_status(202);
            }
            let first = app.token("bob@example.org", "/confirm").await;
            let second = app.token("robert@example.org", "/confirm").await;
            let body = json!({"token": first, "password": PASSWORD});
            app.ask("email/confirm", body).await.assert_status(204);
            let body = json!({"token": second, "password": like_a_name});
            app.ask("email/confirm", body).await.assert_problem(409, "username_taken");
            for like in [like_a_name, "Correct-Horse-Battery-Staple"] {
                let body = json!({"token": second, "password": like_a_name, "username": like});
                app.ask("email/confirm", body).await.assert_faults(&[("/username", "like_password")]);
            }
            let body = json!({"token": second, "password": like_a_name, "username": "robert"});
            app.ask("email/confirm", body).await.assert_status(204);
            app.login("robert", like_a_name).await.assert_ok();
        }
    }
}

every_backend! {
    async fn what_needs_mail_says_so_where_it_is_off(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let body = json!({"email": ALICE});
        for path in ["/api/v1/password/forgot", "/api/v1/email/resend", "/api/v1/email/change"] {
            let asked = app.post(path).by(&alice).json(body.clone()).send().await;
            asked.assert_problem(403, "mail_disabled");
        }
    }

    async fn what_is_confirmed_is_named_in_one_way(app: TestApp) {
        let confirm = async |body| app.post("/api/v1/email/confirm").json(body).send().await;
        confirm(json!({})).await.assert_faults(&[("/token", "required")]);
        confirm(json!({"code": "12345678"})).await.assert_faults(&[("/email", "required")]);
        confirm(json!({"email": ALICE})).await.assert_faults(&[("/code", "required")]);
        let both = json!({"token": "pcc_x", "email": ALICE, "code": "12345678"});
        confirm(both).await.assert_faults(&[("/code", "unknown_field")]);
        confirm(json!({"token": "pcc_x"})).await.assert_problem(400, "invalid_link");
        confirm(json!({"email": ALICE, "code": "1"})).await.assert_problem(400, "invalid_link");
    }
}
