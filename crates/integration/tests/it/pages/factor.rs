//! The second step of a sign-in.

use integration::browser::between;
use integration::{Answer, Authenticator, Browser, PASSWORD, TestApp, every_backend};

const RIGHT: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];
const WRONG: &str = "000000";

/// Alice, whose app is enrolled, and her recovery codes.
pub(super) async fn enrolled(app: &TestApp) -> (Authenticator, Vec<String>) {
    let alice = app.signed_in("alice").await;
    app.enrols(&alice).await
}

/// What the page of the second step carries on.
#[track_caller]
fn challenge(page: &str) -> String {
    between(page, "name=\"challenge\" value=\"", "\"").expect("a challenge")
}

/// Enters name and password, and gives the challenge of the page that comes next.
pub(super) async fn first_step(browser: &mut Browser<'_>) -> String {
    browser.open("/login").await.assert_page(200);
    let page = browser.submit("/login", &RIGHT).await.assert_page(200);
    assert_eq!(browser.session(), None);
    challenge(&page)
}

pub(super) async fn second_step(browser: &mut Browser<'_>, challenge: &str, code: &str) -> Answer {
    let fields = [("challenge", challenge), ("factor", code)];
    browser.submit("/login/factor", &fields).await
}

#[track_caller]
fn assert_begins_anew(answer: &Answer) {
    let sentence = answer.assert_refused(403);
    assert_eq!(sentence, "This sign-in can’t be continued. Sign in again.");
    assert!(
        answer.text().contains("action=\"/login\""),
        "{}",
        answer.text()
    );
}

every_backend! {
    async fn the_password_and_a_code_sign_in(app: TestApp) {
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        let wrong = second_step(&mut browser, &asked, WRONG).await;
        assert_eq!(wrong.assert_fault(403, "factor").trim(), "This code is wrong, or was used before.");
        assert!(!wrong.text().contains(WRONG) && !wrong.text().contains("alice"), "{}", wrong.text());
        assert_eq!(challenge(&wrong.text()), asked);
        let none = second_step(&mut browser, &asked, "").await;
        assert_eq!(none.assert_fault(422, "factor").trim(), "Enter the code that your authenticator app shows.");

        let code = authenticator.shows(&app);
        second_step(&mut browser, &asked, &code).await.assert_goes_to("/account");
        assert!(browser.session().is_some() && browser.cookie("portcullis-pre").is_none());
        browser.open("/account").await.assert_page(200);

        let mut other = app.browser();
        let asked = first_step(&mut other).await;
        second_step(&mut other, &asked, &code).await.assert_fault(403, "factor");
    }

    async fn a_recovery_code_signs_in_once(app: TestApp) {
        let (_, codes) = enrolled(&app).await;
        let spelt = codes[3].to_lowercase().replace('-', " ");
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        second_step(&mut browser, &asked, &spelt).await.assert_goes_to("/account");
        let mut other = app.browser();
        let asked = first_step(&mut other).await;
        second_step(&mut other, &asked, &spelt).await.assert_fault(403, "factor");
    }

    async fn the_second_step_is_that_of_the_same_browser(app: TestApp) {
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        let code = authenticator.shows(&app);
        let mut other = app.browser();
        other.open("/login").await;
        assert_begins_anew(&second_step(&mut other, &asked, &code).await);
        let body = serde_json::json!({"challenge": asked, "totp": code});
        let by_api = app.post("/api/v1/login/factor").json(body).send().await;
        by_api.assert_problem(401, "invalid_challenge");
        let of_api = app.login("alice", PASSWORD).await.assert_problem(401, "factor_required");
        let of_api = of_api["challenge"].as_str().unwrap();
        assert_begins_anew(&second_step(&mut browser, of_api, &code).await);
        for none in ["", "pcq_x", "<script>"] {
            assert_begins_anew(&second_step(&mut browser, none, &code).await);
        }
        second_step(&mut browser, &asked, &code).await.assert_goes_to("/account");
    }

    async fn the_second_step_goes_where_the_first_one_was_to_lead(app: TestApp) {
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        browser.open("/login?next=/account/confirm").await.assert_page(200);
        let fields = [RIGHT[0], RIGHT[1], ("next", "/account/confirm")];
        let page = browser.submit("/login", &fields).await.assert_page(200);
        assert!(page.contains("name=\"next\" value=\"/account/confirm\""), "{page}");
        let (asked, code) = (challenge(&page), authenticator.shows(&app));
        let fields = [("challenge", &*asked), ("factor", &*code), ("next", "/account/confirm")];
        browser.submit("/login/factor", &fields).await.assert_goes_to("/account/confirm");
    }

    async fn an_account_that_is_to_be_deleted_is_kept_by_both_factors(app: TestApp) {
        let app = app.restart_with(&[("PORTCULLIS_DELETION_GRACE", "604800")]).await;
        let (_, codes) = enrolled(&app).await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        second_step(&mut browser, &asked, &codes[0]).await.assert_goes_to("/account");
        let fields = [("current_password", PASSWORD), ("factor", &*codes[1])];
        browser.open("/account/delete").await.assert_page(200);
        browser.submit("/account/delete", &fields).await.assert_goes_to("/deleted");

        let asked = first_step(&mut browser).await;
        let page = second_step(&mut browser, &asked, &codes[2]).await.assert_page(403);
        assert!(page.contains("scheduled for deletion") && page.contains("Keep my account"), "{page}");
        let keeps = [RIGHT[0], RIGHT[1], ("keep_account", "yes")];
        let page = browser.submit("/login", &keeps).await.assert_page(200);
        assert!(page.contains("name=\"keep_account\" value=\"yes\""), "{page}");
        let asked = challenge(&page);
        let fields = [("challenge", &*asked), ("factor", &*codes[3]), ("keep_account", "yes")];
        browser.submit("/login/factor", &fields).await.assert_goes_to("/account?done=kept");
    }

    async fn codes_are_not_tried_without_an_end(app: TestApp) {
        let (authenticator, _) = enrolled(&app).await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        for _ in 0..5 {
            second_step(&mut browser, &asked, WRONG).await.assert_fault(403, "factor");
        }
        let code = authenticator.shows(&app);
        assert_begins_anew(&second_step(&mut browser, &asked, &code).await);
        let asked = first_step(&mut browser).await;
        let refused = second_step(&mut browser, &asked, &code).await;
        let sentence = refused.assert_fault(429, "factor");
        assert!(sentence.starts_with("Too many attempts. Try again in "), "{sentence}");
        let wait = refused.header("retry-after").unwrap().parse().unwrap();
        app.advance(wait);
        let code = authenticator.shows(&app);
        second_step(&mut browser, &asked, &code).await.assert_goes_to("/account");
    }

    async fn what_needs_the_password_once_more_needs_a_code_too(app: TestApp) {
        let (authenticator, codes) = enrolled(&app).await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        second_step(&mut browser, &asked, &codes[0]).await.assert_goes_to("/account");
        for (path, password) in [("/account/confirm", "password"), ("/account/delete", "current_password")] {
            let page = browser.open(path).await.assert_page(200);
            assert!(page.contains("<input id=\"factor\"") && !page.contains("inputmode"), "{page}");
            let right = (password, PASSWORD);
            browser.submit(path, &[right]).await.assert_fault(403, "factor");
            browser.submit(path, &[right, ("factor", "")]).await.assert_fault(422, "factor");
            let wrong = browser.submit(path, &[right, ("factor", WRONG)]).await;
            assert_eq!(wrong.assert_fault(403, "factor").trim(), "This code is wrong, or was used before.");
            assert!(!wrong.text().contains(WRONG) && !wrong.text().contains(PASSWORD));
            let guess = [(password, "a guess"), ("factor", &*codes[1])];
            browser.submit(path, &guess).await.assert_fault(403, password);
        }
        app.advance(600);
        browser.open("/account").await;
        let renamed = [("username", "alicia"), ("email", "alice@example.org")];
        browser.submit("/account/profile", &renamed).await.assert_goes_to("/account/confirm?next=/account");
        browser.open("/account/confirm").await;
        let code = authenticator.shows(&app);
        let both = [("password", PASSWORD), ("factor", &*code)];
        browser.submit("/account/confirm", &both).await.assert_goes_to("/account?done=confirmed");
        browser.open("/account").await;
        browser.submit("/account/profile", &renamed).await.assert_goes_to("/account?done=profile");
        browser.open("/account/delete").await;
        let both = [("current_password", PASSWORD), ("factor", &*codes[1])];
        browser.submit("/account/delete", &both).await.assert_goes_to("/deleted");
    }

    async fn guesses_at_a_code_must_wait_wherever_they_are_made(app: TestApp) {
        let (authenticator, codes) = enrolled(&app).await;
        let mut browser = app.browser();
        let asked = first_step(&mut browser).await;
        second_step(&mut browser, &asked, &codes[0]).await.assert_goes_to("/account");
        browser.open("/account/confirm").await;
        for _ in 0..5 {
            let guess = [("password", PASSWORD), ("factor", WRONG)];
            browser.submit("/account/confirm", &guess).await.assert_fault(403, "factor");
        }
        let code = authenticator.shows(&app);
        for (path, password) in [("/account/confirm", "password"), ("/account/delete", "current_password")] {
            let right = [(password, PASSWORD), ("factor", &*code)];
            let refused = browser.submit(path, &right).await;
            refused.assert_fault(429, "factor");
            assert!(refused.header("retry-after").is_some());
        }
    }
}
