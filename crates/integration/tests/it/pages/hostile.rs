//! Forms as no page of ours sends them: each gets a page that says what to do, and none a 5xx.

use integration::browser::encoded;
use integration::{Answer, Browser, PASSWORD, Request, TestApp, every_backend, raw};
use reqwest::Method;

const FORM: &str = "application/x-www-form-urlencoded";
const REFUSED: &str = "This form can’t be accepted";

/// A form of alice's profile with this body, sent by the browser's own page.
fn profile(app: &TestApp, browser: &Browser<'_>, path: &str, body: Vec<u8>) -> Request {
    browser
        .request(Method::POST, path)
        .header("origin", &format!("http://{}", app.address()))
        .header("sec-fetch-site", "same-origin")
        .body(FORM, body)
}

/// The same in one chunk, whose size the head doesn't tell.
async fn chunked(app: &TestApp, browser: &Browser<'_>, path: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: {}\r\norigin: http://{}\r\ncontent-type: {FORM}\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
        browser.session().unwrap(),
        app.address(),
        body.len(),
    );
    let request = [head.as_bytes(), body, b"\r\n0\r\n\r\n"].concat();
    raw::answer(app.address(), &request).await
}

fn flipped(token: &str, at: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}

every_backend! {
    async fn tokens_that_are_not_good_are_refused(app: TestApp) {
        app.signed_up("alice").await;
        app.signed_up("bob").await;
        let (mut alice, bob) = (app.browser_of("alice").await, app.browser_of("bob").await);
        let good = alice.token.clone();
        let mut tokens = vec![
            String::new(),
            "nonsense".to_owned(),
            "\u{e9}\u{1f980}".to_owned(),
            "\0".to_owned(),
            bob.token.clone(),
            app.browser().token.clone(),
            good[1..].to_owned(),
            format!("{good}A"),
            "A".repeat(good.len()),
            "A".repeat(60_000),
        ];
        tokens.extend([0, 1, 20, 60, 107].map(|at| flipped(&good, at)));
        let fields = [("username", "mallory"), ("email", "m@example.org")];
        for token in tokens {
            alice.token = token.clone();
            let page = alice.submit("/account/profile", &fields).await.assert_error_page(403, REFUSED);
            assert!(page.contains("Load the page again"), "{token}: {page}");
            assert!(page.contains("href=\"/account\""), "{token}: {page}");
        }
        let page = alice.open("/account").await.assert_page(200);
        assert!(page.contains("<h1>alice</h1>"), "nothing was changed: {page}");
    }

    async fn a_form_that_lay_too_long_is_refused_and_its_page_can_be_loaded_again(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        let fields = [("username", "alice"), ("password", PASSWORD)];
        browser.open("/login").await;
        app.advance(3601);
        let page = browser.submit("/login", &fields).await.assert_error_page(403, REFUSED);
        assert!(page.contains("href=\"/login\""), "{page}");
        browser.open("/login").await;
        app.advance(3600);
        browser.submit("/login", &fields).await.assert_goes_to("/account");
    }

    async fn a_token_twice_or_in_the_query_is_none(app: TestApp) {
        app.signed_up("alice").await;
        let mut alice = app.browser_of("alice").await;
        let token = alice.token.clone();
        let rest = [("username", "mallory"), ("email", "m@example.org")];
        let twice = encoded(&[("csrf_token", &token), ("csrf_token", &token), rest[0], rest[1]]);
        let request = profile(&app, &alice, "/account/profile", twice);
        alice.send(request).await.assert_error_page(403, REFUSED);
        let request = profile(&app, &alice, &format!("/account/profile?csrf_token={token}"), encoded(&rest));
        alice.send(request).await.assert_error_page(403, REFUSED);
    }

    async fn a_megabyte_is_too_much_announced_or_not(app: TestApp) {
        app.signed_up("alice").await;
        let mut alice = app.browser_of("alice").await;
        let token = alice.token.clone();
        let big = "x".repeat(1 << 20);
        let body = encoded(&[("csrf_token", &token), ("username", &big), ("email", "m@example.org")]);
        for path in ["/account/profile", "/account/password", "/account/sessions/end-others", "/logout"] {
            let request = profile(&app, &alice, path, body.clone());
            alice.send(request).await.assert_error_page(413, "Too much was sent");
            let answer = chunked(&app, &alice, path, &body).await;
            answer.assert_error_page(413, "Too much was sent");
        }
        let page = alice.open("/account").await.assert_page(200);
        assert!(page.contains("<h1>alice</h1>"), "nothing was changed, and the session goes on: {page}");
    }

    async fn a_token_of_a_megabyte_is_none_announced_or_not(app: TestApp) {
        app.signed_up("alice").await;
        let mut alice = app.browser_of("alice").await;
        let big = "A".repeat(1 << 20);
        let last = format!("username=mallory&email=m@example.org&csrf_token={big}").into_bytes();
        let first = format!("csrf_token={big}&username=mallory&email=m@example.org").into_bytes();
        for body in [last, first] {
            for path in ["/account/profile", "/login", "/logout"] {
                let request = profile(&app, &alice, path, body.clone());
                let page = alice.send(request).await.assert_error_page(403, REFUSED);
                assert!(page.contains("Load the page again"), "{path}: {page}");
                let answer = chunked(&app, &alice, path, &body).await;
                answer.assert_error_page(403, REFUSED);
            }
        }
        // In a header it is beyond what any request may bring: 431 says what to mend (RFC 6585 §5).
        let request = format!(
            "POST /account/profile HTTP/1.1\r\nhost: x\r\naccept: text/html\r\ncookie: {}\r\norigin: http://{}\r\nx-csrftoken: {big}\r\ncontent-length: 0\r\n\r\n",
            alice.session().unwrap(), app.address(),
        );
        let answer = raw::answer(app.address(), request.as_bytes()).await;
        answer.assert_problem(431, "headers_too_large");
        let page = alice.open("/account").await.assert_page(200);
        assert!(page.contains("<h1>alice</h1>"), "nothing was changed: {page}");
    }

    async fn forms_of_another_shape_are_refused(app: TestApp) {
        app.signed_up("alice").await;
        let mut alice = app.browser_of("alice").await;
        let token = alice.token.clone();
        for (body, status) in [
            (format!("csrf_token={token}&username=a&username=b&email=m@example.org"), 400),
            (format!("csrf_token={token}&username=a&email=m@example.org&admin=true"), 400),
            (format!("csrf_token={token}&username=%ff%fe&email=m@example.org"), 400),
            (format!("csrf_token={token}&{}", "a=b&".repeat(300)), 400),
            (format!("csrf_token={token}"), 422),
            (format!("csrf_token={token}&username=%00&email=%00"), 422),
        ] {
            let request = profile(&app, &alice, "/account/profile", body.clone().into_bytes());
            let answer = alice.send(request).await;
            answer.assert_page(status);
        }
        let request = profile(&app, &alice, "/account/profile", Vec::new())
            .header("x-csrftoken", &token)
            .body("application/json", b"{}".to_vec());
        let answer = alice.send(request).await;
        answer.assert_page(415);
    }

    async fn cookies_of_all_sorts_are_no_sessions(app: TestApp) {
        let long = "x".repeat(8000);
        for value in ["", "x", "pcb_", "\u{e9}", &long, "a=b", "pcb_AAAA; portcullis=pcb_BBBB"] {
            let cookie = format!("portcullis={value}; portcullis-pre={value}");
            let answer = app.get("/account").header("cookie", &cookie).send().await;
            answer.assert_goes_to("/login");
            let answer = app.get("/login").header("cookie", &cookie).send().await;
            answer.assert_page(200);
        }
    }
}
