use std::collections::BTreeSet;

use integration::{Answer, TestApp, every_backend};

every_backend! {
    async fn it_is_oneself(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        for person in [&alice, &bob, &alice] {
            let me = app.get("/api/v1/me").by(person).send().await.assert_ok();
            assert_eq!((&me["id"], &me["username"]), (&person.id.clone().into(), &person.name.clone().into()));
        }
    }

    async fn it_is_the_same_from_the_store_and_from_memory(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let app = app.restart().await;
        let from_store = app.me(&alice.access).await;
        let from_memory = app.me(&alice.access).await;
        assert_eq!(from_store.assert_ok(), from_memory.assert_ok());
        let names = |answer: &Answer| answer.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(names(&from_store), names(&from_memory));
        from_memory.assert_guarded(false);
        app.me(&alice.refresh).await.assert_problem(401, "wrong_token_type");
    }

    async fn each_bad_token_has_its_code(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.get("/api/v1/me").send().await.assert_problem(401, "missing_token");
        app.me("x.y.z").await.assert_problem(401, "invalid_token");
        app.me(&alice.refresh).await.assert_problem(401, "wrong_token_type");
        let (head, tail) = alice.access.split_at(alice.access.len() - 4);
        let flipped: String = tail.chars().map(|c| if c == 'A' { 'B' } else { 'A' }).collect();
        app.me(&format!("{head}{flipped}")).await.assert_problem(401, "invalid_token");
        app.advance(900);
        app.me(&alice.access).await.assert_problem(401, "expired_token");
    }

    async fn the_name_of_the_scheme_has_no_case(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
            let sent = format!("{scheme} {}", alice.access);
            let me = app.get("/api/v1/me").header("authorization", &sent).send().await;
            assert_eq!(me.assert_ok()["username"], "alice", "RFC 9110 §11.1");
        }
    }

    async fn the_challenge_tells_whether_a_token_was_sent(app: TestApp) {
        let none = app.get("/api/v1/me").send().await;
        assert_eq!(none.header("www-authenticate"), Some("Bearer"), "RFC 6750 §3.1");
        let bad = app.me("x").await;
        assert!(bad.header("www-authenticate").unwrap().contains(r#"error="invalid_token""#));
    }

    async fn a_token_is_not_taken_from_the_query_or_a_cookie(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.get(&format!("/api/v1/me?access_token={}", alice.access)).send().await.assert_problem(401, "missing_token");
        let cookie = format!("access_token_cookie={}", alice.access);
        app.get("/api/v1/me").header("cookie", &cookie).send().await.assert_problem(401, "missing_token");
    }

    async fn an_account_that_was_just_read_is_served_while_the_store_is_gone(app: TestApp) {
        let (alice, bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
        app.get("/api/v1/me").by(&alice).send().await.assert_ok();
        app.close_store().await;
        app.advance(6); // what the cache holds is no longer fresh
        let me = app.get("/api/v1/me").by(&alice).send().await.assert_ok();
        assert_eq!(me["username"], "alice");
        let unknown = app.get("/api/v1/me").by(&bob).send().await;
        unknown.assert_problem(503, "unavailable");
        app.advance(30); // longer than tokens are taken without the store
        let answer = app.get("/api/v1/me").by(&alice).send().await;
        answer.assert_problem(503, "unavailable");
        assert!(answer.header("retry-after").is_some());
    }
}
