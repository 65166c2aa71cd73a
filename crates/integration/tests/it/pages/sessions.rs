use integration::{Browser, PASSWORD, TestApp, browser::between, every_backend};

/// The sessions of the page: which of them have a button.
async fn buttons(browser: &mut Browser<'_>) -> Vec<String> {
    let page = browser.open("/account").await.assert_page(200);
    assert_eq!(page.matches("This session").count(), 1, "{page}");
    let parts = page.split("action=\"/account/sessions/").skip(1);
    let ids = parts.filter_map(|part| part.split_once("/end\"").map(|(id, _)| id.to_owned()));
    ids.collect()
}

every_backend! {
    async fn they_are_listed_and_each_other_one_can_be_ended(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut here = app.browser_of("alice").await;
        let mut there = app.browser_of("alice").await;
        let others = buttons(&mut here).await;
        assert_eq!(others.len(), 2);
        assert!(others.contains(&api.session));

        let path = format!("/account/sessions/{}/end", api.session);
        here.submit(&path, &[]).await.assert_goes_to("/account?done=session");
        app.me(&api.access).await.assert_problem(401, "revoked_token");
        here.submit(&path, &[]).await.assert_goes_to("/account?done=session"); // pressed twice
        there.open("/account").await.assert_page(200);
        assert_eq!(buttons(&mut here).await.len(), 1);
    }

    async fn all_others_can_be_ended(app: TestApp) {
        let api = app.signed_in("alice").await;
        let (mut here, mut there) = (app.browser_of("alice").await, app.browser_of("alice").await);
        let mut bob = { app.signed_up("bob").await; app.browser_of("bob").await };
        here.submit("/account/sessions/end-others", &[]).await.assert_goes_to("/account?done=sessions");
        app.me(&api.access).await.assert_problem(401, "revoked_token");
        there.open("/account").await.assert_goes_to("/login");
        bob.open("/account").await.assert_page(200);
        let page = here.open("/account").await.assert_page(200);
        assert!(!page.contains("End all other sessions"), "there is none: {page}");
    }

    async fn ending_others_needs_the_password_once_more(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut here = app.browser_of("alice").await;
        app.advance(601);
        for path in ["/account/sessions/end-others".to_owned(), format!("/account/sessions/{}/end", api.session)] {
            here.submit(&path, &[]).await.assert_goes_to("/account/confirm?next=/account");
        }
        here.open("/account/confirm?next=/account").await;
        here.submit("/account/confirm", &[("password", PASSWORD)]).await.assert_goes_to("/account?done=confirmed");
        here.open("/account").await;
        here.submit("/account/sessions/end-others", &[]).await.assert_goes_to("/account?done=sessions");
        app.refresh(&api.refresh).await.assert_problem(401, "revoked_token");
    }

    async fn nobody_ends_the_session_of_another(app: TestApp) {
        app.signed_up("alice").await;
        let bob = app.signed_in("bob").await;
        let mut alice = app.browser_of("alice").await;
        for id in [bob.session.as_str(), "nonsense", "%00", "..%2f.."] {
            alice.submit(&format!("/account/sessions/{id}/end"), &[]).await.assert_goes_to("/account?done=session");
        }
        app.me(&bob.access).await.assert_ok();
    }

    async fn programs_are_named_as_people_know_them(app: TestApp) {
        app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        let page = browser.open("/account").await.assert_page(200);
        assert_eq!(between(&page, "<p class=\"agent\"", "</p>").map(|text| text.contains(TestApp::AGENT)), Some(true));
    }
}
