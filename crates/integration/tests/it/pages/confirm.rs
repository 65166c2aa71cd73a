use integration::browser::between;
use integration::{Answer, Browser, Confirmed, Mailed, PASSWORD, TestApp, every_backend};

const ALICE: &str = "alice@example.org";
const NEW: &str = "alice@example.net";
const OTHER: &str = "another long and winding phrase";

#[track_caller]
fn assert_invalid(answer: &Answer) {
    let page = answer.assert_page(400);
    assert!(page.contains("href=\"/login\""), "{page}");
}

/// The path of the page that the next mail to this address leads to, and what its link carries.
async fn mailed(app: &Mailed, to: &str) -> (String, String) {
    let token = app.token(to, "/confirm").await;
    (format!("/confirm?token={token}"), token)
}

mod optional {
    use super::*;

    every_backend! {
        async fn an_address_is_confirmed_by_a_button_and_not_by_a_look(app: Mailed) {
            let alice = app.signed_in("alice").await;
            let (path, token) = mailed(&app, ALICE).await;
            let mut browser = app.browser();
            for _ in 0..2 {
                let page = browser.open(&path).await.assert_page(200);
                assert_eq!(between(&page, "name=\"token\" value=\"", "\""), Some(token.clone()));
                assert_eq!(page.matches(&token).count(), 1, "in no address: {page}");
            }
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], false);
            browser.submit("/confirm", &[("token", &token)]).await.assert_fault(422, "password");
            let wrong = [("token", &*token), ("password", OTHER)];
            browser.submit("/confirm", &wrong).await.assert_fault(403, "password");
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], false);
            let right = [("token", &*token), ("password", PASSWORD)];
            let page = browser.submit("/confirm", &right).await.assert_page(200);
            assert!(page.contains("href=\"/login\"") && !page.contains(&token), "{page}");
            assert_eq!(browser.session(), None, "nobody is signed in");
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], true);
            assert_invalid(&browser.open(&path).await);
            browser.open("/login").await;
            assert_invalid(&browser.submit("/confirm", &[("token", &token)]).await);
        }

        async fn an_address_is_confirmed_by_a_code(app: Mailed) {
            let alice = app.signed_in("alice").await;
            let code = app.letter(ALICE).await.code();
            let mut browser = app.browser();
            browser.open("/confirm").await.assert_page(200);
            let wrong = browser.submit("/confirm", &[("email", ALICE), ("code", "nothing")]).await;
            wrong.assert_fault(400, "code");
            assert!(wrong.text().contains(&format!("value=\"{ALICE}\"")), "it stays");
            let empty = browser.submit("/confirm", &[("email", ""), ("code", "")]).await;
            empty.assert_fault(422, "email");
            empty.assert_fault(422, "code");
            let right = [("email", ALICE), ("code", &*code)];
            browser.submit("/confirm", &right).await.assert_fault(422, "password");
            browser.submit("/confirm", &[right[0], right[1], ("password", PASSWORD)]).await.assert_page(200);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email_verified"], true);
        }

        async fn tries_at_a_code_are_counted(app: Mailed) {
            app.signed_up("alice").await;
            let code = app.letter(ALICE).await.code();
            let wrong = if code == "00000000" { "11111111" } else { "00000000" };
            let mut browser = app.browser();
            browser.open("/confirm").await;
            for _ in 0..5 {
                browser.submit("/confirm", &[("email", ALICE), ("code", wrong)]).await.assert_fault(400, "code");
            }
            let refused = browser.submit("/confirm", &[("email", ALICE), ("code", &code)]).await;
            assert_eq!(refused.assert_fault(429, "code").trim(), "Too many attempts. Try again in 1 day.");
            assert_eq!(refused.header("retry-after"), Some("86400"));
            app.advance(3600);
            let refused = browser.submit("/confirm", &[("email", ALICE), ("code", &code)]).await;
            assert_eq!(refused.assert_fault(429, "code").trim(), "Too many attempts. Try again in 23 hours.");
            assert_eq!(refused.header("retry-after"), Some("82800"));
        }

        async fn a_link_that_is_not_good_says_so(app: Mailed) {
            app.signed_up("alice").await;
            let (path, _) = mailed(&app, ALICE).await;
            let mut browser = app.browser();
            for query in ["?token=", "?token=pcc_x", "?token=%00", "?token=<b>"] {
                assert_invalid(&browser.open(&format!("/confirm{query}")).await);
            }
            app.advance(24 * 3600);
            assert_invalid(&browser.open(&path).await);
        }

        async fn a_mail_comes_once_more_and_the_page_is_the_same_for_everybody(app: Mailed) {
            app.signed_up("alice").await;
            app.letter(ALICE).await;
            let mut browser = app.browser();
            browser.open("/confirm/resend").await.assert_page(200);
            let unknown = browser.submit("/confirm/resend", &[("email", "alicf@example.org")]).await;
            let known = browser.submit("/confirm/resend", &[("email", ALICE)]).await;
            assert_alike(&unknown, "alicf@example.org", &known, ALICE);
            let code = app.letter(ALICE).await.code();
            let with_code = [("email", ALICE), ("code", &*code), ("password", PASSWORD)];
            browser.submit("/confirm", &with_code).await.assert_page(200);
            browser.submit("/confirm/resend", &[("email", "alice")]).await.assert_fault(422, "email");
        }

        async fn the_account_says_whether_the_address_is_confirmed(app: Mailed) {
            app.signed_up("alice").await;
            app.letter(ALICE).await;
            let mut browser = app.browser_of("alice").await;
            let page = browser.open("/account").await.assert_page(200);
            assert!(page.contains("is not confirmed yet"), "{page}");
            browser.submit("/account/resend", &[]).await.assert_goes_to("/account?done=resent");
            let (path, token) = mailed(&app, ALICE).await;
            let page = browser.open("/account?done=resent").await.assert_page(200);
            assert!(page.contains("role=\"status\">A mail is on its way."), "{page}");
            app.signed_up("mallory").await;
            let page = app.browser_of("mallory").await.open(&path).await.assert_page(200);
            assert!(page.contains("type=\"password\""), "the browser of another account: {page}");
            let page = browser.open(&path).await.assert_page(200);
            assert!(!page.contains("type=\"password\""), "{page}");
            let page = browser.submit("/confirm", &[("token", &token)]).await.assert_page(200);
            assert!(page.contains("href=\"/account\""), "{page}");
            let page = browser.open("/account").await.assert_page(200);
            assert!(page.contains("Your e-mail address is confirmed."), "{page}");
            browser.submit("/account/resend", &[]).await.assert_goes_to("/account");
        }

        async fn the_account_names_no_other_address_to_mail_to(app: Mailed) {
            app.signed_up("alice").await;
            let mut browser = app.browser_of("alice").await;
            browser.submit("/account/resend", &[("email", "bob@example.org")]).await.assert_error_page(400, "This can’t be done");
        }

        async fn another_address_is_in_force_when_it_is_confirmed_and_can_be_taken_back(app: Mailed) {
            let alice = app.confirmed("alice").await;
            let mut browser = app.browser_of("alice").await;
            let fields = [("username", "alice"), ("email", NEW)];
            let page = browser.submit("/account/profile", &fields).await.assert_page(200);
            let done = between(&page, "role=\"status\">", "</p>").unwrap();
            assert!(done.contains(&format!("We sent a mail to {NEW}.")), "{done}");
            assert!(page.contains(&format!("value=\"{ALICE}\"")), "the present one: {page}");
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], ALICE);

            let (path, token) = mailed(&app, NEW).await;
            browser.open(&path).await.assert_page(200);
            browser.submit("/confirm", &[("token", &token)]).await.assert_page(200);
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], NEW);

            let undo = app.token(ALICE, "/email/undo").await;
            let path = format!("/email/undo?token={undo}");
            let mut owner = app.browser();
            for _ in 0..2 {
                let page = owner.open(&path).await.assert_page(200);
                assert_eq!(page.matches(&undo).count(), 1, "in no address: {page}");
            }
            assert_eq!(app.me(&alice.access).await.assert_ok()["email"], NEW, "nothing is changed yet");
            let page = owner.submit("/email/undo", &[("token", &undo)]).await.assert_page(200);
            assert!(page.contains("href=\"/forgot\""), "{page}");
            assert_invalid(&owner.submit("/email/undo", &[("token", &undo)]).await);
            assert_invalid(&owner.open(&path).await);
            assert_invalid(&owner.open("/email/undo").await);
            browser.open("/account").await.assert_goes_to("/login");

            let reset = app.token(ALICE, "/reset").await;
            owner.open(&format!("/reset?token={reset}")).await.assert_page(200);
            owner.submit("/reset", &[("token", &reset), ("new_password", OTHER)]).await.assert_page(200);
            app.login(ALICE, OTHER).await.assert_ok();
        }
    }
}

/// The pages are the same, but for the addresses that were typed.
#[track_caller]
fn assert_alike(one: &Answer, its: &str, other: &Answer, others: &str) {
    let cleaned = |answer: &Answer, address: &str| {
        let page = answer.assert_page(202);
        let nonce = between(&page, "nonce=\"", "\"").unwrap();
        let token = answer.form_token().unwrap();
        page.replace(&nonce, "")
            .replace(&token, "")
            .replace(address, "")
    };
    assert_eq!(cleaned(one, its), cleaned(other, others));
}

mod required {
    use super::*;

    /// Fills in the page for signing up.
    async fn sign_up(browser: &mut Browser<'_>, name: &str, email: &str) -> Answer {
        browser.open("/register").await.assert_page(200);
        let fields = [("username", name), ("email", email), ("password", PASSWORD)];
        browser.submit("/register", &fields).await
    }

    every_backend! {
        async fn an_account_is_made_in_the_browser_that_signed_up_by_the_link_alone(app: Confirmed) {
            let mut browser = app.browser();
            let asked = sign_up(&mut browser, "alice", ALICE).await;
            let page = asked.assert_page(202);
            assert!(page.contains(&format!("value=\"{ALICE}\"")), "{page}");
            assert_eq!(browser.session(), None);
            let cookie = asked.set_cookie("portcullis-sign-up").unwrap();
            assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=86400"), "{cookie}");
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");

            let (path, token) = mailed(&app, ALICE).await;
            let page = browser.open(&path).await.assert_page(200);
            assert!(!page.contains("type=\"password\""), "{page}");
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
            browser.submit("/confirm", &[("token", &token)]).await.assert_page(200);
            assert_eq!(browser.session(), None, "nobody is signed in");
            assert_eq!(browser.cookie("portcullis-sign-up"), None);
            browser.open("/login").await;
            browser.submit("/login", &[("username", "alice"), ("password", PASSWORD)]).await.assert_goes_to("/account");
        }

        async fn the_mail_of_a_sign_up_comes_once_more(app: Confirmed) {
            let mut browser = app.browser();
            let page = sign_up(&mut browser, "alice", ALICE).await.assert_page(202);
            assert!(page.contains("href=\"/confirm/resend\""), "{page}");
            mailed(&app, ALICE).await;
            browser.open("/confirm/resend").await.assert_page(200);
            browser.submit("/confirm/resend", &[("email", ALICE)]).await.assert_page(202);
            let (_, token) = mailed(&app, ALICE).await;
            browser.submit("/confirm", &[("token", &token)]).await.assert_page(200);
            app.login("alice", PASSWORD).await.assert_ok();
        }

        async fn another_browser_needs_the_password_that_was_chosen(app: Confirmed) {
            sign_up(&mut app.browser(), "alice", ALICE).await.assert_page(202);
            let (path, token) = mailed(&app, ALICE).await;
            let mut browser = app.browser();
            let page = browser.open(&path).await.assert_page(200);
            assert!(page.contains("type=\"password\""), "{page}");
            browser.submit("/confirm", &[("token", &token)]).await.assert_fault(422, "password");
            browser.submit("/confirm", &[("token", &token), ("password", "")]).await.assert_fault(422, "password");
            browser.submit("/confirm", &[("token", &token), ("password", OTHER)]).await.assert_fault(403, "password");
            browser.submit("/confirm", &[("token", &token), ("password", PASSWORD)]).await.assert_page(200);
            app.login("alice", PASSWORD).await.assert_ok();
        }

        async fn a_name_that_is_taken_meanwhile_is_chosen_anew(app: Confirmed) {
            let (mut first, mut second) = (app.browser(), app.browser());
            let like_a_name = "correct-horse-battery-staple";
            first.open("/register").await;
            let fields = [("username", "alice"), ("email", ALICE), ("password", like_a_name)];
            first.submit("/register", &fields).await.assert_page(202);
            sign_up(&mut second, "alice", NEW).await.assert_page(202);
            let (_, token) = mailed(&app, NEW).await;
            second.submit("/confirm", &[("token", &token)]).await.assert_page(200);

            let code = app.letter(ALICE).await.code();
            let by_code = [("email", ALICE), ("code", &*code)];
            first.submit("/confirm", &by_code).await.assert_fault(409, "username");
            let with = |name| [by_code[0], by_code[1], ("username", name)];
            first.submit("/confirm", &with("a b")).await.assert_fault(422, "username");
            first.submit("/confirm", &with("alicia")).await.assert_fault(422, "password");
            let with = |name| [by_code[0], by_code[1], ("username", name), ("password", like_a_name)];
            first.submit("/confirm", &with(like_a_name)).await.assert_fault(422, "username");
            first.submit("/confirm", &with("alicia")).await.assert_page(200);
            app.login("alicia", like_a_name).await.assert_ok();
        }

        async fn a_known_and_an_unknown_address_are_answered_alike(app: Confirmed) {
            let mut browser = app.browser();
            sign_up(&mut browser, "alice", ALICE).await.assert_page(202);
            let (_, token) = mailed(&app, ALICE).await;
            browser.submit("/confirm", &[("token", &token)]).await.assert_page(200);

            let known = sign_up(&mut browser, "bob", ALICE).await;
            let unknown = sign_up(&mut browser, "bob", NEW).await;
            assert_alike(&known, ALICE, &unknown, NEW);
            let taken = sign_up(&mut browser, "alice", NEW).await;
            taken.assert_fault(409, "username");
        }

        async fn who_has_not_confirmed_is_told_and_gets_the_mail_once_more(app: Mailed) {
            app.signed_up("alice").await;
            app.letter(ALICE).await;
            let app = app.requiring().await;
            let mut browser = app.browser();
            browser.open("/login").await;
            let fields = |password| [("username", ALICE), ("password", password)];
            browser.submit("/login", &fields(OTHER)).await.assert_refused(403);
            let page = browser.submit("/login", &fields(PASSWORD)).await.assert_page(403);
            assert!(page.contains("action=\"/confirm/resend\"") && page.contains(&format!("value=\"{ALICE}\"")), "{page}");
            assert_eq!(browser.session(), None);
            browser.submit("/confirm/resend", &[("email", ALICE)]).await.assert_page(202);
            let (_, token) = mailed(&app, ALICE).await;
            let page = browser.open(&format!("/confirm?token={token}")).await.assert_page(200);
            assert!(page.contains("type=\"password\""), "{page}");
            browser.submit("/confirm", &[("token", &token), ("password", PASSWORD)]).await.assert_page(200);
            browser.submit("/login", &fields(PASSWORD)).await.assert_goes_to("/account");
        }
    }

    #[tokio::test]
    async fn over_https_the_cookie_of_a_sign_up_is_secure_and_host_bound() {
        let app = Confirmed::at("https://accounts.example.org").await;
        let mut browser = app.browser_at("https://accounts.example.org");
        let asked = sign_up(&mut browser, "alice", ALICE).await;
        let cookie = asked.set_cookie("__Host-portcullis-sign-up").unwrap();
        let end = "; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=86400";
        assert!(cookie.ends_with(end), "{cookie}");
    }
}

#[tokio::test]
async fn a_server_without_mail_says_so() {
    let app = TestApp::with(&[]).await;
    let mut browser = app.browser();
    browser.open("/confirm/resend").await.assert_page(403);
    let asked = browser.submit("/confirm/resend", &[("email", ALICE)]).await;
    asked.assert_status(403);
    app.signed_up("alice").await;
    let page = app.browser_of("alice").await.open("/account").await;
    let page = page.assert_page(200);
    assert!(!page.contains("confirmed"), "{page}");
}

/// What a link carries stands in no line of the log, however long and chatty that is.
#[tokio::test]
async fn the_log_names_the_page_and_never_what_a_link_carries() {
    let folder = tempfile::tempdir().unwrap();
    let env = [
        ("PORTCULLIS_LOG", "debug"),
        ("PORTCULLIS_LOG_FORMAT", "json"),
    ];
    let server = integration::process::Server::start(folder.path(), &env).await;
    let client = reqwest::Client::new();
    for page in ["reset", "confirm", "email/undo"] {
        let url = format!("{}/{page}?token=pcr_what-it-carries", server.url());
        let answer = client.get(url).header("accept", "text/html").send().await;
        assert_eq!(answer.unwrap().status(), 400, "{page}");
    }
    let (_, log) = server.stop().await;
    assert!(
        log.contains("/email/undo") && !log.contains("what-it-carries"),
        "{log}"
    );
}
