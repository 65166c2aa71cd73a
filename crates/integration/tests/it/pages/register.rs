use integration::browser::between;
use integration::{PASSWORD, TestApp, every_backend};

const FIELDS: [(&str, &str); 3] = [
    ("username", "alice"),
    ("email", "alice@example.org"),
    ("password", PASSWORD),
];

/// Both pages with a new password say so, where the field's description is.
async fn assert_hints(app: &TestApp, hint: &str) {
    let register = app.browser().open("/register").await.assert_page(200);
    let account = app.browser_of("alice").await.open("/account").await;
    for (page, id) in [
        (register, "password"),
        (account.assert_page(200), "password-new_password"),
    ] {
        let said = between(&page, &format!("id=\"{id}-hint\">"), "</p>").unwrap();
        assert!(said.starts_with(hint), "{said}");
    }
}

every_backend! {
    async fn signing_up_signs_in(app: TestApp) {
        let mut browser = app.browser();
        browser.open("/register").await.assert_page(200);
        browser.submit("/register", &FIELDS).await.assert_goes_to("/account");
        let page = browser.open("/account").await.assert_page(200);
        assert!(page.contains("<h1>alice</h1>") && page.contains("value=\"alice@example.org\""), "{page}");
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn the_page_says_how_long_a_password_must_be(app: TestApp) {
        app.signed_up("alice").await;
        assert_hints(&app, "At least 8 characters.").await;
        let app = app.restart_with(&[("PORTCULLIS_PASSWORD_MIN_LENGTH", "15")]).await;
        assert_hints(&app, "At least 15 characters.").await;
    }

    async fn every_fault_is_said_at_its_field_and_what_was_typed_stays(app: TestApp) {
        let mut browser = app.browser();
        browser.open("/register").await;
        let answer = browser.submit("/register", &[("username", "a b"), ("email", "nonsense"), ("password", "")]).await;
        for id in ["username", "email", "password"] {
            assert!(!answer.assert_fault(422, id).trim().is_empty());
        }
        let page = answer.text();
        assert!(page.contains("value=\"a b\"") && page.contains("value=\"nonsense\""), "{page}");

        let faulty = [("username", "a b"), FIELDS[1], ("password", "abcd1234")];
        let answer = browser.submit("/register", &faulty).await;
        for id in ["username", "password"] {
            assert!(!answer.assert_fault(422, id).trim().is_empty(), "{id} too, at once");
        }
        let weak = [FIELDS[0], FIELDS[1], ("password", "abcd1234")];
        let answer = browser.submit("/register", &weak).await;
        answer.assert_fault(422, "password");
        assert!(!answer.text().contains("abcd1234"), "never a password: {}", answer.text());
        browser.submit("/register", &FIELDS).await.assert_goes_to("/account");
    }

    async fn a_name_or_an_address_that_is_taken_is_said_at_its_field(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        browser.open("/register").await;
        browser.submit("/register", &FIELDS).await.assert_fault(409, "username");
        let other = [("username", "bob"), FIELDS[1], FIELDS[2]];
        browser.submit("/register", &other).await.assert_fault(409, "email");
        assert_eq!(browser.session(), None);
    }
}

#[tokio::test]
async fn closed_registration_says_so() {
    let app = TestApp::with(&[("PORTCULLIS_REGISTRATION", "closed")]).await;
    let mut browser = app.browser();
    let page = browser.open("/register").await;
    page.assert_error_page(403, "Registration is closed");
    let page = browser.open("/login").await.assert_page(200);
    assert!(
        !page.contains("/register"),
        "no link to what is closed: {page}"
    );
    let answer = browser.submit("/register", &FIELDS).await;
    answer.assert_error_page(403, "Registration is closed");
}
