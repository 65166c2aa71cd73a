//! Names and addresses that an account has let go of.

use integration::{Answer, PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

const DAY: u64 = 86_400;

async fn register(app: &TestApp, name: &str, address: &str) -> Answer {
    let body = json!({"username": name, "email": address, "password": PASSWORD});
    app.post("/api/v1/register").json(body).send().await
}

async fn change(app: &TestApp, person: &Person, body: Value) -> Answer {
    let path = format!("/api/v1/users/{}", person.id);
    app.patch(&path).by(person).json(body).send().await
}

/// All that a client is told, but for the id of the request.
fn told(answer: &Answer, code: &str) -> Value {
    let mut problem = answer.assert_problem(409, code);
    problem["request_id"] = Value::Null;
    problem
}

every_backend! {
    async fn a_changed_name_and_a_changed_address_are_nobody_elses_for_thirty_days(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let new = json!({"username": "alicia", "email": "alicia@example.org"});
        change(&app, &alice, new).await.assert_ok();
        // Nothing distinguishes what is reserved from what somebody has.
        let reserved = register(&app, "alice", "new@example.org").await;
        let taken = register(&app, "alicia", "new@example.org").await;
        assert_eq!(told(&reserved, "username_taken"), told(&taken, "username_taken"));
        let reserved = register(&app, "new", "alice@example.org").await;
        let taken = register(&app, "new", "alicia@example.org").await;
        assert_eq!(told(&reserved, "email_taken"), told(&taken, "email_taken"));
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");

        let app = app.restart().await;
        app.advance(30 * DAY - 1);
        app.sweep().await;
        register(&app, "Alice", "new@example.org").await.assert_problem(409, "username_taken");
        app.advance(1);
        register(&app, "Alice", "alice@example.org").await.assert_status(201);
    }

    async fn who_let_go_of_it_takes_it_back(app: TestApp) {
        let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
        change(&app, &alice, json!({"username": "alicia"})).await.assert_ok();
        change(&app, &bob, json!({"username": "alice"})).await.assert_problem(409, "username_taken");
        change(&app, &alice, json!({"username": "alice"})).await.assert_ok();
        change(&app, &bob, json!({"username": "alicia"})).await.assert_problem(409, "username_taken");
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn what_a_deleted_account_had_is_nobodys_for_thirty_days(app: TestApp) {
        let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
        let path = format!("/api/v1/users/{}", alice.id);
        app.delete(&path).by(&alice).send().await.assert_status(204);
        register(&app, "alice", "alice@example.org").await.assert_problem(409, "username_taken");
        register(&app, "new", "alice@example.org").await.assert_problem(409, "email_taken");
        change(&app, &bob, json!({"email": "ALICE@example.org"})).await.assert_problem(409, "email_taken");
        app.advance(30 * DAY);
        register(&app, "alice", "alice@example.org").await.assert_status(201);
    }

    async fn it_stays_reserved_while_the_key_before_is_taken(app: TestApp) {
        let alice = app.signed_in("alice").await;
        change(&app, &alice, json!({"username": "alicia"})).await.assert_ok();
        let next = ("SECRET_KEY", "the-next-key-of-the-tests-0123456789-abcdefghi");
        let app = app.restart_with(&[next, ("SECRET_KEY_PREVIOUS", TestApp::OTHER_SECRET)]).await;
        register(&app, "alice", "new@example.org").await.assert_problem(409, "username_taken");
        change(&app, &alice, json!({"username": "alice"})).await.assert_ok();
    }

    async fn to_be_told_so_costs_what_a_taken_name_costs(app: TestApp) {
        let alice = app.signed_in("alice").await;
        change(&app, &alice, json!({"username": "alicia"})).await.assert_ok();
        let app = app.restart_with(&[("PORTCULLIS_RATELIMIT_TAKEN", "1 per hour")]).await;
        register(&app, "alice", "new@example.org").await.assert_problem(409, "username_taken");
        register(&app, "alice", "new@example.org").await.assert_problem(429, "rate_limited");
    }
}
