//! Deleting one's account by a page, and what is said afterwards.

use integration::{Backend, Mailed, PASSWORD, TestApp, every_backend};

const CURRENT: [(&str, &str); 1] = [("current_password", PASSWORD)];
const WRONG: [(&str, &str); 1] = [("current_password", "not this one")];

/// An application that waits for 30 days.
struct Waiting(Mailed);

impl Waiting {
    async fn start(backend: Backend) -> Self {
        let setting = ("PORTCULLIS_DELETION_GRACE", "2592000");
        Self(Mailed::start_with(backend, &[setting]).await)
    }
}

mod at_once {
    use super::*;

    every_backend! {
        async fn an_account_is_deleted_for_good(app: TestApp) {
            let api = app.signed_in("alice").await;
            let mut browser = app.browser_of("alice").await;
            let page = browser.open("/account").await.assert_page(200);
            assert!(page.contains("href=\"/account/delete\""), "{page}");
            let page = browser.open("/account/delete").await.assert_page(200);
            assert!(page.contains("This can’t be undone.") && page.contains("30 days"), "{page}");
            assert!(page.contains("href=\"/account#data\""), "{page}");

            let cookie = browser.session().unwrap();
            let answer = browser.submit("/account/delete", &CURRENT).await;
            answer.assert_goes_to("/deleted");
            assert_eq!(answer.headers["clear-site-data"], "\"cache\"");
            assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["portcullis-deleted"]);
            let page = browser.open("/deleted").await.assert_page(200);
            assert!(page.contains("<h1>Your account was deleted</h1>"), "{page}");
            assert!(!page.contains("alice"), "{page}");

            app.get("/account").header("cookie", &cookie).send().await.assert_goes_to("/login");
            app.me(&api.access).await.assert_problem(401, "revoked_token");
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            browser.submit("/account/delete", &CURRENT).await.assert_status(403);
        }

        async fn what_is_wrong_is_said_and_nothing_is_deleted(app: TestApp) {
            app.signed_up("alice").await;
            let mut browser = app.browser_of("alice").await;
            browser.open("/account/delete").await.assert_page(200);
            let fault = browser.submit("/account/delete", &WRONG).await.assert_fault(403, "current_password");
            assert!(fault.contains("The current password is wrong."), "{fault}");
            let fault = browser.submit("/account/delete", &[("current_password", "")]).await.assert_fault(422, "current_password");
            assert!(fault.contains("Enter your current password."), "{fault}");
            browser.submit("/account/delete", &[CURRENT[0], ("id", "u-1")]).await.assert_error_page(400, "This can’t be done");
            browser.open("/account").await.assert_page(200);
            app.login("alice", PASSWORD).await.assert_ok();
        }

        async fn guesses_count_together_with_those_on_other_pages(app: TestApp) {
            app.signed_up("alice").await;
            let mut browser = app.browser_of("alice").await;
            for _ in 0..3 {
                browser.submit("/account/delete", &WRONG).await.assert_fault(403, "current_password");
            }
            for _ in 0..2 {
                browser.submit("/account/confirm", &[("password", "not this one")]).await.assert_fault(403, "password");
            }
            let answer = browser.submit("/account/delete", &CURRENT).await;
            answer.assert_fault(429, "current_password");
            assert!(answer.header("retry-after").is_some());
            app.login("alice", PASSWORD).await.assert_ok();
        }

        async fn nobody_else_can_have_it_deleted(app: TestApp) {
            app.signed_up("alice").await;
            let mut browser = app.browser_of("alice").await;
            let (cookie, token) = (browser.session().unwrap(), browser.token.clone());
            let body = format!("csrf_token={token}&current_password=x").into_bytes();
            let forged = app.post("/account/delete").header("cookie", &cookie)
                .header("origin", "https://evil.example").header("sec-fetch-site", "cross-site")
                .body("application/x-www-form-urlencoded", body);
            forged.send().await.assert_problem(403, "csrf_failed");
            browser.token = "forged".to_owned();
            browser.submit("/account/delete", &CURRENT).await.assert_status(403);
            app.browser().open("/account/delete").await.assert_goes_to("/login");
            app.login("alice", PASSWORD).await.assert_ok();
        }

        async fn what_was_deleted_is_said_in_that_browser_only(app: TestApp) {
            for sent in ["", "portcullis-deleted=", "portcullis-deleted=0", "portcullis-deleted=1; portcullis-deleted=2", "portcullis-deleted=<b>", "portcullis=1"] {
                app.get("/deleted").header("cookie", sent).send().await.assert_goes_to("/login");
            }
            app.get("/deleted?deleted=1").send().await.assert_goes_to("/login");
        }
    }
}

mod later {
    use super::*;

    every_backend! {
        async fn an_account_waits_and_its_owner_keeps_it(app: Waiting) {
            let Waiting(app) = app;
            let api = app.confirmed("alice").await;
            let mut browser = app.browser_of("alice").await;
            let page = browser.open("/account/delete").await.assert_page(200);
            // The clock of tests began on 2027-01-15, at 08:00.
            assert!(page.contains("After 30 days, on 14 February 2027, 08:00 UTC,"), "{page}");
            assert!(page.contains("Keep my account"), "{page}");
            browser.submit("/account/delete", &CURRENT).await.assert_goes_to("/deleted");
            for _ in 0..2 {
                let page = browser.open("/deleted").await.assert_page(200);
                assert!(page.contains("<h1>Your account will be deleted</h1>"), "{page}");
                assert!(page.contains("14 February 2027, 08:00 UTC"), "{page}");
            }
            app.me(&api.access).await.assert_problem(401, "revoked_token");
            let letter = app.letter("alice@example.org").await;
            assert_eq!(letter.header("Subject").unwrap(), "Your account will be deleted");

            browser.open("/login").await.assert_page(200);
            let who = [("username", "alice"), CURRENT[0]];
            let who = [who[0], ("password", who[1].1)];
            let page = browser.submit("/login", &who).await.assert_page(403);
            assert!(page.contains("name=\"keep_account\" value=\"yes\""), "{page}");
            assert_eq!(page.matches("is scheduled for deletion on").count(), 1, "{page}");
            let keeps = [who[0], who[1], ("keep_account", "yes")];
            browser.submit("/login", &keeps).await.assert_goes_to("/account?done=kept");
            let page = browser.open("/account?done=kept").await.assert_page(200);
            assert!(page.contains("role=\"status\">Your account stays"), "{page}");
        }

        async fn it_is_deleted_when_the_time_is_over(app: Waiting) {
            let Waiting(app) = app;
            app.signed_up("alice").await;
            let mut browser = app.browser_of("alice").await;
            browser.submit("/account/delete", &CURRENT).await.assert_goes_to("/deleted");
            app.login("alice", PASSWORD).await.assert_problem(403, "deletion_scheduled");
            app.advance(2_592_000);
            app.sweep().await;
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        }
    }
}
