use integration::browser::between;
use integration::{Answer, Mailed, PASSWORD, every_backend};
use serde_json::json;

const ALICE: &str = "alice@example.org";
const OTHER: &str = "another long and winding phrase";

/// A good link of hers.
async fn link(app: &Mailed) -> String {
    let asked = app.ask("password/forgot", json!({"email": ALICE})).await;
    asked.assert_status(202);
    app.token(ALICE, "/reset").await
}

#[track_caller]
fn assert_invalid(answer: &Answer) {
    let page = answer.assert_page(400);
    assert!(page.contains("href=\"/forgot\""), "{page}");
}

every_backend! {
    async fn a_new_password_is_set_by_the_link_and_nobody_is_signed_in(app: Mailed) {
        let alice = app.confirmed("alice").await;
        let (mut browser, mut there) = (app.browser(), app.browser_of("alice").await);
        let token = link(&app).await;
        let path = format!("/reset?token={token}");
        for _ in 0..2 {
            let page = browser.open(&path).await.assert_page(200); // as often as one likes
            assert_eq!(between(&page, "name=\"token\" value=\"", "\""), Some(token.clone()));
            assert_eq!(page.matches(&token).count(), 1, "in no address: {page}");
        }
        app.me(&alice.access).await.assert_ok();

        let weak = browser.submit("/reset", &[("token", &token), ("new_password", "alice")]).await;
        weak.assert_fault(422, "new_password");
        browser.submit("/reset", &[("token", &token), ("new_password", "")]).await.assert_fault(422, "new_password");
        let set = browser.submit("/reset", &[("token", &token), ("new_password", OTHER)]).await;
        let page = set.assert_page(200);
        assert!(page.contains("href=\"/login\"") && !page.contains(&token), "{page}");
        assert_eq!(browser.session(), None, "nobody is signed in");
        assert!(browser.cookie("portcullis-device").is_some(), "it is known");

        app.me(&alice.access).await.assert_problem(401, "revoked_token");
        there.open("/account").await.assert_goes_to("/login");
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        assert_invalid(&browser.open(&path).await);
        browser.open("/login").await;
        let again = browser.submit("/reset", &[("token", &token), ("new_password", PASSWORD)]).await;
        assert_invalid(&again);
        browser.submit("/login", &[("username", "alice"), ("password", OTHER)]).await.assert_goes_to("/account");
    }

    async fn whoever_is_signed_in_may_set_it_too(app: Mailed) {
        app.confirmed("alice").await;
        let mut browser = app.browser_of("alice").await;
        let token = link(&app).await;
        browser.open(&format!("/reset?token={token}")).await.assert_page(200);
        browser.submit("/reset", &[("token", &token), ("new_password", OTHER)]).await.assert_page(200);
        browser.open("/account").await.assert_goes_to("/login");
        browser.open("/login").await.assert_page(200);
        browser.submit("/login", &[("username", "alice"), ("password", OTHER)]).await.assert_goes_to("/account");
    }

    async fn a_link_that_is_not_good_says_so(app: Mailed) {
        app.confirmed("alice").await;
        let mut browser = app.browser();
        let token = link(&app).await;
        let cut = &token[..token.len() - 1];
        for query in ["", "?token=", "?token=%00", &format!("?token={cut}"), "?token=pcr_x", "?token=<b>"] {
            assert_invalid(&browser.open(&format!("/reset{query}")).await);
        }
        app.advance(3600);
        assert_invalid(&browser.open(&format!("/reset?token={token}")).await);
    }
}

#[tokio::test]
async fn a_form_of_another_site_sets_nothing() {
    let app = Mailed::start(integration::Backend::Sqlite).await;
    app.confirmed("alice").await;
    let token = link(&app).await;
    let mut browser = app.browser();
    browser.open(&format!("/reset?token={token}")).await;
    let forged = browser
        .form("/reset", &[("token", &token), ("new_password", OTHER)])
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site");
    browser.send(forged).await.assert_status(403);
    app.login("alice", PASSWORD).await.assert_ok();
}
