use integration::{PASSWORD, TestApp, every_backend};

const ANOTHER: &str = "quite another phrase of words";

every_backend! {
    async fn a_name_and_an_address_can_be_changed(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        let fields = [("username", "alicia"), ("email", "alicia@example.org")];
        browser.submit("/account/profile", &fields).await.assert_goes_to("/account?done=profile");
        let page = browser.open("/account?done=profile").await.assert_page(200);
        assert!(page.contains("<h1>alicia</h1>") && page.contains("value=\"alicia@example.org\""), "{page}");
        assert!(page.contains("role=\"status\""), "{page}");
        app.login("alicia", PASSWORD).await.assert_ok();
    }

    async fn whoever_loads_the_address_of_a_form_again_is_led_to_the_account(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        for path in [
            "/account/profile",
            "/account/password",
            "/account/resend",
            "/account/sessions/end-others",
            "/account/sessions/0190/end",
        ] {
            browser.open(path).await.assert_goes_to("/account");
        }
    }

    async fn faults_of_the_profile_are_said_at_their_fields(app: TestApp) {
        app.signed_up("alice").await;
        app.signed_up("bob").await;
        let mut browser = app.browser_of("alice").await;
        let answer = browser.submit("/account/profile", &[("username", "a b"), ("email", "")]).await;
        answer.assert_fault(422, "profile-username");
        answer.assert_fault(422, "profile-email");
        assert!(answer.text().contains("value=\"a b\""));
        let answer = browser.submit("/account/profile", &[("username", "bob"), ("email", "alice@example.org")]).await;
        answer.assert_fault(409, "profile-username");
        let answer = browser.submit("/account/profile", &[("username", "alice"), ("email", "bob@example.org")]).await;
        answer.assert_fault(409, "profile-email");
    }

    async fn an_imported_address_that_breaks_todays_rules_may_stay(app: TestApp) {
        app.signed_up("alice").await;
        app.store_email("alice", "alice@localhost").await;
        let mut browser = app.browser_of("alice").await;
        app.advance(6); // what was cached is out of date
        let fields = [("username", "alicia"), ("email", "alice@localhost")];
        browser.submit("/account/profile", &fields).await.assert_goes_to("/account?done=profile");
    }

    async fn another_name_or_address_needs_the_password_once_more(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.advance(601);
        let fields = [("username", "alice"), ("email", "new@example.org")];
        browser.submit("/account/profile", &fields).await.assert_goes_to("/account/confirm?next=/account");
        browser.open("/account/confirm?next=/account").await.assert_page(200);

        let answer = browser.submit("/account/confirm", &[("password", "wrong"), ("next", "/account")]).await;
        answer.assert_fault(403, "password");
        let answer = browser.submit("/account/confirm", &[("password", PASSWORD), ("next", "/account")]).await;
        answer.assert_goes_to("/account?done=confirmed");
        let page = browser.open("/account?done=confirmed").await.assert_page(200);
        assert!(page.contains("role=\"status\""), "{page}");
        browser.submit("/account/profile", &fields).await.assert_goes_to("/account?done=profile");

        app.advance(601);
        let another_name = [("username", "alicia"), ("email", "new@example.org")];
        browser.open("/account").await;
        browser.submit("/account/profile", &fields).await.assert_goes_to("/account?done=profile");
        browser.submit("/account/profile", &another_name).await.assert_goes_to("/account/confirm?next=/account");
    }

    async fn another_password_ends_every_session_but_this_one(app: TestApp) {
        let api = app.signed_in("alice").await;
        let (mut here, mut there) = (app.browser_of("alice").await, app.browser_of("alice").await);
        let old = here.session().unwrap();
        app.advance(3600);
        here.open("/account").await;
        let fields = [("current_password", PASSWORD), ("new_password", ANOTHER)];
        here.submit("/account/password", &fields).await.assert_goes_to("/account?done=password");

        here.open("/account?done=password").await.assert_page(200);
        there.open("/account").await.assert_goes_to("/login");
        app.refresh(&api.refresh).await.assert_problem(401, "revoked_token");
        let copy = app.get("/account").header("cookie", &old).send().await;
        copy.assert_goes_to("/login"); // a copy of the old cookie is out, too
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        app.login("alice", ANOTHER).await.assert_ok();
    }

    async fn faults_of_a_new_password_are_said_at_their_fields(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        let answer = browser.submit("/account/password", &[("current_password", "wrong"), ("new_password", ANOTHER)]).await;
        answer.assert_fault(403, "password-current_password");
        let answer = browser.submit("/account/password", &[("current_password", PASSWORD), ("new_password", "alice")]).await;
        answer.assert_fault(422, "password-new_password");
        let answer = browser.submit("/account/password", &[("current_password", PASSWORD), ("new_password", PASSWORD)]).await;
        answer.assert_fault(422, "password-new_password");
        // Nor is it judged for somebody who hasn't given the current one.
        let answer = browser.submit("/account/password", &[("current_password", ""), ("new_password", "alice")]).await;
        let page = answer.assert_fault(422, "password-current_password");
        assert!(!page.contains("#password-new_password"), "{page}");
        let answer = browser.submit("/account/password", &[("current_password", ""), ("new_password", "")]).await;
        answer.assert_fault(422, "password-current_password");
        answer.assert_fault(422, "password-new_password");
        let page = answer.text();
        assert!(page.contains("id=\"profile-username\" name=\"username\"") && page.contains("value=\"alice\""), "{page}");
        browser.open("/account").await.assert_page(200);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn hostile_names_are_shown_as_text(app: TestApp) {
        app.signed_up("alice").await;
        let hostile = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>";
        app.store_email("alice", hostile).await;
        let mut browser = app.browser();
        browser.open("/login").await;
        let answer = browser.submit("/login", &[("username", hostile), ("password", "x")]).await;
        answer.assert_refused(403);
        assert!(answer.text().contains("value=\"&#60;script&#62;alert(1)"), "{}", answer.text());

        browser.open("/login").await;
        let request = browser
            .form("/login", &[("username", "alice"), ("password", PASSWORD)])
            .header("origin", &format!("http://{}", app.address()))
            .header("user-agent", hostile);
        browser.send(request).await.assert_goes_to("/account");
        app.advance(6);
        let page = browser.open("/account").await.assert_page(200);
        assert!(!page.contains("<img") && !page.contains("<script>"), "{page}");
        let page = browser.open("/account?done=%3Cscript%3E").await.assert_page(200);
        assert!(!page.contains("role=\"status\""), "{page}");
    }
}
