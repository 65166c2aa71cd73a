use integration::{Mailed, TestApp, every_backend};

const ALICE: &str = "alice@example.org";

every_backend! {
    async fn a_link_is_mailed_and_the_page_is_the_same_for_everybody(app: Mailed) {
        app.confirmed("alice").await;
        let mut browser = app.browser();
        let login = browser.open("/login").await.assert_page(200);
        assert!(login.contains("href=\"/forgot\""), "{login}");
        browser.open("/forgot").await.assert_page(200);
        let unknown = browser.submit("/forgot", &[("email", "nobody@example.org")]).await;
        let known = browser.submit("/forgot", &[("email", "ALICE@example.org")]).await;
        let without_nonce = |page: String| {
            let nonce = integration::browser::between(&page, "nonce=\"", "\"").unwrap();
            page.replace(&nonce, "")
        };
        let (unknown, known) = (unknown.assert_page(202), known.assert_page(202));
        assert_eq!(without_nonce(unknown), without_nonce(known.clone()));
        assert!(!known.contains("example.org"), "{known}");
        app.token(ALICE, "/reset").await;
    }

    async fn what_is_no_address_is_said_at_the_field(app: Mailed) {
        let mut browser = app.browser();
        browser.open("/forgot").await;
        browser.submit("/forgot", &[("email", "")]).await.assert_fault(422, "email");
        let wrong = browser.submit("/forgot", &[("email", "alice")]).await;
        wrong.assert_fault(422, "email");
        assert!(wrong.text().contains("value=\"alice\""), "it stays");
    }
}

#[tokio::test]
async fn a_server_without_mail_says_so() {
    let app = TestApp::with(&[]).await;
    let mut browser = app.browser();
    let login = browser.open("/login").await.assert_page(200);
    assert!(
        !login.contains("/forgot"),
        "no link to what is off: {login}"
    );
    let page = browser.open("/forgot").await.assert_page(403);
    assert!(page.contains("sends no mail"), "{page}");
    let answer = browser.submit("/forgot", &[("email", ALICE)]).await;
    answer.assert_page(403);
}
