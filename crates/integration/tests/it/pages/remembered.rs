//! Browsers that are remembered.

use integration::{Authenticator, Backend, Browser, PASSWORD, TestApp, every_backend};

use super::factor::{enrolled, first_step, second_step};

const SETTING: (&str, &str) = ("PORTCULLIS_MFA_REMEMBER", "30");
const COOKIE: &str = "portcullis-remembered";
const RIGHT: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];
const BOX: &str = "Don’t ask for a code on this device for 30 days";

/// An application that remembers browsers for 30 days.
struct Remembering(TestApp);

impl Remembering {
    async fn start(backend: Backend) -> Self {
        Self(TestApp::start_with(backend, &[SETTING]).await)
    }
}

/// Signs in by both factors, and has the browser remembered.
async fn is_remembered(browser: &mut Browser<'_>, app: &TestApp, authenticator: &Authenticator) {
    let asked = first_step(browser).await;
    let code = authenticator.shows(app);
    let fields = [
        ("challenge", &*asked),
        ("factor", &*code),
        ("remember_device", "yes"),
    ];
    let welcome = browser.submit("/login/factor", &fields).await;
    welcome.assert_goes_to("/account");
    let set = welcome.set_cookie(COOKIE).expect("a cookie");
    assert!(
        set.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000"),
        "{set}"
    );
    app.advance(30);
}

async fn signs_out(browser: &mut Browser<'_>) {
    browser.open("/account").await.assert_page(200);
    browser
        .submit("/logout", &[])
        .await
        .assert_goes_to("/login");
}

async fn signs_in(browser: &mut Browser<'_>) {
    browser.open("/login").await.assert_page(200);
    browser
        .submit("/login", &RIGHT)
        .await
        .assert_goes_to("/account");
}

every_backend! {
    async fn a_browser_that_is_remembered_signs_in_by_the_password(app: Remembering) {
        let app = app.0;
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        is_remembered(&mut browser, &app, &authenticator).await;
        signs_out(&mut browser).await;
        assert!(browser.cookie(COOKIE).is_some());
        signs_in(&mut browser).await;

        // Whatever needs both factors asks for them.
        let page = browser.open("/account/factor").await.assert_page(200);
        assert!(page.contains("On one device, your password alone signs you in:"), "{page}");
        assert!(page.contains("Since 15 January 2027, 08:00 UTC, until 14 February 2027, 08:00 UTC"), "{page}");
        let codes = browser.submit("/account/factor/codes", &[]).await;
        codes.assert_goes_to("/account/confirm?next=/account/factor");
        browser.open("/account").await.assert_page(200);
        let renamed = [("username", "alicia"), ("email", "alice@example.org")];
        let renamed = browser.submit("/account/profile", &renamed).await;
        renamed.assert_goes_to("/account/confirm?next=/account");
        let page = browser.open("/account/confirm").await.assert_page(200);
        assert!(page.contains("name=\"factor\""), "{page}");

        browser.open("/account/factor").await.assert_page(200);
        let forgotten = browser.submit("/account/factor/forget", &[]).await;
        forgotten.assert_goes_to("/account/factor?done=devices-forgotten");
        assert_eq!(browser.cookie(COOKIE), None);
        let page = browser.open("/account/factor?done=devices-forgotten").await.assert_page(200);
        assert!(page.contains("asks for a code on every device") && !page.contains("Forget all"), "{page}");
        signs_out(&mut browser).await;
        first_step(&mut browser).await;
    }

    async fn whoever_does_not_want_it_is_asked_again(app: Remembering) {
        let app = app.0;
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        browser.open("/login").await.assert_page(200);
        let page = browser.submit("/login", &RIGHT).await.assert_page(200);
        assert!(page.contains(BOX) && !page.contains(" checked"), "{page}");
        let asked = first_step(&mut browser).await;
        let fields = [("challenge", &*asked), ("factor", "000000"), ("remember_device", "yes")];
        let wrong = browser.submit("/login/factor", &fields).await;
        assert!(wrong.text().contains(" checked"), "{}", wrong.text());
        assert_eq!(wrong.set_cookie(COOKIE), None);
        let welcome = second_step(&mut browser, &asked, &authenticator.shows(&app)).await;
        welcome.assert_goes_to("/account");
        assert_eq!(welcome.set_cookie(COOKIE), None);
        signs_out(&mut browser).await;
        first_step(&mut browser).await;
    }

    async fn where_it_is_off_nobody_is_offered_it(app: TestApp) {
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        browser.open("/login").await.assert_page(200);
        let page = browser.submit("/login", &RIGHT).await.assert_page(200);
        assert!(!page.contains("remember_device"), "{page}");
        let asked = first_step(&mut browser).await;
        let code = authenticator.shows(&app);
        let fields = [("challenge", &*asked), ("factor", &*code), ("remember_device", "yes")];
        let welcome = browser.submit("/login/factor", &fields).await;
        welcome.assert_goes_to("/account");
        assert_eq!(welcome.set_cookie(COOKIE), None);
    }
}
