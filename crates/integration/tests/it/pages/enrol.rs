//! Setting up a second factor, and what can be done with it.

use integration::browser::between;
use integration::{Answer, Authenticator, Browser, Mailed, PASSWORD, TestApp, every_backend};

use super::factor::{enrolled, first_step, second_step};

const WRONG: &str = "000000";
const TO_CONFIRM: &str = "/account/confirm?next=/account/factor";

/// What an app reads of the page that shows its secret.
#[track_caller]
fn read(page: &str) -> Authenticator {
    let groups = between(page, "<code class=\"secret\">", "<").expect("the secret");
    assert_eq!(groups.len(), 39, "eight groups of four: {groups}");
    let secret = groups.replace(' ', "");
    let uri = between(page, "href=\"otpauth://totp/", "\"")
        .expect("a link for an app on the same device");
    assert!(
        uri.starts_with("127.0.0.1:alice?") && uri.contains(&format!("secret={secret}")),
        "{uri}"
    );
    assert_eq!(
        page.matches("<svg").count(),
        2,
        "that of the head, and the code: {page}"
    );
    let label = "aria-label=\"QR code for your authenticator app\"";
    assert_eq!(page.matches(label).count(), 1, "{page}");
    Authenticator::with(&secret)
}

/// The recovery codes of a page.
#[track_caller]
fn codes(answer: &Answer) -> Vec<String> {
    let page = answer.assert_page(200);
    let list = between(&page, "<ul class=\"codes\"", "</ul>").expect("codes");
    let codes = list.split("<code>").skip(1);
    codes
        .map(|code| code.split('<').next().unwrap().to_owned())
        .collect()
}

async fn begun(browser: &mut Browser<'_>) -> Authenticator {
    let page = browser
        .submit("/account/factor/begin", &[])
        .await
        .assert_page(200);
    read(&page)
}

/// A browser in which Alice, whose app is enrolled, is signed in by a recovery code.
async fn signed_in<'a>(app: &'a TestApp, code: &str) -> Browser<'a> {
    let mut browser = app.browser();
    let asked = first_step(&mut browser).await;
    second_step(&mut browser, &asked, code)
        .await
        .assert_goes_to("/account");
    browser.open("/account/factor").await.assert_page(200);
    browser
}

every_backend! {
    async fn an_app_is_set_up(app: TestApp) {
        let api = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        let page = browser.open("/account").await.assert_page(200);
        assert!(page.contains("href=\"/account/factor\">Set up an authenticator app<"), "{page}");
        let page = browser.open("/account/factor").await.assert_page(200);
        assert!(page.contains("action=\"/account/factor/begin\""), "{page}");
        for absent in ["/account/factor/codes", "/account/factor/remove"] {
            assert!(!page.contains(absent), "{page}");
        }

        let authenticator = begun(&mut browser).await;
        let wrong = browser.submit("/account/factor/confirm", &[("code", WRONG)]).await;
        assert_eq!(wrong.assert_fault(403, "code").trim(), "This code is wrong, or was used before.");
        assert!(!wrong.text().contains("otpauth") && !wrong.text().contains(WRONG), "{}", wrong.text());
        browser.submit("/account/factor/confirm", &[("code", "")]).await.assert_fault(422, "code");
        app.me(&api.access).await.assert_ok();
        let code = authenticator.shows(&app);
        let confirmed = browser.submit("/account/factor/confirm", &[("code", &code)]).await;
        let codes = codes(&confirmed);
        assert_eq!(codes.len(), 10, "{codes:?}");

        app.me(&api.access).await.assert_problem(401, "revoked_token");
        let page = browser.open("/account").await.assert_page(200);
        assert!(page.contains("set up on 15 January 2027, 08:00 UTC. 10 recovery codes are left."), "{page}");
        assert!(!page.contains(&codes[0]), "shown once: {page}");
        let mut other = app.browser();
        let asked = first_step(&mut other).await;
        second_step(&mut other, &asked, &code).await.assert_fault(403, "factor");
        second_step(&mut other, &asked, &codes[0]).await.assert_goes_to("/account");
        let page = other.open("/account").await.assert_page(200);
        assert!(page.contains("9 recovery codes are left."), "{page}");
    }

    async fn nothing_is_set_up_long_after_the_password(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.advance(600);
        browser.open("/account/factor").await.assert_page(200);
        browser.submit("/account/factor/begin", &[]).await.assert_goes_to(TO_CONFIRM);
        let code = [("code", WRONG)];
        browser.submit("/account/factor/confirm", &code).await.assert_goes_to(TO_CONFIRM);
        let page = browser.open(TO_CONFIRM).await.assert_page(200);
        assert!(page.contains("name=\"next\" value=\"/account/factor\""), "{page}");
        let fields = [("password", PASSWORD), ("next", "/account/factor")];
        browser.submit("/account/confirm", &fields).await.assert_goes_to("/account/factor?done=confirmed");
        let page = browser.open("/account/factor?done=confirmed").await.assert_page(200);
        assert!(page.contains("role=\"status\">Your password is confirmed."), "{page}");
        begun(&mut browser).await;
    }

    async fn what_was_begun_too_long_ago_begins_again(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        let none = browser.submit("/account/factor/confirm", &[("code", WRONG)]).await.assert_page(404);
        assert!(none.contains("href=\"/account/factor\""), "{none}");
        browser.open("/account/factor").await;
        let authenticator = begun(&mut browser).await;
        app.advance(900);
        browser.open("/account/confirm").await;
        browser.submit("/account/confirm", &[("password", PASSWORD)]).await.assert_goes_to("/account?done=confirmed");
        browser.open("/account/factor").await;
        let code = authenticator.shows(&app);
        browser.submit("/account/factor/confirm", &[("code", &code)]).await.assert_page(404);
        let page = browser.open("/account").await.assert_page(200);
        assert!(!page.contains("recovery codes"), "{page}");
    }

    async fn an_address_is_confirmed_before_an_app_is_set_up(app: Mailed) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        let page = browser.open("/account/factor").await.assert_page(200);
        assert!(page.contains("confirm your e-mail address") && !page.contains("/account/factor/begin"), "{page}");
        browser.submit("/account/factor/begin", &[]).await.assert_goes_to("/account/factor");
        let token = app.token("alice@example.org", "/confirm").await;
        browser.open(&format!("/confirm?token={token}")).await.assert_page(200);
        browser.submit("/confirm", &[("token", &token)]).await.assert_page(200);
        let page = browser.open("/account/factor").await.assert_page(200);
        assert!(!page.contains("confirm your e-mail address"), "{page}");
        begun(&mut browser).await;
    }

    async fn what_changes_it_takes_both_factors(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        let authenticator = begun(&mut browser).await;
        let code = authenticator.shows(&app);
        codes(&browser.submit("/account/factor/confirm", &[("code", &code)]).await);
        app.advance(30);
        browser.open("/account/factor").await.assert_page(200);
        for path in ["begin", "codes", "remove"] {
            browser.submit(&format!("/account/factor/{path}"), &[]).await.assert_goes_to(TO_CONFIRM);
        }
        let page = browser.open(TO_CONFIRM).await.assert_page(200);
        assert!(page.contains("<input id=\"factor\""), "{page}");
        let code = authenticator.shows(&app);
        let both = [("password", PASSWORD), ("factor", &*code), ("next", "/account/factor")];
        browser.submit("/account/confirm", &both).await.assert_goes_to("/account/factor?done=confirmed");
        browser.open("/account/factor").await;
        browser.submit("/account/factor/remove", &[]).await.assert_goes_to("/account/factor?done=factor-removed");
        let page = browser.open("/account/factor?done=factor-removed").await.assert_page(200);
        assert!(page.contains("The second factor has been removed."), "{page}");
        assert!(page.contains("Set up an authenticator app"), "{page}");
        for path in ["codes", "remove"] {
            browser.submit(&format!("/account/factor/{path}"), &[]).await.assert_goes_to("/account/factor");
        }
        app.browser_of("alice").await;
    }

    async fn new_recovery_codes_take_the_place_of_the_old_ones(app: TestApp) {
        let (_, old) = enrolled(&app).await;
        let mut browser = signed_in(&app, &old[0]).await;
        let page = browser.open("/account/factor").await.assert_page(200);
        assert!(page.contains("9 recovery codes are left."), "{page}");
        let new = codes(&browser.submit("/account/factor/codes", &[]).await);
        assert_eq!(new.len(), 10);
        let mut other = app.browser();
        let asked = first_step(&mut other).await;
        second_step(&mut other, &asked, &old[1]).await.assert_fault(403, "factor");
        second_step(&mut other, &asked, &new[1]).await.assert_goes_to("/account");
    }

    async fn few_recovery_codes_are_a_warning(app: TestApp) {
        const WARNING: &str = "Make new recovery codes";
        let (_, codes) = enrolled(&app).await;
        let mut browser = signed_in(&app, &codes[0]).await;
        for (used, left) in [(5, 4), (6, 3)] {
            for code in &codes[if used == 5 { 1..6 } else { 6..7 }] {
                signed_in(&app, code).await;
            }
            for path in ["/account", "/account/factor"] {
                let page = browser.open(path).await.assert_page(200);
                assert!(page.contains(&format!("{left} recovery codes are left.")), "{page}");
                assert_eq!(page.contains(&format!("class=\"fault\">{WARNING}")), left < 4, "{page}");
            }
        }
    }

    async fn another_app_takes_the_place_of_the_one_that_was_set_up(app: TestApp) {
        let (old, recovery) = enrolled(&app).await;
        let mut browser = signed_in(&app, &recovery[0]).await;
        let new = begun(&mut browser).await;
        let mut other = app.browser();
        let asked = first_step(&mut other).await;
        second_step(&mut other, &asked, &old.shows(&app)).await.assert_goes_to("/account");
        let code = new.shows(&app);
        codes(&browser.submit("/account/factor/confirm", &[("code", &code)]).await);
        other.open("/account").await.assert_goes_to("/login");
        app.advance(30);
        let asked = first_step(&mut other).await;
        second_step(&mut other, &asked, &old.shows(&app)).await.assert_fault(403, "factor");
        second_step(&mut other, &asked, &new.shows(&app)).await.assert_goes_to("/account");
    }

    async fn whoever_opens_the_address_of_a_step_begins_with_the_first(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        for path in ["begin", "confirm", "codes", "forget", "remove"] {
            browser.open(&format!("/account/factor/{path}")).await.assert_goes_to("/account/factor");
        }
        for path in ["/login/factor", "/login/enrol", "/login/enrol/confirm"] {
            browser.open(path).await.assert_goes_to("/login");
        }
        app.browser().open("/account/factor").await.assert_goes_to("/login");
    }
}
