//! Setting up a second factor at a sign-in, where the server requires one.

use integration::browser::between;
use integration::{
    Answer, Authenticator, Backend, Browser, Mailed, PASSWORD, TestApp, every_backend,
};

const ALICE: &str = "alice@example.org";
const REQUIRED: (&str, &str) = ("PORTCULLIS_MFA", "required");
const WEEK: (&str, &str) = ("PORTCULLIS_MFA_GRACE", "7");
const RIGHT: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];
const NEW: [(&str, &str); 3] = [RIGHT[0], ("email", ALICE), RIGHT[1]];

/// An application where every account must have a second factor at once.
struct Strict(TestApp);

/// One where that has a week.
struct Gentle(TestApp);

/// One of the first kind that sends mail.
struct StrictMailed(Mailed);

impl Strict {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[REQUIRED]).await)
    }
}

impl Gentle {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[REQUIRED, WEEK]).await)
    }
}

impl StrictMailed {
    async fn start(backend: Backend) -> Self {
        Self(Mailed::start_with(backend, &[REQUIRED]).await)
    }
}

/// The challenge of the page that demands an app.
#[track_caller]
fn challenge(answer: &Answer) -> String {
    let page = answer.assert_page(200);
    assert!(page.contains("Set up a second factor"), "{page}");
    between(&page, "name=\"challenge\" value=\"", "\"").expect("a challenge")
}

/// Enters name and password, which leads to an enrolment.
async fn first_step(browser: &mut Browser<'_>, next: &str) -> String {
    browser.open("/login").await.assert_page(200);
    let answer = browser
        .submit("/login", &[RIGHT[0], RIGHT[1], ("next", next)])
        .await;
    assert_eq!(browser.session(), None);
    challenge(&answer)
}

/// Asks for what an app is given.
async fn begins(browser: &mut Browser<'_>, challenge: &str, next: &str) -> Authenticator {
    let fields = [("challenge", challenge), ("next", next)];
    let page = browser
        .submit("/login/enrol", &fields)
        .await
        .assert_page(200);
    assert!(
        page.contains("<svg") && page.contains("action=\"/login/enrol/confirm\""),
        "{page}"
    );
    let secret = between(&page, "<code class=\"secret\">", "</code>").unwrap();
    Authenticator::with(&secret.replace(' ', ""))
}

async fn confirms(browser: &mut Browser<'_>, challenge: &str, next: &str, code: &str) -> Answer {
    let fields = [("challenge", challenge), ("next", next), ("code", code)];
    browser.submit("/login/enrol/confirm", &fields).await
}

#[track_caller]
fn assert_begins_anew(answer: &Answer) {
    let sentence = answer.assert_refused(403);
    assert_eq!(sentence, "This sign-in can’t be continued. Sign in again.");
}

every_backend! {
    async fn a_sign_in_sets_up_an_app_and_goes_on_where_it_was_to_lead(app: Strict) {
        let app = app.0;
        app.signed_up("alice").await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser, "/account/confirm").await;
        let authenticator = begins(&mut browser, &asked, "/account/confirm").await;
        let wrong = confirms(&mut browser, &asked, "/account/confirm", "000 00x").await;
        assert_eq!(wrong.assert_fault(403, "code").trim(), "This code is wrong, or was used before.");
        assert!(!wrong.text().contains("<code class=\"secret\">"), "{}", wrong.text());
        let none = confirms(&mut browser, &asked, "/account/confirm", "").await;
        none.assert_fault(422, "code");
        let code = authenticator.shows(&app);
        let done = confirms(&mut browser, &asked, "/account/confirm", &code).await;
        let page = done.assert_page(200);
        assert_eq!(page.matches("<li><code>").count(), 10, "{page}");
        assert!(page.contains("href=\"/account/confirm\""), "{page}");
        assert!(browser.session().is_some() && browser.cookie("portcullis-pre").is_none());
        let page = browser.open("/account/factor").await.assert_page(200);
        assert!(page.contains("This server requires a second factor."), "{page}");
        assert!(!page.contains("/account/factor/remove"), "{page}");
        let removed = browser.submit("/account/factor/remove", &[]).await;
        assert!(removed.assert_page(409).contains("The second factor stays"));
    }

    async fn the_enrolment_is_that_of_the_same_browser(app: Strict) {
        let app = app.0;
        app.signed_up("alice").await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser, "").await;
        let authenticator = begins(&mut browser, &asked, "").await;
        let code = authenticator.shows(&app);
        let mut other = app.browser();
        other.open("/login").await;
        let begun = other.submit("/login/enrol", &[("challenge", &asked)]).await;
        assert_begins_anew(&begun);
        assert_begins_anew(&confirms(&mut other, &asked, "", &code).await);
        let body = serde_json::json!({"challenge": asked, "code": code});
        let by_api = app.post("/api/v1/login/enrol/confirm").json(body).send().await;
        by_api.assert_problem(401, "invalid_challenge");
        assert_begins_anew(&confirms(&mut browser, "pcn_x", "", &code).await);
        confirms(&mut browser, &asked, "", &code).await.assert_page(200);
        browser.open("/account").await.assert_page(200);
    }

    async fn whoever_signs_up_sets_up_an_app(app: Strict) {
        let app = app.0;
        let mut browser = app.browser();
        browser.open("/register").await.assert_page(200);
        let asked = challenge(&browser.submit("/register", &NEW).await);
        assert_eq!(browser.session(), None);
        let authenticator = begins(&mut browser, &asked, "").await;
        let code = authenticator.shows(&app);
        confirms(&mut browser, &asked, "", &code).await.assert_page(200);
        browser.open("/account").await.assert_page(200);
    }

    async fn whoever_signs_up_confirms_the_address_first(app: StrictMailed) {
        let app = app.0;
        let mut browser = app.browser();
        browser.open("/register").await.assert_page(200);
        let page = browser.submit("/register", &NEW).await;
        assert!(page.status.is_success() && page.text().contains(ALICE), "{}", page.text());
        assert_eq!(browser.session(), None);
        let token = app.token(ALICE, "/confirm").await;
        browser.open("/login").await.assert_page(200);
        let page = browser.submit("/login", &RIGHT).await.assert_page(403);
        assert!(page.contains("Confirm your e-mail address first"), "{page}");
        browser.open(&format!("/confirm?token={token}")).await.assert_page(200);
        let fields = [("token", &*token), ("password", PASSWORD)];
        browser.submit("/confirm", &fields).await.assert_page(200);
        first_step(&mut browser, "").await;
    }

    async fn within_the_grace_the_account_says_until_when(app: Gentle) {
        let app = app.0;
        let mut browser = app.browser();
        browser.open("/register").await.assert_page(200);
        browser.submit("/register", &NEW).await.assert_goes_to("/account");
        for path in ["/account", "/account/factor"] {
            let page = browser.open(path).await.assert_page(200);
            assert!(page.contains("Set one up before") && page.contains("22 January 2027"), "{page}");
        }
    }
}
