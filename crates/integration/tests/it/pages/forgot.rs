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

#[tokio::test]
async fn a_page_is_in_the_language_of_the_browser() {
    let folder = tempfile::tempdir().unwrap();
    let german = "forgot-title = Kennwort vergessen?\npage-skip = Zum Inhalt\n";
    std::fs::write(folder.path().join("de.ftl"), german).unwrap();
    let texts = folder.path().to_str().unwrap();
    let app = TestApp::with(&[
        ("PORTCULLIS_TEXTS", texts),
        ("PORTCULLIS_MAIL_URL", "smtp://localhost:9"),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
    ])
    .await;
    let open = async |path: &str, accepted: &str| {
        let asked = app.get(path).header("accept", "text/html");
        asked.header("accept-language", accepted).send().await
    };
    let page = open("/forgot", "fr, de-AT;q=0.9, en;q=0.1").await;
    let text = page.text();
    assert!(text.contains("<html lang=\"de\">"), "{text}");
    assert!(
        text.contains("<h1>Kennwort vergessen?</h1>") && text.contains("Zum Inhalt"),
        "{text}"
    );
    assert!(text.contains(">Send the link<"), "what it lacks: {text}");
    assert_eq!(page.header("content-language"), Some("de"));
    assert_eq!(page.header("vary"), Some("accept-language"));

    let page = open("/forgot", "fr").await;
    assert_eq!(page.header("content-language"), Some("en"));
    let login = open("/login", "de").await;
    assert!(login.text().contains("<html lang=\"en\">"));
    assert_eq!(login.header("content-language"), None);
}
