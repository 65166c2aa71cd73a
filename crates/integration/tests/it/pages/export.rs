use integration::{PASSWORD, TestApp, every_backend};

every_backend! {
    async fn the_account_gives_everything_that_is_held_as_a_file(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        let page = browser.open("/account").await.assert_page(200);
        assert!(page.contains("action=\"/account/export\""), "{page}");

        let answer = browser.submit("/account/export", &[]).await;
        let export = answer.assert_ok();
        assert_eq!(answer.headers["content-disposition"], "attachment; filename=\"portcullis-export.json\"");
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(export["account"]["id"], *alice.id);
        assert_eq!(export["account"]["email"], "alice@example.org");
        let sessions = export["sessions"].as_array().unwrap();
        assert_eq!(sessions.len(), 2);
        assert!(sessions.iter().any(|session| session["in_browser"] == true && session["current"] == true), "{export}");
        let text = answer.text();
        for secret in ["$argon2", PASSWORD, &browser.cookies["portcullis"], &browser.token] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }

    async fn it_is_for_whoever_has_just_given_the_password(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.advance(601);
        browser.open("/account").await.assert_page(200);
        browser.submit("/account/export", &[]).await.assert_goes_to("/account/confirm?next=/account");
        browser.open("/account/confirm?next=/account").await.assert_page(200);
        let again = [("password", PASSWORD), ("next", "/account")];
        browser.submit("/account/confirm", &again).await.assert_goes_to("/account?done=confirmed");
        browser.open("/account?done=confirmed").await.assert_page(200);
        browser.submit("/account/export", &[]).await.assert_ok();
    }

    async fn nobody_else_gets_it(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        browser.open("/account/export").await.assert_error_page(405, "This page can’t be opened like that");
        // What another site can have a browser send.
        let (cookie, token) = (browser.session().unwrap(), browser.token.clone());
        let forged = app.post("/account/export").header("cookie", &cookie)
            .header("origin", "https://evil.example").header("sec-fetch-site", "cross-site")
            .body("application/x-www-form-urlencoded", format!("csrf_token={token}").into_bytes());
        forged.send().await.assert_status(403);
        browser.token = "forged".to_owned();
        browser.submit("/account/export", &[]).await.assert_status(403);
        browser.token = token;
        browser.submit("/logout", &[]).await.assert_goes_to("/login");
        app.post("/account/export").header("cookie", &cookie).send().await.assert_status(403);
    }
}
