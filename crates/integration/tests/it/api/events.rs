use integration::{PASSWORD, Person, TestApp, every_backend};
use serde_json::{Value, json};

/// A page of somebody's events, and how to go on.
async fn page(app: &TestApp, person: &Person, query: &str) -> (Vec<Value>, Value) {
    let path = format!("/api/v1/me/events{query}");
    let answer = app.get(&path).by(person).send().await.assert_ok();
    let items = answer["items"].as_array().unwrap().clone();
    (items, answer["next_cursor"].clone())
}

/// What they are about, and why they were refused.
fn what(events: &[Value]) -> Vec<(&str, Option<&str>)> {
    events
        .iter()
        .map(|event| (event["event"].as_str().unwrap(), event["reason"].as_str()))
        .collect()
}

/// What `audit verify` answers: its exit code, and the faults it found.
async fn audit(app: &TestApp) -> (Option<i32>, Vec<(String, String)>) {
    let ran = app.command(&["audit", "verify", "--json"]).await;
    let found: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let text = |fault: &Value, member: &str| fault[member].as_str().unwrap().to_owned();
    let found = found["found"].as_array().unwrap().iter();
    let found = found.map(|fault| (text(fault, "account"), text(fault, "fault")));
    (ran.code, found.collect())
}

every_backend! {
    async fn one_reads_what_happened_the_last_first(app: TestApp) {
        let id = app.signed_up("alice").await;
        app.advance(5);
        app.login("alice", "not the password").await.assert_problem(401, "invalid_credentials");
        app.advance(5);
        let alice = app.another_session("alice", &id).await;
        let body = json!({"current_password": PASSWORD, "new_password": "staple the horse to a battery"});
        app.put("/api/v1/me/password").by(&alice).json(body).send().await.assert_ok();

        let answer = app.get("/api/v1/me/events").by(&alice).send().await.assert_ok();
        let events = answer["items"].as_array().unwrap();
        assert_eq!(what(events), [
            ("password_change", None),
            ("sign_in", None),
            ("sign_in", Some("wrong_password")),
            ("registration", None),
        ]);
        assert_eq!(answer["next_cursor"], Value::Null);
        let numbers: Vec<_> = events.iter().map(|event| event["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [4, 3, 2, 1]);
        let refused = &events[2];
        assert_eq!(refused["outcome"], "refused");
        assert_eq!(refused["address"], "127.0.0.1");
        assert_eq!(refused["agent"], TestApp::AGENT);
        assert_eq!(refused["at"], "2027-01-15T08:00:05.000Z");
        assert_eq!(refused["by"], Value::Null);
        assert_eq!((&events[1]["outcome"], &events[1]["session"]), (&json!("done"), &events[0]["session"]));
        let said = answer.to_string();
        for secret in [PASSWORD, "not the password", "alice", &alice.access] {
            assert!(!said.contains(secret), "{secret}: {said}");
        }
    }

    async fn they_come_a_page_at_a_time(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for _ in 0..3 {
            app.login("alice", PASSWORD).await.assert_ok();
        }
        let (all, _) = page(&app, &alice, "").await;
        assert_eq!(all.len(), 5);
        let (mut found, mut query) = (Vec::new(), "?limit=2".to_owned());
        loop {
            let (events, next) = page(&app, &alice, &query).await;
            assert!(events.len() <= 2);
            found.extend(events);
            let Some(next) = next.as_str() else { break };
            query = format!("?limit=2&cursor={next}");
        }
        assert_eq!(found, all);
    }

    async fn what_is_no_page_is_refused(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let ask = async |query: &str| app.get(&format!("/api/v1/me/events{query}")).by(&alice).send().await;
        ask("?cursor=x").await.assert_faults(&[("/cursor", "invalid_cursor")]);
        ask("?cursor=-1").await.assert_faults(&[("/cursor", "invalid_cursor")]);
        for limit in ["0", "101", "ten"] {
            ask(&format!("?limit={limit}")).await.assert_faults(&[("/limit", "out_of_range")]);
        }
        app.get("/api/v1/me/events").send().await.assert_problem(401, "missing_token");
    }

    async fn nobody_reads_those_of_another(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        app.login("bob", "not the password").await.assert_problem(401, "invalid_credentials");
        let (events, _) = page(&app, &alice, "").await;
        assert_eq!(what(&events), [("sign_in", None), ("registration", None)]);
        let (events, _) = page(&app, &bob, "").await;
        assert_eq!(what(&events)[0], ("sign_in", Some("wrong_password")));
    }

    async fn they_survive_a_restart_and_stay_as_long_as_is_set(app: TestApp) {
        app.signed_up("alice").await;
        app.login("alice", "not the password").await.assert_problem(401, "invalid_credentials");
        let app = app.restart_with(&[("PORTCULLIS_EVENTS_DAYS", "30")]).await;
        app.advance(29 * 86_400);
        app.sweep().await;
        let alice = app.another_session("alice", "").await;
        let (events, _) = page(&app, &alice, "").await;
        assert_eq!(events.len(), 3);
        app.advance(2 * 86_400);
        app.sweep().await;
        let alice = app.another_session("alice", "").await;
        let (events, _) = page(&app, &alice, "").await;
        let numbers: Vec<_> = events.iter().map(|event| event["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [4, 3]);
        assert_eq!(audit(&app).await, (Some(0), vec![]));
    }

    async fn where_none_are_kept_there_are_none(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_EVENTS_DAYS", "0")]).await;
        let alice = app.signed_in("alice").await;
        assert_eq!(page(&app, &alice, "").await, (vec![], Value::Null));
        assert_eq!(audit(&app).await, (Some(0), vec![]));
    }

    async fn an_export_has_all_of_them(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for _ in 0..60 {
            app.get("/api/v1/me/export").by(&alice).send().await.assert_ok();
            app.login("alice", PASSWORD).await.assert_ok();
        }
        let export = app.get("/api/v1/me/export").by(&alice).send().await.assert_ok();
        let events = export["events"].as_array().unwrap();
        assert_eq!(events.len(), 123);
        assert_eq!(events[0]["event"], "export");
        let (page, _) = page(&app, &alice, "?limit=1").await;
        assert_eq!(page[0], events[0]);
    }

    async fn whoever_has_a_token_pushes_nothing_out(app: TestApp) {
        let alice = app.signed_in("alice").await;
        for _ in 0..110 {
            app.get("/api/v1/me/export").by(&alice).send().await.assert_ok();
        }
        let (events, next) = page(&app, &alice, "?limit=100").await;
        assert_eq!((&events[0]["event"], &events[0]["more"]), (&json!("export"), &json!(true)));
        let (events, _) = page(&app, &alice, &format!("?cursor={}", next.as_str().unwrap())).await;
        assert_eq!(what(&events), [("sign_in", None), ("registration", None)]);
    }

    async fn whatever_is_removed_or_changed_by_hand_is_found(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        for person in [&alice, &bob] {
            app.get("/api/v1/me/export").by(person).send().await.assert_ok();
        }
        assert_eq!(audit(&app).await, (Some(0), vec![]));

        app.remove_event(&alice.id, 2).await;
        let missing = (alice.id.clone(), "event 2 is missing".to_owned());
        assert_eq!(audit(&app).await, (Some(3), vec![missing.clone()]));
        app.rewrite_event(&bob.id, 1).await;
        let changed = (bob.id.clone(), "event 1 was changed".to_owned());
        let (code, mut found) = audit(&app).await;
        found.sort();
        let mut expected = vec![missing, changed];
        expected.sort();
        assert_eq!((code, found), (Some(3), expected));
        app.remove_event(&bob.id, 3).await;
        let ran = app.command(&["audit", "verify", "bob"]).await;
        assert_eq!(ran.code, Some(3));
        assert!(ran.stdout.contains(": the events after 2 are missing, up to 3\n"), "{ran:?}");
        assert!(ran.stdout.ends_with("2 events of 1 account: 2 faults\n"), "{ran:?}");
        // It still shows when more has happened.
        app.login("bob", PASSWORD).await.assert_ok();
        page(&app, &bob, "").await;
        let ran = app.command(&["audit", "verify", "bob"]).await;
        assert!(ran.stdout.contains(": event 3 is missing\n"), "{ran:?}");
    }

    async fn a_forged_note_of_the_last_event_shows_also_after_the_next(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.login("alice", PASSWORD).await.assert_ok();
        page(&app, &alice, "").await;
        for number in [2, 3] {
            app.remove_event(&alice.id, number).await;
        }
        app.forge_last_event(&alice.id, 1).await;
        let (code, found) = audit(&app).await;
        assert_eq!((code, found.len()), (Some(3), 1), "{found:?}");
        app.login("alice", PASSWORD).await.assert_ok();
        page(&app, &alice, "").await;
        let missing = (alice.id.clone(), "event 2 is missing".to_owned());
        assert_eq!(audit(&app).await, (Some(3), vec![missing]));
    }

    async fn what_was_made_to_look_old_is_not_removed_for_its_age(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        page(&app, &alice, "").await;
        page(&app, &bob, "").await;
        for number in [1, 2] {
            app.age_event(&alice.id, number).await;
        }
        app.sweep().await;
        let changed = (alice.id.clone(), "events 1 to 2 were changed".to_owned());
        assert_eq!(audit(&app).await, (Some(3), vec![changed.clone()]));
        // It holds up nobody else's.
        app.advance(91 * 86_400);
        app.sweep().await;
        let bob = app.another_session("bob", &bob.id).await;
        let (events, _) = page(&app, &bob, "").await;
        assert_eq!(what(&events), [("sign_in", None)]);
        assert_eq!(audit(&app).await, (Some(3), vec![changed]));
    }

    async fn an_event_that_cannot_be_read_stands_in_nobodys_way(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let (events, _) = page(&app, &alice, "").await;
        assert_eq!(events.len(), 2);
        app.garble_event(&alice.id, 2).await;
        app.login("alice", PASSWORD).await.assert_ok();
        let (events, _) = page(&app, &alice, "").await;
        let numbers: Vec<_> = events.iter().map(|event| event["number"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [3, 1]);
        assert_eq!(audit(&app).await.0, Some(3));
        app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await.assert_status(204);
        assert_eq!(audit(&app).await.0, Some(3));
    }

    async fn a_deleted_account_leaves_a_chain_that_says_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let bob = app.signed_in("bob").await;
        app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await.assert_status(204);
        assert_eq!(audit(&app).await, (Some(0), vec![]));
        app.remove_event(&alice.id, 3).await;
        let found = (alice.id.clone(), "the account is gone, and no event says that it was deleted".to_owned());
        assert_eq!(audit(&app).await, (Some(3), vec![found]));
        let ran = app.command(&["audit", "verify", &alice.id]).await;
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let ran = app.command(&["audit", "verify", "nobody"]).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let (events, _) = page(&app, &bob, "").await;
        assert_eq!(events.len(), 2);
    }

    async fn what_another_key_has_chained_is_no_fault_and_can_not_be_checked(app: TestApp) {
        app.signed_in("alice").await;
        let other = "another-key-of-the-tests-0123456789-abcdefghijkl";
        let app = app.restart_with(&[("SECRET_KEY", other), ("SECRET_KEY_PREVIOUS", TestApp::OTHER_SECRET)]).await;
        let alice = app.another_session("alice", "").await;
        page(&app, &alice, "").await;
        assert_eq!(audit(&app).await, (Some(0), vec![]));
        let third = "a-third-key-of-the-tests-0123456789-abcdefghijkl";
        let app = app.restart_with(&[("SECRET_KEY", third), ("SECRET_KEY_PREVIOUS", other)]).await;
        let (code, found) = audit(&app).await;
        assert_eq!((code, found.len()), (Some(4), 1), "{found:?}");
        assert_eq!(found[0].1, "events 1 to 2 can't be checked: they were written with another SECRET_KEY");
    }

    async fn an_account_that_comes_back_after_a_rotation_lacks_nothing(app: TestApp) {
        app.signed_in("alice").await;
        app.advance(91 * 86_400);
        app.sweep().await; // nothing but the notes is left
        let other = "another-key-of-the-tests-0123456789-abcdefghijkl";
        let app = app.restart_with(&[("SECRET_KEY", other), ("SECRET_KEY_PREVIOUS", TestApp::OTHER_SECRET)]).await;
        let ran = app.command(&["keys", "reencrypt", "--json"]).await;
        let done: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        assert_eq!(done["event_chains_renewed"], 1);
        let third = "a-third-key-of-the-tests-0123456789-abcdefghijkl";
        let app = app.restart_with(&[("SECRET_KEY", third), ("SECRET_KEY_PREVIOUS", other)]).await;
        assert_eq!(audit(&app).await, (Some(0), vec![]));
        let alice = app.another_session("alice", "").await;
        let (events, _) = page(&app, &alice, "").await;
        assert_eq!(events[0]["number"], 3);
        assert_eq!(audit(&app).await, (Some(0), vec![]));
    }

    async fn where_none_are_kept_any_more_those_before_go(app: TestApp) {
        app.signed_in("alice").await;
        let app = app.restart_with(&[("PORTCULLIS_EVENTS_DAYS", "0")]).await;
        app.advance(60);
        app.sweep().await;
        let alice = app.another_session("alice", "").await;
        assert_eq!(page(&app, &alice, "").await, (vec![], Value::Null));
        assert_eq!(audit(&app).await, (Some(0), vec![]));
    }

    async fn an_operator_reads_them_and_stands_in_them(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let ran = app.command(&["user", "unlock", "alice"]).await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let ran = app.command(&["user", "events", "alice", "--json"]).await;
        let events: Value = serde_json::from_str(&ran.stdout).unwrap();
        let (page, _) = page(&app, &alice, "").await;
        assert_eq!(events["items"].as_array().unwrap().len(), page.len());
        let ran = app.command(&["user", "events", "alice", "--limit", "1"]).await;
        assert!(ran.stdout.starts_with("WHEN"), "{ran:?}");
        assert!(ran.stderr.contains("--after"), "{ran:?}");
    }
}
