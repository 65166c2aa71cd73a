//! Guessing passwords: at `/api/v1/login`, `/api/v1/me/reauthenticate` and `/api/v1/me/password`.

use integration::{Answer, PASSWORD, Person, TestApp, every_backend};
use serde_json::json;

const NEW: &str = "another long and winding phrase";

every_backend! {
    async fn after_five_wrong_passwords_each_further_one_waits_longer(app: TestApp) {
        app.signed_up("alice").await;
        for name in ["alice", "nobody"] {
            fail(&app, name, 5).await;
            for wait in [10, 20, 40, 80, 160, 300, 300] {
                assert_waits(&app, name, wait).await;
                app.advance(wait - 1);
                assert_waits(&app, name, 1).await;
                app.advance(1);
                fail(&app, name, 1).await;
            }
        }
    }

    async fn while_it_waits_the_right_password_is_refused_too(app: TestApp) {
        app.signed_up("alice").await;
        fail(&app, "alice", 5).await;
        let answer = app.login("alice", PASSWORD).await;
        answer.assert_problem(429, "too_many_attempts");
        // Nothing of the budget, nor of another limit that might be taken for what refused.
        for header in ["ratelimit", "ratelimit-policy"] {
            assert_eq!(answer.header(header), None, "{header}");
        }
        app.advance(10);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn a_known_and_an_unknown_name_wait_alike(app: TestApp) {
        app.signed_up("alice").await;
        let mut bodies = Vec::new();
        for name in ["alice", "nobody", "alice@example.org", "nobody@example.org"] {
            fail(&app, name, 5).await;
            let answer = app.login(name, WRONG).await;
            let mut problem = answer.assert_problem(429, "too_many_attempts");
            problem.as_object_mut().unwrap().remove("request_id");
            bodies.push((problem, answer.header("retry-after").map(str::to_owned)));
        }
        assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    }

    async fn a_success_ends_the_counting(app: TestApp) {
        app.signed_up("alice").await;
        fail(&app, "alice", 5).await;
        app.advance(10);
        app.login("alice", PASSWORD).await.assert_ok();
        fail(&app, "alice", 5).await;
        assert_waits(&app, "alice", 10).await;
    }

    async fn a_success_of_an_imported_account_ends_no_counting_at_the_one_it_looks_like(app: TestApp) {
        app.signed_up("alice").await;
        app.signed_up("mallory").await;
        app.store_clashing_name("mallory", "A1ice").await;
        fail(&app, "alice", 4).await;
        // Both are counted as one: they are typed alike.
        app.login("A1ice", PASSWORD).await.assert_ok();
        fail(&app, "alice", 1).await;
        assert_waits(&app, "alice", 10).await;
        // The owner's own success does.
        app.advance(10);
        app.login("alice", PASSWORD).await.assert_ok();
        fail(&app, "alice", 5).await;
    }

    async fn a_quiet_quarter_of_an_hour_gives_five_tries_again(app: TestApp) {
        fail(&app, "alice", 5).await;
        app.advance(900);
        fail(&app, "alice", 5).await;
        assert_waits(&app, "alice", 10).await;
    }

    async fn a_restart_forgets_nothing(app: TestApp) {
        app.signed_up("alice").await;
        fail(&app, "alice", 3).await;
        let app = app.restart().await;
        fail(&app, "alice", 2).await;
        let app = app.restart().await;
        assert_waits(&app, "alice", 10).await;
    }

    async fn of_fifty_guesses_at_once_five_are_checked(app: TestApp) {
        // From as many addresses: one alone doesn't get so many places in the hashing pool.
        let app = app.restart_with(&[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
        app.signed_up("alice").await;
        let guesses: Vec<_> = (0..50)
            .map(|number| {
                let body = json!({"username": "alice", "password": format!("guess {number}")});
                let guess = app.post("/api/v1/login").header("x-forwarded-for", &format!("192.0.2.{number}"));
                guess.json(body).spawn()
            })
            .collect();
        let mut checked = 0;
        for guess in guesses {
            match guess.await.unwrap().status.as_u16() {
                401 => checked += 1,
                429 => {}
                other => panic!("{other}"),
            }
        }
        assert_eq!(checked, 5);
        assert_waits(&app, "alice", 10).await;
    }

    async fn every_way_to_type_a_name_counts_together(app: TestApp) {
        app.signed_up("alice").await;
        for name in ["alice", "ALICE", "Alice", "a1ice", "aLICe"] {
            fail(&app, name, 1).await;
        }
        assert_waits(&app, "alice", 10).await;
        for address in ["alice@example.org", "Alice@Example.ORG", "ALICE@EXAMPLE.ORG"] {
            fail(&app, address, 1).await;
        }
        fail(&app, "alice@example.org", 2).await;
        assert_waits(&app, "Alice@example.org", 10).await;
    }

    async fn the_name_does_not_tell_which_address_belongs_to_it(app: TestApp) {
        app.signed_up("alice").await;
        fail(&app, "alice", 5).await;
        fail(&app, "alice@example.org", 5).await;
        // Nor does a success by the one clear the other.
        app.advance(10);
        app.login("alice@example.org", PASSWORD).await.assert_ok();
        fail(&app, "alice", 1).await;
        assert_waits(&app, "alice", 20).await;
    }

    async fn a_known_device_gets_in_while_strangers_guess(app: TestApp) {
        app.signed_up("alice").await;
        let device = device_of(&app, "alice").await;
        fail(&app, "alice", 5).await;
        app.login("alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        let tokens = app.login_on(&device, "alice", PASSWORD).await.assert_ok();
        assert!(tokens["device_token"].is_string());
        // By the address as well, and however it is typed.
        app.login_on(&device, "ALICE@example.org", PASSWORD).await.assert_ok();
        // A success there leaves the strangers where they were.
        assert_waits(&app, "alice", 10).await;
    }

    async fn a_device_has_five_tries_of_its_own_whatever_its_tokens(app: TestApp) {
        app.signed_up("alice").await;
        let first = device_of(&app, "alice").await;
        app.advance(60);
        let again = app.login_on(&first, "alice", PASSWORD).await.assert_ok();
        let again = again["device_token"].as_str().unwrap();
        assert_ne!(again, first, "it is good for 180 days from here");
        for (device, name) in [(first.as_str(), "alice"), (again, "alice@example.org"), (again, "alice"), (&first, "Alice"), (again, "alice")] {
            app.login_on(device, name, WRONG).await.assert_problem(401, "invalid_credentials");
        }
        for device in [&first, again] {
            app.login_on(device, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        }
        // Another device, and strangers, have theirs.
        app.login("alice", PASSWORD).await.assert_ok();
        app.advance(10);
        app.login_on(again, "alice", PASSWORD).await.assert_ok();
    }

    async fn a_device_of_another_account_counts_for_nothing(app: TestApp) {
        app.signed_up("alice").await;
        app.signed_up("mallory").await;
        let device = device_of(&app, "mallory").await;
        for name in ["alice", "nobody"] {
            for _ in 0..5 {
                app.login_on(&device, name, WRONG).await.assert_problem(401, "invalid_credentials");
            }
            app.login_on(&device, name, PASSWORD).await.assert_problem(429, "too_many_attempts");
            assert_waits(&app, name, 10).await;
        }
        // And its own budget was not touched.
        for _ in 0..5 {
            app.login_on(&device, "mallory", WRONG).await.assert_problem(401, "invalid_credentials");
        }
    }

    async fn a_bad_device_token_is_as_good_as_none(app: TestApp) {
        app.signed_up("alice").await;
        let device = device_of(&app, "alice").await;
        let cut = &device[..device.len() - 2];
        let altered = format!("{}{}", cut, if device.ends_with("AA") { "BB" } else { "AA" });
        let long = "x".repeat(5000);
        for bad in ["", "pcd_", cut, &altered, &long, "é", "a.b.c"] {
            app.login_on(bad, "alice", PASSWORD).await.assert_ok();
        }
        fail(&app, "alice", 5).await;
        for bad in ["", "pcd_", cut, &altered, &long, "é", "a.b.c"] {
            app.login_on(bad, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        }
    }

    async fn a_device_is_known_for_half_a_year(app: TestApp) {
        app.signed_up("alice").await;
        let device = device_of(&app, "alice").await;
        app.advance(180 * 86_400 - 1);
        fail(&app, "alice", 5).await;
        app.login_on(&device, "alice", PASSWORD).await.assert_ok();
        app.advance(1);
        app.login_on(&device, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
    }

    async fn a_new_password_voids_the_devices_until_they_sign_in_again(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let device = device_of(&app, "alice").await;
        change(&app, &alice, None, PASSWORD).await.assert_ok();
        fail(&app, "alice", 5).await;
        app.login_on(&device, "alice", NEW).await.assert_problem(429, "too_many_attempts");
        app.advance(10);
        let tokens = app.login_on(&device, "alice", NEW).await.assert_ok();
        fail(&app, "alice", 5).await;
        app.login_on(tokens["device_token"].as_str().unwrap(), "alice", NEW).await.assert_ok();
    }

    async fn strangers_who_guess_do_not_shut_out_who_has_just_changed_the_password(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let changed = change(&app, &alice, None, PASSWORD).await.assert_ok();
        let device = changed["device_token"].as_str().unwrap();
        fail(&app, "alice", 5).await;
        app.login("alice", NEW).await.assert_problem(429, "too_many_attempts");
        app.login_on(device, "alice", NEW).await.assert_ok();
    }

    async fn a_device_that_is_known_keeps_its_tries_when_the_password_is_changed_on_it(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let device = device_of(&app, "alice").await;
        let changed = change(&app, &alice, Some(&device), PASSWORD).await.assert_ok();
        let device = changed["device_token"].as_str().unwrap();
        for _ in 0..5 {
            app.login_on(device, "alice", WRONG).await.assert_problem(401, "invalid_credentials");
        }
        let again = app.put("/api/v1/me/password").by(&alice).header("x-portcullis-device", device);
        let again = again.json(json!({"current_password": NEW, "new_password": PASSWORD})).send().await;
        again.assert_problem(429, "too_many_attempts");
        // Nor does it get others by changing the password once more.
        app.advance(10);
        let again = app.put("/api/v1/me/password").by(&alice).header("x-portcullis-device", device);
        let again = again.json(json!({"current_password": NEW, "new_password": PASSWORD})).send().await.assert_ok();
        let next = again["device_token"].as_str().unwrap();
        app.login_on(next, "alice", PASSWORD).await.assert_ok();
        app.login_on(device, "alice", PASSWORD).await.assert_ok();
        fail(&app, "alice", 5).await;
        app.login_on(device, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.login_on(next, "alice", PASSWORD).await.assert_ok();
    }

    async fn a_change_of_the_password_that_is_refused_gives_no_device(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let refused = change(&app, &alice, None, WRONG).await.assert_problem(401, "invalid_credentials");
        assert_eq!(refused.get("device_token"), None);
    }

    async fn devices_stay_known_while_the_key_before_is_taken(app: TestApp) {
        let secret = ("SECRET_KEY", "the-next-key-of-the-tests-0123456789-abcdefghi");
        app.signed_up("alice").await;
        let device = device_of(&app, "alice").await;
        let app = app.restart_with(&[secret, ("SECRET_KEY_PREVIOUS", TestApp::OTHER_SECRET)]).await;
        fail(&app, "alice", 5).await;
        let tokens = app.login_on(&device, "alice", PASSWORD).await.assert_ok();
        let app = app.restart_with(&[("SECRET_KEY_PREVIOUS", "")]).await;
        app.login_on(&device, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.login_on(tokens["device_token"].as_str().unwrap(), "alice", PASSWORD).await.assert_ok();
    }

    async fn a_refresh_gives_no_device(app: TestApp) {
        let alice = app.signed_in("alice").await;
        assert_eq!(app.refresh(&alice.refresh).await.assert_ok().get("device_token"), None);
    }

    async fn after_a_hundred_failures_in_a_row_only_a_known_device_gets_in(app: TestApp) {
        app.signed_up("alice").await;
        let device = device_of(&app, "alice").await;
        fail_a_hundred_times(&app, "alice").await;
        assert_waits(&app, "alice", 300).await;
        app.login("alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.login("alice@example.org", PASSWORD).await.assert_ok();
        let app = app.restart().await;
        app.login("alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.login_on(&device, "alice", PASSWORD).await.assert_ok();
        app.login("alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
    }

    async fn a_hundred_failures_shut_nobody_out_for_longer_than_a_day(app: TestApp) {
        app.signed_up("alice").await;
        for name in ["alice", "nobody"] {
            fail_a_hundred_times(&app, name).await;
            app.advance(86_399);
            assert_waits(&app, name, 300).await;
            app.advance(1);
            fail(&app, name, 5).await;
            assert_waits(&app, name, 10).await;
        }
        app.advance(10);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn a_stolen_access_token_guesses_on_no_more_than_a_stranger(app: TestApp) {
        let here = app.signed_in("alice").await;
        let there = app.another_session("alice", &here.id).await;
        for _ in 0..2 {
            reauthenticate(&app, &here, None, WRONG).await.assert_problem(401, "invalid_credentials");
            change(&app, &there, None, WRONG).await.assert_problem(401, "invalid_credentials");
        }
        reauthenticate(&app, &there, None, WRONG).await.assert_problem(401, "invalid_credentials");
        for person in [&here, &there] {
            let answer = reauthenticate(&app, person, None, PASSWORD).await;
            answer.assert_problem(429, "too_many_attempts");
            assert_eq!(answer.header("retry-after"), Some("10"));
            change(&app, person, None, PASSWORD).await.assert_problem(429, "too_many_attempts");
        }
        // Signing in is another matter, and neither clears the other.
        app.login("alice", PASSWORD).await.assert_ok();
        change(&app, &here, None, PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.advance(10);
        reauthenticate(&app, &here, None, PASSWORD).await.assert_ok();
        change(&app, &here, None, PASSWORD).await.assert_ok();
    }

    async fn the_owner_changes_the_password_on_a_known_device_while_a_thief_guesses(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let device = device_of(&app, "alice").await;
        let mallory = app.signed_in("mallory").await;
        let theirs = device_of(&app, "mallory").await;
        for _ in 0..5 {
            reauthenticate(&app, &alice, None, WRONG).await.assert_problem(401, "invalid_credentials");
        }
        reauthenticate(&app, &alice, Some(&theirs), PASSWORD).await.assert_problem(429, "too_many_attempts");
        reauthenticate(&app, &alice, Some(&device), PASSWORD).await.assert_ok();
        for _ in 0..5 {
            change(&app, &alice, Some(&device), WRONG).await.assert_problem(401, "invalid_credentials");
        }
        change(&app, &alice, Some(&device), PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.login_on(&device, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.advance(10);
        change(&app, &alice, Some(&device), PASSWORD).await.assert_ok();
        reauthenticate(&app, &mallory, None, PASSWORD).await.assert_ok();
    }

    async fn a_session_that_has_ended_uses_up_nothing(app: TestApp) {
        let here = app.signed_in("alice").await;
        let ended = app.another_session("alice", &here.id).await;
        app.delete("/api/v1/logout").by(&ended).send().await.assert_ok();
        for _ in 0..6 {
            reauthenticate(&app, &ended, None, WRONG).await.assert_problem(401, "revoked_token");
        }
        reauthenticate(&app, &here, None, PASSWORD).await.assert_ok();
    }

    async fn what_the_store_could_not_answer_is_not_counted(app: TestApp) {
        app.signed_up("alice").await;
        fail(&app, "alice", 4).await;
        app.close_store().await;
        for _ in 0..3 {
            app.login("alice", PASSWORD).await.assert_problem(503, "unavailable");
        }
        let app = app.restart().await;
        fail(&app, "alice", 1).await;
        assert_waits(&app, "alice", 10).await;
    }
}

const WRONG: &str = "not the password at all";

/// Fails `count` times.
async fn fail(app: &TestApp, name: &str, count: usize) {
    for _ in 0..count {
        app.login(name, WRONG)
            .await
            .assert_problem(401, "invalid_credentials");
    }
}

/// Fails a hundred times in a row, with pauses.
async fn fail_a_hundred_times(app: &TestApp, name: &str) {
    for _ in 0..20 {
        app.advance(900);
        fail(app, name, 5).await;
    }
}

/// The next try must wait so many seconds.
async fn assert_waits(app: &TestApp, name: &str, seconds: u64) {
    let answer = app.login(name, WRONG).await;
    answer.assert_problem(429, "too_many_attempts");
    let seconds = seconds.to_string();
    assert_eq!(answer.header("retry-after"), Some(seconds.as_str()));
}

/// Signs in on a new device.
async fn device_of(app: &TestApp, name: &str) -> String {
    let tokens = app.login(name, PASSWORD).await.assert_ok();
    tokens["device_token"].as_str().unwrap().to_owned()
}

async fn reauthenticate(
    app: &TestApp,
    person: &Person,
    device: Option<&str>,
    password: &str,
) -> Answer {
    let request = app.post("/api/v1/me/reauthenticate").by(person);
    let request = request.json(json!({"password": password}));
    match device {
        Some(device) => request.header("x-portcullis-device", device).send().await,
        None => request.send().await,
    }
}

async fn change(app: &TestApp, person: &Person, device: Option<&str>, current: &str) -> Answer {
    let request = app.put("/api/v1/me/password").by(person);
    let request = request.json(json!({"current_password": current, "new_password": NEW}));
    match device {
        Some(device) => request.header("x-portcullis-device", device).send().await,
        None => request.send().await,
    }
}
