//! How often anybody is told that a name or an address is taken.

use integration::{Answer, Confirmed, PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

const THREE: (&str, &str) = ("PORTCULLIS_RATELIMIT_TAKEN", "3 per hour");

const BEHIND_A_PROXY: &[(&str, &str)] = &[THREE, ("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8")];

async fn register(app: &TestApp, name: &str, address: &str) -> Answer {
    let body = json!({"username": name, "email": address, "password": PASSWORD});
    app.post("/api/v1/register").json(body).send().await
}

async fn change(app: &TestApp, person: &Person, from: &str, body: Value) -> Answer {
    let path = format!("/api/v1/users/{}", person.id);
    let request = app.patch(&path).by(person).header("x-forwarded-for", from);
    request.json(body).send().await
}

#[track_caller]
fn assert_over(answer: &Answer) {
    answer.assert_problem(429, "rate_limited");
    assert_eq!(answer.header("retry-after"), Some("3600"));
    // What refused, and not the limits of the route.
    assert_eq!(answer.header("ratelimit"), Some("\"taken\";r=0;t=3600"));
    let policy = answer.header("ratelimit-policy");
    assert_eq!(policy, Some("\"taken\";q=3;w=3600"));
}

every_backend! {
    async fn registration_reveals_so_many_and_then_nothing(app: TestApp) {
        app.signed_up("alice").await;
        let app = app.restart_with(&[THREE]).await;
        register(&app, "alice", "new@example.org").await.assert_problem(409, "username_taken");
        register(&app, "new", "alice@example.org").await.assert_problem(409, "email_taken");
        register(&app, "alice", "alice@example.org").await.assert_problem(409, "username_taken");
        // The refusal is the same for what is taken and for what is free.
        assert_over(&register(&app, "alice", "new@example.org").await);
        assert_over(&register(&app, "new", "new@example.org").await);
        app.login("new", PASSWORD).await.assert_problem(401, "invalid_credentials");
        app.advance(3600);
        register(&app, "new", "new@example.org").await.assert_status(201);
    }

    async fn confirming_a_sign_up_uses_the_same_budget(app: Confirmed) {
        for (name, address) in [("bob", "bob@example.org"), ("bob", "robert@example.org"), ("carol", "carol@example.org")] {
            register(&app, name, address).await.assert_status(202);
        }
        let confirm = async |app: &TestApp, token: &str, name: Option<&str>| {
            let mut body = json!({"token": token, "password": PASSWORD});
            if let Some(name) = name {
                body["username"] = json!(name);
            }
            app.post("/api/v1/email/confirm").json(body).send().await
        };
        let bob = app.token("bob@example.org", "/confirm").await;
        let robert = app.token("robert@example.org", "/confirm").await;
        let carol = app.token("carol@example.org", "/confirm").await;
        let app = app.restart_with(&[THREE]).await;
        // What reveals nothing costs nothing.
        confirm(&app, &bob, None).await.assert_status(204);
        for name in [None, Some("bob"), Some("Bob")] {
            confirm(&app, &robert, name).await.assert_problem(409, "username_taken");
        }
        assert_over(&confirm(&app, &robert, Some("free")).await);
        assert_over(&confirm(&app, &carol, None).await);
        assert_over(&register(&app, "bob", "new@example.org").await);
        app.advance(3600);
        confirm(&app, &robert, Some("free")).await.assert_status(204);
    }

    async fn what_reveals_nothing_costs_nothing(app: TestApp) {
        let app = app.restart_with(&[THREE]).await;
        for name in ["a", "b", "c", "d", "e"] {
            register(&app, name, &format!("{name}@example.org")).await.assert_status(201);
            let weak = json!({"username": "x", "email": "x@example.org", "password": "password1"});
            app.post("/api/v1/register").json(weak).send().await.assert_problem(422, "validation_failed");
        }
        let alice = app.signed_in("alice").await;
        let path = format!("/api/v1/users/{}", alice.id);
        for _ in 0..5 {
            app.patch(&path).by(&alice).json(json!({"username": "alice"})).send().await.assert_ok();
        }
        for _ in 0..5 {
            let other = app.patch("/api/v1/users/somebody-else").by(&alice);
            other.json(json!({"username": "a"})).send().await.assert_problem(403, "forbidden");
        }
        register(&app, "alice", "new@example.org").await.assert_problem(409, "username_taken");
    }

    async fn a_change_of_the_profile_uses_the_same_budget(app: TestApp) {
        app.signed_up("bob").await;
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[THREE]).await;
        let path = format!("/api/v1/users/{}", alice.id);
        register(&app, "bob", "new@example.org").await.assert_problem(409, "username_taken");
        app.patch(&path).by(&alice).json(json!({"email": "bob@example.org"})).send().await
            .assert_problem(409, "email_taken");
        let both = json!({"username": "bob", "email": "alice@example.org"});
        app.put(&path).by(&alice).json(both.clone()).send().await.assert_problem(409, "username_taken");
        assert_over(&app.put(&path).by(&alice).json(both).send().await);
        assert_over(&app.patch(&path).by(&alice).json(json!({"username": "free"})).send().await);
        assert_over(&register(&app, "free", "free@example.org").await);
        assert_eq!(app.me(&alice.access).await.assert_ok()["username"], "alice");
    }

    // What was there before is reserved: nobody keeps any number of names from others.
    async fn a_change_that_reserves_something_uses_it_too(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[THREE]).await;
        for body in [json!({"username": "b"}), json!({"email": "c@example.org"}), json!({"username": "alice"})] {
            change(&app, &alice, "", body).await.assert_ok();
        }
        assert_over(&change(&app, &alice, "", json!({"username": "d"})).await);
        assert_over(&change(&app, &alice, "", json!({"username": "alice"})).await);
    }

    async fn a_page_uses_the_same_budget(app: TestApp) {
        app.signed_up("bob").await;
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[THREE]).await;
        let mut browser = app.browser();
        browser.open("/register").await;
        let fields = [("username", "bob"), ("email", "new@example.org"), ("password", PASSWORD)];
        browser.submit("/register", &fields).await.assert_fault(409, "username");
        let mut browser = app.browser_of("alice").await;
        let fields = [("username", "bob"), ("email", "alice@example.org")];
        browser.submit("/account/profile", &fields).await.assert_fault(409, "profile-username");
        change(&app, &alice, "", json!({"username": "bob"})).await.assert_problem(409, "username_taken");
        browser.submit("/account/profile", &fields).await.assert_error_page(429, "Too many requests");
        assert_over(&change(&app, &alice, "", json!({"username": "bob"})).await);
    }

    async fn neither_accounts_on_one_address_nor_addresses_of_one_account_get_more(app: TestApp) {
        app.signed_up("bob").await;
        let (alice, carol) = (app.signed_in("alice").await, app.signed_in("carol").await);
        let app = app.restart_with(BEHIND_A_PROXY).await;
        let bob = || json!({"username": "bob"});
        for n in 0..3 {
            change(&app, &alice, &format!("203.0.113.{n}"), bob()).await.assert_problem(409, "username_taken");
        }
        assert_over(&change(&app, &alice, "203.0.113.9", bob()).await);
        // A refusal costs the address nothing: it has two left, as these had before.
        change(&app, &carol, "203.0.113.0", bob()).await.assert_problem(409, "username_taken");
        change(&app, &carol, "203.0.113.0", bob()).await.assert_problem(409, "username_taken");
        assert_over(&change(&app, &carol, "203.0.113.0", bob()).await);
        change(&app, &carol, "203.0.113.9", bob()).await.assert_problem(409, "username_taken");
        assert_over(&change(&app, &carol, "203.0.113.10", bob()).await);
    }

    async fn many_at_once_are_told_no_more(app: TestApp) {
        app.signed_up("bob").await;
        let alice = app.signed_in("alice").await;
        let app = app.restart_with(&[THREE]).await;
        let path = format!("/api/v1/users/{}", alice.id);
        let asked: Vec<_> = (0..30)
            .map(|_| app.patch(&path).by(&alice).json(json!({"username": "bob"})).spawn())
            .collect();
        let mut told = 0;
        for answer in asked {
            let answer = answer.await.unwrap();
            match answer.status.as_u16() {
                409 => told += 1,
                _ => drop(answer.assert_problem(429, "rate_limited")),
            }
        }
        assert_eq!(told, 3);
    }

    async fn it_lasts_over_a_restart(app: TestApp) {
        app.signed_up("bob").await;
        let app = app.restart_with(&[THREE]).await;
        for _ in 0..3 {
            register(&app, "bob", "new@example.org").await.assert_problem(409, "username_taken");
        }
        let app = app.restart().await;
        assert_over(&register(&app, "bob", "new@example.org").await);
    }
}
