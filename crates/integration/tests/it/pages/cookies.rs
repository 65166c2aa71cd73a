//! Which cookies there are, and when they are replaced.

use integration::{PASSWORD, TestApp, every_backend};

const LOGIN: [(&str, &str); 2] = [("username", "alice"), ("password", PASSWORD)];

every_backend! {
    async fn over_http_on_this_machine_they_are_neither_secure_nor_host_bound(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        let answer = browser.open("/login").await;
        let value = browser.cookies["portcullis-pre"].clone();
        assert_eq!(
            answer.set_cookie("portcullis-pre"),
            Some(format!("portcullis-pre={value}; Path=/; HttpOnly; SameSite=Lax").as_str())
        );
        let answer = browser.submit("/login", &LOGIN).await;
        let value = browser.cookies["portcullis"].clone();
        assert_eq!(
            answer.set_cookie("portcullis"),
            Some(format!("portcullis={value}; Path=/; HttpOnly; SameSite=Lax").as_str())
        );
        assert_eq!(value.len(), "pcb_".len() + 43, "256 bits: {value}");
    }

    async fn the_session_of_before_the_login_dies_at_the_login(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser();
        browser.open("/login").await;
        let (pre, token) = (browser.cookie("portcullis-pre").unwrap(), browser.token.clone());
        browser.open("/login").await;
        assert_eq!(browser.cookie("portcullis-pre").as_ref(), Some(&pre), "it lasts until then");
        browser.submit("/login", &LOGIN).await.assert_goes_to("/account");
        assert_eq!(browser.cookie("portcullis-pre"), None);

        // Whoever planted it, and so knows a form token of it, can do nothing with that.
        let both = format!("{pre}; {}", browser.session().unwrap());
        let answer = app
            .post("/account/profile")
            .header("cookie", &both)
            .header("origin", &format!("http://{}", app.address()))
            .body("application/x-www-form-urlencoded", format!("csrf_token={token}&username=mallory&email=m@example.org").into_bytes())
            .send().await;
        answer.assert_problem(403, "csrf_failed");
        // Nor is it a session.
        app.get("/account").header("cookie", &pre.replace("portcullis-pre=", "portcullis=")).send().await.assert_goes_to("/login");
    }

    async fn signing_up_ends_the_session_of_before_too(app: TestApp) {
        let mut browser = app.browser();
        browser.open("/register").await;
        assert!(browser.cookie("portcullis-pre").is_some());
        let fields = [LOGIN[0], LOGIN[1], ("email", "alice@example.org")];
        browser.submit("/register", &fields).await.assert_goes_to("/account");
        assert_eq!(browser.cookies.keys().collect::<Vec<_>>(), ["portcullis"]);
    }

    async fn each_login_gets_a_cookie_of_its_own_and_none_that_was_sent_is_taken_over(app: TestApp) {
        app.signed_up("alice").await;
        let chosen = format!("pcb_{}", "A".repeat(43));
        let mut browser = app.browser();
        browser.cookies.insert("portcullis".to_owned(), chosen.clone());
        let answer = browser.open("/login").await;
        answer.assert_page(200);
        assert_eq!(browser.session(), None, "one that leads nowhere is taken away");
        browser.submit("/login", &LOGIN).await.assert_goes_to("/account");
        let first = browser.session().unwrap();
        assert!(!first.contains(&chosen));
        assert_ne!(app.browser_of("alice").await.session().unwrap(), first);
    }

    async fn it_is_replaced_when_the_password_is_entered_once_more_and_the_old_one_is_dead(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        let old = browser.session().unwrap();
        browser.open("/account/confirm").await.assert_page(200);
        browser.submit("/account/confirm", &[("password", PASSWORD)]).await.assert_goes_to("/account?done=confirmed");
        assert_ne!(browser.session().unwrap(), old);
        app.get("/account").header("cookie", &old).send().await.assert_goes_to("/login");
        browser.open("/account").await.assert_page(200);
    }

    async fn of_two_that_enter_the_password_at_once_one_keeps_the_session(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        browser.open("/account/confirm").await.assert_page(200);
        let send = || {
            let form = browser.form("/account/confirm", &[("password", PASSWORD)]);
            form.header("sec-fetch-site", "same-origin").spawn()
        };
        let answers = [send(), send(), send(), send()];
        let mut cookies = Vec::new();
        for answer in answers {
            let answer = answer.await.unwrap();
            match answer.set_cookie("portcullis") {
                Some(cookie) => cookies.push(cookie.split(';').next().unwrap().to_owned()),
                None => {
                    answer.assert_goes_to("/login");
                }
            }
        }
        assert_eq!(cookies.len(), 1);
        app.get("/account").header("cookie", &cookies[0]).send().await.assert_page(200);
    }

    async fn a_cookie_survives_a_restart_and_is_nowhere_in_the_store(app: TestApp) {
        app.signed_up("alice").await;
        let cookie = app.browser_of("alice").await.session().unwrap();
        let value = cookie.split_once('=').unwrap().1.to_owned();
        assert!(!app.debug().contains(&value));
        let app = app.restart().await;
        app.get("/account").header("cookie", &cookie).send().await.assert_page(200);
    }

    async fn cookies_count_for_nothing_in_the_api(app: TestApp) {
        app.signed_up("alice").await;
        let browser = app.browser_of("alice").await;
        for path in ["/api/v1/me", "/api/v1/sessions"] {
            let answer = browser.request(reqwest::Method::GET, path).send().await;
            answer.assert_problem(401, "missing_token");
        }
    }

    async fn a_bearer_token_counts_for_nothing_on_a_page(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.get("/account").by(&alice).send().await.assert_goes_to("/login");
        let form = b"username=mallory&email=m@example.org".to_vec();
        let answer = app.post("/account/profile").by(&alice).body("application/x-www-form-urlencoded", form).send().await;
        answer.assert_problem(403, "csrf_failed");
    }
}
