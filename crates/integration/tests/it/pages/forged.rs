//! Forms that other sites send.

use integration::{PASSWORD, Request, TestApp, every_backend};

const PROFILE: [(&str, &str); 2] = [("username", "mallory"), ("email", "m@example.org")];

every_backend! {
    async fn a_form_is_served_when_the_browser_vouches_for_its_page(app: TestApp) {
        app.signed_up("alice").await;
        let own = format!("http://{}", app.address());
        let headers: [&[(&str, &str)]; 4] = [
            &[("origin", &own)],
            &[("sec-fetch-site", "same-origin")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")], // as browsers do under no-referrer
            &[("origin", &own), ("sec-fetch-site", "same-origin"), ("host", "internal:8080")],
        ];
        for headers in headers {
            let mut browser = app.browser();
            browser.open("/login").await;
            let form = browser.form("/login", &[("username", "alice"), ("password", PASSWORD)]);
            let form = headers.iter().fold(form, |form, (name, value)| form.header(name, value));
            let answer = browser.send(form).await;
            answer.assert_goes_to("/account");
        }
    }

    async fn a_form_of_another_origin_is_refused(app: TestApp) {
        app.signed_up("alice").await;
        let own = format!("http://{}", app.address());
        let https = own.replace("http:", "https:");
        let headers: [&[(&str, &str)]; 9] = [
            &[],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", &https)],
            &[("origin", "http://127.0.0.1")],
            &[("origin", &own), ("sec-fetch-site", "cross-site")],
            &[("origin", &own), ("sec-fetch-site", "same-site")],
            &[("origin", "null"), ("sec-fetch-site", "none")],
            &[("origin", &own), ("referer", "https://evil.example/")],
        ];
        let mut browser = app.browser_of("alice").await;
        for headers in headers {
            let with = |form: Request| headers.iter().fold(form, |form, (name, value)| form.header(name, value));
            let answer = with(browser.form("/account/profile", &PROFILE)).send().await;
            answer.assert_error_page(403, "This form can’t be accepted");
            let mut visitor = app.browser();
            visitor.open("/login").await;
            let answer = with(visitor.form("/login", &[("username", "alice"), ("password", PASSWORD)])).send().await;
            answer.assert_error_page(403, "This form can’t be accepted");
        }
        let page = browser.open("/account").await.assert_page(200);
        assert!(page.contains("<h1>alice</h1>"), "nothing was changed: {page}");
    }

    async fn each_form_that_changes_something_needs_its_token(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        browser.token.clear();
        let end = format!("/account/sessions/{}/end", api.session);
        for path in ["/login", "/register", "/logout", "/account/profile", "/account/password", "/account/confirm", "/account/sessions/end-others", &end] {
            let answer = browser.submit(path, &[]).await;
            answer.assert_error_page(403, "This form can’t be accepted");
        }
        browser.open("/account").await.assert_page(200);
        app.me(&api.access).await.assert_ok();
    }
}
