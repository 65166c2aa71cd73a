use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;

const SIGNED_OUT: &str = "You have signed out.";

every_backend! {
    async fn a_sign_out_says_so_once_and_no_link_can_claim_it(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        browser.submit("/logout", &[]).await.assert_goes_to("/login");
        let page = browser.open("/login").await.assert_page(200);
        assert!(page.contains(&format!("role=\"status\">{SIGNED_OUT}<")), "{page}");
        for path in ["/login", "/login?done=signed-out", "/login?signed_out=1"] {
            let page = browser.open(path).await.assert_page(200);
            assert!(!page.contains(SIGNED_OUT), "{path}: {page}");
        }
    }

    async fn what_is_wrong_now_comes_before_a_sign_out_of_before(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        browser.open("/login").await;
        browser.cookies.insert("portcullis-signed-out".to_owned(), "1".to_owned());
        let answer = browser.submit("/login", &[("username", "alice"), ("password", "wrong")]).await;
        answer.assert_refused(403);
        assert!(!answer.text().contains(SIGNED_OUT));
        assert!(!browser.open("/login").await.assert_page(200).contains(SIGNED_OUT));
    }

    async fn everyone_is_sent_to_where_they_belong(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        browser.open("/").await.assert_goes_to("/login");
        browser.open("/account").await.assert_goes_to("/login");
        browser.open("/account/confirm").await.assert_goes_to("/login");

        let mut browser = app.browser_of("alice").await;
        browser.open("/").await.assert_goes_to("/account");
        browser.open("/login").await.assert_goes_to("/account");
        browser.open("/register").await.assert_goes_to("/account");
    }

    async fn whoever_is_about_to_be_deleted_keeps_the_account_by_a_button(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_DELETION_GRACE", "604800")]).await;
        let alice = app.signed_in("alice").await;
        let path = format!("/api/v1/users/{}", alice.id);
        app.delete(&path).by(&alice).send().await.assert_status(202);

        let mut browser = app.browser();
        browser.open("/login").await;
        let wrong = [("username", "alice"), ("password", "not this one"), ("keep_account", "yes")];
        browser.submit("/login", &wrong).await.assert_refused(403);
        let right = [("username", "alice"), ("password", PASSWORD)];
        let answer = browser.submit("/login", &right).await;
        let page = answer.assert_page(403);
        assert!(page.contains("Keep my account"), "{page}");
        assert!(page.contains("scheduled for deletion on 22 January 2027, 08:00 UTC."), "{page}");
        let keeps = [("username", "alice"), ("password", PASSWORD), ("keep_account", "yes")];
        browser.submit("/login", &keeps).await.assert_goes_to("/account?done=kept");
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn a_name_or_an_address_signs_in(app: TestApp) {
        app.signed_up("alice").await;
        for name in ["alice", "ALICE", "alice@example.org"] {
            let mut browser = app.browser();
            browser.open("/login").await.assert_page(200);
            browser.submit("/login", &[("username", name), ("password", PASSWORD)]).await.assert_goes_to("/account");
            let page = browser.open("/account").await.assert_page(200);
            assert!(page.contains("<h1>alice</h1>"), "{page}");
        }
    }

    async fn a_wrong_password_and_an_unknown_name_are_answered_alike(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        browser.open("/login").await;
        let mut sentences = Vec::new();
        for (name, password) in [("alice", "wrong"), ("nobody", PASSWORD)] {
            let answer = browser.submit("/login", &[("username", name), ("password", password)]).await;
            sentences.push(answer.assert_refused(403));
            let page = answer.text();
            assert!(page.contains(&format!("value=\"{name}\"")), "what was typed is there: {page}");
            assert!(!page.contains(PASSWORD), "never a password: {page}");
            assert_eq!(browser.session(), None);
        }
        assert_eq!(sentences, ["The user name, the e-mail address or the password is wrong."; 2]);
        // The same page goes on: it has a form token of its own.
        browser.submit("/login", &[("username", "alice"), ("password", PASSWORD)]).await.assert_goes_to("/account");
    }

    async fn too_many_guesses_must_wait_and_a_known_browser_need_not(app: TestApp) {
        app.signed_up("alice").await;
        let mut known = app.browser_of("alice").await;
        let mut browser = app.browser();
        browser.open("/login").await;
        for _ in 0..5 {
            browser.submit("/login", &[("username", "alice"), ("password", "a guess")]).await.assert_refused(403);
        }
        let refused = browser.submit("/login", &[("username", "alice"), ("password", PASSWORD)]).await;
        let sentence = refused.assert_refused(429);
        assert_eq!(sentence, "Too many attempts. Try again in 10 seconds.");
        assert_eq!(refused.header("retry-after"), Some("10"));

        known.open("/account").await;
        known.submit("/logout", &[]).await.assert_goes_to("/login");
        known.open("/login").await;
        known.submit("/login", &[("username", "alice"), ("password", PASSWORD)]).await.assert_goes_to("/account");

        app.advance(10);
        browser.submit("/login", &[("username", "alice"), ("password", PASSWORD)]).await.assert_goes_to("/account");
    }

    async fn guesses_at_the_current_password_must_wait_too(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        browser.cookies.remove("portcullis-device");
        browser.open("/account/confirm").await;
        for _ in 0..5 {
            browser.submit("/account/confirm", &[("password", "a guess")]).await.assert_fault(403, "password");
        }
        let refused = browser.submit("/account/confirm", &[("password", PASSWORD)]).await;
        refused.assert_fault(429, "password");
        assert_eq!(refused.header("retry-after"), Some("10"));
        browser.open("/account").await;
        let fields = [("current_password", PASSWORD), ("new_password", "another horse, another staple")];
        let refused = browser.submit("/account/password", &fields).await;
        refused.assert_fault(429, "password-current_password");
        assert_eq!(refused.header("retry-after"), Some("10"));
    }

    async fn what_is_missing_is_said_at_its_field(app: TestApp) {
        let mut browser = app.browser();
        browser.open("/login").await;
        let answer = browser.submit("/login", &[("username", ""), ("password", "")]).await;
        assert_eq!(answer.assert_fault(422, "username").trim(), "Enter your user name or e-mail address.");
        assert_eq!(answer.assert_fault(422, "password").trim(), "Enter your password.");
        let answer = browser.submit("/login", &[("username", &"n".repeat(1025)), ("password", "x")]).await;
        answer.assert_fault(422, "username");
    }

    async fn it_goes_on_to_a_page_of_ours_and_nowhere_else(app: TestApp) {
        app.signed_up("alice").await;
        for (next, kept) in [
            ("/account/confirm", Some("/account/confirm")),
            ("//evil.example", None),
            ("https://evil.example/", None),
            ("/\\evil.example", None),
            ("/%09/evil.example", None),
            ("javascript:alert(1)", None),
            ("\"><script>alert(1)</script>", None),
        ] {
            let mut browser = app.browser();
            let query: String = String::from_utf8(integration::browser::encoded(&[("next", next)])).unwrap();
            let page = browser.open(&format!("/login?{query}")).await.assert_page(200);
            let hidden = integration::browser::between(&page, "name=\"next\" value=\"", "\"");
            assert_eq!(hidden.as_deref(), kept, "{next}");
            // Also when the form itself is tampered with.
            let fields = [("username", "alice"), ("password", PASSWORD), ("next", next)];
            browser.submit("/login", &fields).await.assert_goes_to(kept.unwrap_or("/account"));
        }
    }

    async fn the_session_is_one_like_any_other(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        let list = app.get("/api/v1/sessions").by(&api).send().await.assert_ok();
        let other = list["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
        assert_eq!(other["address"], "127.0.0.1");

        let path = format!("/api/v1/sessions/{}", other["id"].as_str().unwrap());
        app.delete(&path).by(&api).send().await.assert_status(204);
        let answer = browser.open("/account").await;
        answer.assert_goes_to("/login");
        browser.open("/login").await.assert_page(200);
        assert_eq!(browser.session(), None, "the dead cookie is taken away");
    }

    async fn a_password_that_changes_elsewhere_ends_it(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        let body = json!({"current_password": PASSWORD, "new_password": "quite another phrase of words"});
        app.put("/api/v1/me/password").by(&api).json(body).send().await.assert_ok();
        browser.open("/account").await.assert_goes_to("/login");
    }

    async fn a_deleted_account_ends_it(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.delete(&format!("/api/v1/users/{}", api.id)).by(&api).send().await.assert_status(204);
        browser.open("/account").await.assert_goes_to("/login");
    }

    async fn it_lasts_as_long_as_it_is_used_and_no_longer(app: TestApp) {
        const DAY: u64 = 86_400;
        app.signed_up("alice").await;
        let (mut used, mut idle) = (app.browser_of("alice").await, app.browser_of("alice").await);
        for _ in 0..4 {
            app.advance(20 * DAY);
            used.open("/account").await.assert_page(200);
        }
        idle.open("/account").await.assert_goes_to("/login");
        app.advance(10 * DAY);
        used.open("/account").await.assert_goes_to("/login"); // 90 days are the most
    }

    async fn signing_out_ends_the_cookie_and_every_token_of_the_session(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        let list = app.get("/api/v1/sessions").by(&api).send().await.assert_ok();
        let theirs = list["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
        let token = app.token_of(&api.id, theirs["id"].as_str().unwrap());
        app.me(&token).await.assert_ok();

        let cookie = browser.session().unwrap();
        browser.submit("/logout", &[]).await.assert_goes_to("/login");
        assert_eq!(browser.session(), None);
        let answer = app.get("/account").header("cookie", &cookie).send().await;
        answer.assert_goes_to("/login");
        app.me(&token).await.assert_problem(401, "revoked_token");
        app.me(&api.access).await.assert_ok();
        browser.open("/logout").await.assert_error_page(405, "This page can’t be opened like that");
    }
}
