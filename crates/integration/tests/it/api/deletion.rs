//! Deletion after a time in which the owner may come back.

use integration::{Answer, Backend, Mailed, PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

const ALICE: &str = "alice@example.org";
const THIEF: &str = "thief@example.net";
const NEW: &str = "another long and winding phrase";
const OF_THIEF: &str = "what nobody else would think of";

/// Thirty days, in seconds.
const GRACE: u64 = 2_592_000;

/// When an account is deleted whose owner wants that at the start.
const DUE_AT: &str = "2027-02-14T08:00:00.000Z";
const SETTING: (&str, &str) = ("PORTCULLIS_DELETION_GRACE", "2592000");

/// An application that waits.
struct Waiting(TestApp);

/// One that sends mail, too.
struct WaitingMailed(Mailed);

impl Waiting {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[SETTING]).await)
    }
}

impl WaitingMailed {
    async fn start(backend: Backend) -> Self {
        Self(Mailed::start_with(backend, &[SETTING]).await)
    }
}

async fn delete(app: &TestApp, person: &Person) -> Answer {
    let path = format!("/api/v1/users/{}", person.id);
    let deleted = app.delete(&path).by(person).send().await;
    assert!(matches!(deleted.status.as_u16(), 202 | 204), "{deleted:?}");
    deleted
}

async fn come_back(app: &TestApp, name: &str, password: &str) -> Answer {
    let body = json!({"username": name, "password": password, "keep_account": true});
    app.post("/api/v1/login").json(body).send().await
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

mod without_mail {
    use super::*;

    every_backend! {
        async fn it_ends_every_session_and_the_name_stays_taken(app: Waiting) {
            let Waiting(app) = app;
            let here = app.signed_in("alice").await;
            let there = app.another_session("alice", &here.id).await;
            delete(&app, &here).await;
            for person in [&here, &there] {
                app.me(&person.access).await.assert_problem(401, "revoked_token");
                app.refresh(&person.refresh).await.assert_problem(401, "revoked_token");
            }
            let again = json!({"username": "alice", "email": "new@example.org", "password": PASSWORD});
            app.post("/api/v1/register").json(again).send().await.assert_problem(409, "username_taken");
            let app = app.restart().await;
            app.me(&there.access).await.assert_problem(401, "revoked_token");
            app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");
        }

        async fn it_is_revealed_to_whoever_knows_the_password_and_to_nobody_else(app: Waiting) {
            let Waiting(app) = app;
            let alice = app.signed_in("alice").await;
            let scheduled = delete(&app, &alice).await.assert_status(202).json();
            assert_eq!(scheduled, json!({"deletion_due_at": DUE_AT}));
            app.login("alice", "not this one").await.assert_problem(401, "invalid_credentials");
            come_back(&app, "alice", "not this one").await.assert_problem(401, "invalid_credentials");
            let problem = app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");
            assert_eq!(text(&problem, "deletion_due_at"), DUE_AT);
            app.login(ALICE, PASSWORD).await.assert_problem(403, "deletion_scheduled");
            come_back(&app, "nobody", PASSWORD).await.assert_problem(401, "invalid_credentials");
        }

        async fn who_comes_back_keeps_the_account(app: Waiting) {
            let Waiting(app) = app;
            let alice = app.signed_in("alice").await;
            delete(&app, &alice).await;
            app.advance(GRACE - 1);
            app.sweep().await;
            let tokens = come_back(&app, "alice", PASSWORD).await.assert_ok();
            let me = app.me(text(&tokens, "access_token")).await.assert_ok();
            assert_eq!(text(&me, "id"), alice.id);
            app.refresh(text(&tokens, "refresh_token")).await.assert_ok();
            app.me(&alice.access).await.assert_status(401);
            app.advance(GRACE);
            app.sweep().await;
            app.login("alice", PASSWORD).await.assert_ok();
            // To anybody else it is a sign-in.
            come_back(&app, "alice", PASSWORD).await.assert_ok();
        }

        async fn when_the_time_is_over_it_is_gone(app: Waiting) {
            let Waiting(app) = app;
            let alice = app.signed_in("alice").await;
            app.signed_up("bob").await;
            delete(&app, &alice).await;
            app.advance(GRACE);
            app.sweep().await;
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            come_back(&app, "alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            app.login("bob", PASSWORD).await.assert_ok();
        }

        async fn guesses_are_counted_while_it_waits(app: Waiting) {
            let Waiting(app) = app;
            let alice = app.signed_in("alice").await;
            delete(&app, &alice).await;
            for _ in 0..5 {
                come_back(&app, "alice", "not this one").await.assert_problem(401, "invalid_credentials");
            }
            come_back(&app, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        }

        async fn no_stranger_keeps_its_owner_from_coming_back_on_a_known_device(app: Waiting) {
            let Waiting(app) = app;
            let alice = app.signed_in("alice").await;
            let tokens = app.login("alice", PASSWORD).await.assert_ok();
            let device = text(&tokens, "device_token").to_owned();
            delete(&app, &alice).await;
            for _ in 0..5 {
                app.login("alice", "not this one").await.assert_problem(401, "invalid_credentials");
                app.login(ALICE, "not this one").await;
            }
            come_back(&app, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
            let back = async |password: &str| {
                let body = json!({"username": "alice", "password": password, "keep_account": true});
                app.post("/api/v1/login").header("x-portcullis-device", &device).json(body).send().await
            };
            back("not this one").await.assert_problem(401, "invalid_credentials");
            let tokens = back(PASSWORD).await.assert_ok();
            // That device is known again, and the token of before is good for nothing.
            back("not this one").await.assert_problem(429, "too_many_attempts");
            let now = text(&tokens, "device_token");
            let body = json!({"username": "alice", "password": PASSWORD});
            app.post("/api/v1/login").header("x-portcullis-device", now).json(body).send().await.assert_ok();
        }

        async fn a_field_that_is_no_switch_is_refused(app: Waiting) {
            let Waiting(app) = app;
            let body = json!({"username": "alice", "password": PASSWORD, "keep_account": "please"});
            app.post("/api/v1/login").json(body).send().await
                .assert_faults(&[("/keep_account", "invalid_type")]);
        }
    }
}

mod with_mail {
    use super::*;

    every_backend! {
        async fn the_owner_is_told_when_it_is_scheduled_and_when_it_is_done(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.confirmed("alice").await;
            delete(&app, &alice).await;
            let scheduled = app.letter(ALICE).await;
            assert_eq!(scheduled.header("Subject").as_deref(), Some("Your account will be deleted"));
            assert!(scheduled.link().ends_with("/login"));
            app.advance(GRACE);
            app.sweep().await;
            let told = app.letter(ALICE).await;
            assert_eq!(told.header("Subject").as_deref(), Some("Your account was deleted"));
        }

        async fn the_owner_is_told_that_somebody_keeps_it(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.confirmed("alice").await;
            delete(&app, &alice).await;
            app.letter(ALICE).await;
            come_back(&app, "alice", PASSWORD).await.assert_ok();
            let told = app.letter(ALICE).await;
            assert_eq!(told.header("Subject").as_deref(), Some("Your account stays"));
            assert!(told.link().ends_with("/forgot"));
            // A sign-in keeps nothing.
            come_back(&app, "alice", PASSWORD).await.assert_ok();
            let tokens = app.login("alice", PASSWORD).await.assert_ok();
            let again = Person { access: text(&tokens, "access_token").to_owned(), ..alice };
            delete(&app, &again).await;
            let next = app.letter(ALICE).await;
            assert_eq!(next.header("Subject").as_deref(), Some("Your account will be deleted"));
        }

        async fn no_other_notice_crowds_out_the_one_of_the_deletion(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.confirmed("alice").await;
            let mut now = PASSWORD.to_owned();
            for number in 0..3 {
                let next = format!("{NEW} {number}");
                let body = json!({"current_password": now, "new_password": next});
                app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_ok();
                app.letter(ALICE).await;
                now = next;
            }
            delete(&app, &alice).await;
            let scheduled = app.letter(ALICE).await;
            assert_eq!(scheduled.header("Subject").as_deref(), Some("Your account will be deleted"));
        }

        async fn whoever_must_confirm_the_address_first_keeps_the_account_first(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.signed_in("alice").await;
            app.letter(ALICE).await;
            let app = app.restart_with(&[SETTING, ("PORTCULLIS_EMAIL_VERIFICATION", "required")]).await;
            delete(&app, &alice).await.assert_status(202);
            app.login("alice", "not this one").await.assert_problem(401, "invalid_credentials");
            app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");
            come_back(&app, "alice", PASSWORD).await.assert_problem(403, "email_unverified");
            app.ask("email/resend", json!({"email": ALICE})).await.assert_status(202);
            let body = json!({"token": app.token(ALICE, "/confirm").await, "password": PASSWORD});
            app.ask("email/confirm", body).await.assert_status(204);
            app.advance(GRACE);
            app.sweep().await;
            app.login("alice", PASSWORD).await.assert_ok();
        }

        async fn no_link_of_before_is_good_while_it_waits(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.confirmed("alice").await;
            app.ask("password/forgot", json!({"email": ALICE})).await.assert_status(202);
            let before = app.token(ALICE, "/reset").await;
            delete(&app, &alice).await;
            app.letter(ALICE).await;
            let body = json!({"token": before, "new_password": NEW});
            app.ask("password/reset", body).await.assert_problem(400, "invalid_link");
            app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");
        }

        async fn a_thief_who_changes_the_password_and_deletes_does_not_win(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.confirmed("alice").await;
            let body = json!({"current_password": PASSWORD, "new_password": OF_THIEF});
            app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_ok();
            app.letter(ALICE).await;
            delete(&app, &alice).await.assert_status(202);
            app.letter(ALICE).await;
            come_back(&app, "alice", PASSWORD).await.assert_problem(401, "invalid_credentials");

            app.ask("password/forgot", json!({"email": ALICE})).await.assert_status(202);
            let letter = app.letter(ALICE).await;
            assert!(letter.text().contains("A new password keeps it."), "{letter:?}");
            let link = letter.link();
            let (_, token) = link.split_once("token=").unwrap();
            let body = json!({"token": token, "new_password": NEW});
            app.ask("password/reset", body.clone()).await.assert_ok();
            app.ask("password/reset", body).await.assert_problem(400, "invalid_link");
            come_back(&app, "alice", OF_THIEF).await.assert_problem(401, "invalid_credentials");
            app.advance(GRACE);
            app.sweep().await;
            let tokens = app.login("alice", NEW).await.assert_ok();
            let me = app.me(text(&tokens, "access_token")).await.assert_ok();
            assert_eq!(text(&me, "id"), alice.id);
        }

        async fn a_thief_who_changes_the_address_and_deletes_does_not_win(app: WaitingMailed) {
            let WaitingMailed(app) = app;
            let alice = app.confirmed("alice").await;
            app.post("/api/v1/email/change").by(&alice).json(json!({"email": THIEF})).send().await.assert_status(202);
            let token = app.token(THIEF, "/confirm").await;
            app.confirm(&alice, &token).await.assert_status(204);
            let undo = app.token(ALICE, "/email/undo").await;
            delete(&app, &alice).await;
            app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");

            app.ask("email/undo", json!({"token": undo})).await.assert_status(204);
            let reset = app.token(ALICE, "/reset").await;
            let body = json!({"token": reset, "new_password": NEW});
            app.ask("password/reset", body).await.assert_ok();
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            come_back(&app, "alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            app.advance(GRACE);
            app.sweep().await;
            app.login("alice", NEW).await.assert_ok();
        }
    }
}

mod at_once {
    use super::*;

    every_backend! {
        async fn whoever_had_the_address_is_told_where_a_thief_changes_it_and_deletes(app: Mailed) {
            for number in 0..5 {
                let name = format!("victim-{number}");
                let thief = format!("thief-{number}@example.net");
                let person = app.confirmed(&name).await;
                let body = json!({"email": thief});
                app.post("/api/v1/email/change").by(&person).json(body).send().await.assert_status(202);
                let token = app.token(&thief, "/confirm").await;
                app.confirm(&person, &token).await.assert_status(204);
                delete(&app, &person).await.assert_status(204);
                // Whichever of the two the server has seen first.
                let told = app.letter(&format!("{name}@example.org")).await;
                assert_eq!(told.header("Subject").as_deref(), Some("Your e-mail address was changed"));
                let is_deleted = told.text().contains("was deleted. Shortly before");
                assert!(is_deleted || told.text().contains("/email/undo"), "{told:?}");
            }
        }

        async fn the_owner_is_told_that_it_was_deleted(app: Mailed) {
            let alice = app.confirmed("alice").await;
            delete(&app, &alice).await;
            let told = app.letter(ALICE).await;
            assert_eq!(told.header("Subject").as_deref(), Some("Your account was deleted"));
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        }
    }
}
