//! A failure is a page for a browser, and a problem for everyone else.

use integration::browser::ACCEPT;
use integration::{TestApp, every_backend};

every_backend! {
    async fn what_is_not_there_is_a_page_or_a_problem_by_what_is_accepted(app: TestApp) {
        for path in ["/nothing", "/account/nothing", "/static/nothing.css", "/.well-known/nothing"] {
            let page = app.get(path).header("accept", ACCEPT).send().await;
            page.assert_error_page(404, "Page not found");
            for accept in ["*/*", "application/json", "application/json, text/html;q=0.5"] {
                app.get(path).header("accept", accept).send().await.assert_problem(404, "not_found");
            }
            app.get(path).send().await.assert_problem(404, "not_found");
        }
    }

    async fn the_api_answers_browsers_with_problems(app: TestApp) {
        app.get("/api/v1/me").header("accept", ACCEPT).send().await.assert_problem(401, "missing_token");
        app.get("/api/v1/nothing").header("accept", ACCEPT).send().await.assert_problem(404, "not_found");
    }

    async fn a_method_that_is_not_allowed_says_which_are(app: TestApp) {
        for method in [reqwest::Method::PUT, reqwest::Method::DELETE, reqwest::Method::TRACE] {
            let answer = app.request(method, "/login").header("accept", ACCEPT).send().await;
            answer.assert_error_page(405, "This page can’t be opened like that");
            assert_eq!(answer.header("allow"), Some("GET,HEAD,POST"));
        }
        app.post("/").header("accept", ACCEPT).send().await.assert_page(405);
    }

    async fn a_failure_of_the_store_tells_nothing(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.close_store().await;
        let answer = browser.open("/account").await;
        let page = answer.assert_error_page(503, "Temporarily unavailable");
        assert!(page.contains("Try again shortly."), "{page}");
        assert!(answer.header("retry-after").is_some());
        let answer = browser.submit("/account/profile", &[("username", "a"), ("email", "b@example.org")]).await;
        answer.assert_error_page(503, "Temporarily unavailable");
        app.get("/login").header("cookie", &browser.session().unwrap()).send().await.assert_problem(503, "unavailable");
    }

    async fn the_request_id_stands_on_the_page(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1")]).await;
        let answer = app.get("/nothing").header("accept", ACCEPT).header("x-request-id", "order-17").send().await;
        assert!(answer.assert_page(404).contains("<code>order-17</code>"));
    }

    async fn what_the_pages_load_may_be_kept(app: TestApp) {
        let page = app.browser().open("/login").await.assert_page(200);
        for (start, kind) in [("rel=\"stylesheet\" href=\"", "text/css; charset=utf-8"), ("<script src=\"", "text/javascript; charset=utf-8"), ("type=\"image/svg+xml\" href=\"", "image/svg+xml")] {
            let path = integration::browser::between(&page, start, "\"").unwrap();
            let answer = app.get(&path).send().await;
            answer.assert_status(200);
            assert_eq!(answer.header("content-type"), Some(kind));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
            assert_eq!(answer.header("set-cookie"), None);
        }
    }

    async fn each_page_has_a_nonce_of_its_own(app: TestApp) {
        let nonce = async || {
            let page = app.get("/login").send().await.assert_page(200);
            integration::browser::between(&page, "nonce=\"", "\"").unwrap()
        };
        assert_ne!(nonce().await, nonce().await);
    }
}
