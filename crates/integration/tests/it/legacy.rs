//! Tokens of the Flask application before this one, until the date that the operator sets.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;
use sha2::Sha256;

const NOW: u64 = 1_800_000_000;
const DAY: u64 = 86_400;

const SETTING: &str = "PORTCULLIS_LEGACY_TOKENS_UNTIL";

/// An hour after the tests begin.
const AN_HOUR: (&str, &str) = (SETTING, "2027-01-15T09:00:00Z");

/// Later than any of these tokens lives.
const A_YEAR: (&str, &str) = (SETTING, "2028-01-15T00:00:00Z");

/// What `create_access_token(identity, fresh=True)` of Flask-JWT-Extended 4.7.4 gave at this time.
const RECORDED_ACCESS: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJmcmVzaCI6dHJ1ZSwiaWF0IjoxODAwMDAwMDAwLCJqdGkiOiJlNzNjMTI2Ny0wYzdkLTRjZTUtYWRiMS0wMDY2ZWVjMmFjNmMiLCJ0eXBlIjoiYWNjZXNzIiwic3ViIjoiYzJlZjkwYjkwMmJjNWQ1MzkzY2Q5MjY1MmI2ZTFiNDEiLCJuYmYiOjE4MDAwMDAwMDAsImNzcmYiOiI1MmMyMTRkNy0yNDRkLTQyYzUtOWRjYy02YzZiODAzZjhlOTkiLCJleHAiOjE4MDAwMDA5MDB9.lXASgD4InlKIsqfU1SXwVRtbBB0V5XhSNvRkrEM-WfU";

/// What `create_refresh_token(identity)` gave.
const RECORDED_REFRESH: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJmcmVzaCI6ZmFsc2UsImlhdCI6MTgwMDAwMDAwMCwianRpIjoiNmZlMGJiZWItYzAwYS00NzI0LThiZTktN2FiODZmZTM1M2Q2IiwidHlwZSI6InJlZnJlc2giLCJzdWIiOiJjMmVmOTBiOTAyYmM1ZDUzOTNjZDkyNjUyYjZlMWI0MSIsIm5iZiI6MTgwMDAwMDAwMCwiY3NyZiI6IjhmODA5MWYzLTg0NjQtNDA3My05MjdkLTkyZTQzYTFjYzliNiIsImV4cCI6MTgwMjU5MjAwMH0.hltHnTiFgFHgzDiQDN1QkqUYuenY3hLi318IgtmVILI";

/// The identity of both.
const RECORDED_IDENTITY: &str = "c2ef90b902bc5d5393cd92652b6e1b41";

/// A token in Flask-JWT-Extended's form, and what else it is to say.
struct Flask<'a> {
    kind: &'a str,
    jti: &'a str,
    sub: &'a str,
    lifetime: u64,
    more: &'a str,
}

impl Flask<'_> {
    fn token(&self) -> String {
        let Self {
            kind,
            jti,
            sub,
            lifetime,
            more,
        } = self;
        let (fresh, exp) = (*kind == "access", NOW + lifetime);
        let payload = format!(
            r#"{{"fresh":{fresh},"iat":{NOW},"jti":"{jti}","type":"{kind}","sub":"{sub}","nbf":{NOW},"csrf":"0b2cf3a5-1b7c-4a11-9d3f-0d6c0c1a3c55","exp":{exp}{more}}}"#
        );
        let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let mut mac = Hmac::<Sha256>::new_from_slice(TestApp::SECRET.as_bytes()).unwrap();
        mac.update(message.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
        format!("{message}.{signature}")
    }
}

fn access(sub: &str) -> String {
    Flask {
        kind: "access",
        jti: "11111111-0c7d-4ce5-adb1-0066eec2ac6c",
        sub,
        lifetime: 900,
        more: "",
    }
    .token()
}

/// As an application issues it whose access tokens live for 30 days.
fn long_access(sub: &str) -> String {
    Flask {
        kind: "access",
        jti: "22222222-0c7d-4ce5-adb1-0066eec2ac6c",
        sub,
        lifetime: 30 * DAY,
        more: "",
    }
    .token()
}

fn refresh(sub: &str) -> String {
    Flask {
        kind: "refresh",
        jti: "33333333-0c7d-4ce5-adb1-0066eec2ac6c",
        sub,
        lifetime: 30 * DAY,
        more: "",
    }
    .token()
}

fn saying(sub: &str, more: &str) -> String {
    Flask {
        kind: "access",
        jti: "44444444-0c7d-4ce5-adb1-0066eec2ac6c",
        sub,
        lifetime: 900,
        more,
    }
    .token()
}

every_backend! {
    async fn they_are_good_until_the_date_and_not_from_then_on(app: TestApp) {
        let app = app.restart_with(&[AN_HOUR]).await;
        let id = app.signed_up("alice").await;
        let (access, refresh) = (long_access(&id), refresh(&id));
        assert_eq!(app.me(&access).await.assert_ok()["username"], "alice");
        app.advance(3599);
        app.me(&access).await.assert_ok();
        // Known from a second ago, and all the same refused.
        app.advance(1);
        app.me(&access).await.assert_problem(401, "invalid_token");
        app.refresh(&refresh).await.assert_problem(401, "invalid_token");
        app.delete("/api/v1/logout").bearer(&access).send().await.assert_problem(401, "invalid_token");
    }

    async fn they_are_refused_where_no_date_is_set(app: TestApp) {
        let id = app.signed_up("alice").await;
        app.me(&access(&id)).await.assert_problem(401, "invalid_token");
        app.refresh(&refresh(&id)).await.assert_problem(401, "invalid_token");
        app.delete("/api/v1/logout").bearer(&refresh(&id)).send().await.assert_problem(401, "invalid_token");
    }

    async fn recorded_tokens_of_an_imported_account_are_good(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        app.signed_up("alice").await;
        app.store_id("alice", RECORDED_IDENTITY).await;
        assert_eq!(app.me(RECORDED_ACCESS).await.assert_ok()["id"], RECORDED_IDENTITY);
        app.get(&format!("/api/v1/users/{RECORDED_IDENTITY}")).bearer(RECORDED_ACCESS).send().await.assert_ok();
        let pair = app.refresh(RECORDED_REFRESH).await.assert_ok();
        assert_eq!(app.me(pair["access_token"].as_str().unwrap()).await.assert_ok()["id"], RECORDED_IDENTITY);
    }

    async fn they_open_no_session_where_a_second_factor_must_be_enrolled_first(app: TestApp) {
        let required = ("PORTCULLIS_MFA", "required");
        let app = app.restart_with(&[A_YEAR, required]).await;
        let id = app.signed_up("alice").await;
        app.me(&access(&id)).await.assert_ok();
        app.refresh(&refresh(&id)).await.assert_problem(401, "revoked_token");
        let week = ("PORTCULLIS_MFA_GRACE", "7");
        let app = app.restart_with(&[A_YEAR, required, week]).await;
        app.refresh(&refresh(&id)).await.assert_ok();
    }

    async fn they_expire_as_they_say(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let id = app.signed_up("alice").await;
        app.advance(900);
        app.me(&access(&id)).await.assert_problem(401, "expired_token");
        app.advance(30 * DAY - 900);
        app.refresh(&refresh(&id)).await.assert_problem(401, "expired_token");
    }

    async fn each_kind_is_good_for_its_own_use_only(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let id = app.signed_up("alice").await;
        app.me(&refresh(&id)).await.assert_problem(401, "wrong_token_type");
        app.refresh(&access(&id)).await.assert_problem(401, "wrong_token_type");
    }

    async fn a_token_that_lacks_only_some_of_a_session_is_refused(app: TestApp) {
        let app = app.restart_with(&[A_YEAR, ("JWT_DECODE_ISSUER", TestApp::ISSUER)]).await;
        let alice = app.signed_in("alice").await;
        app.me(&access(&alice.id)).await.assert_ok();
        let (issuer, session) = (TestApp::ISSUER, &alice.session);
        for more in [
            format!(r#","sid":"{session}""#),
            format!(r#","sid":"{session}","gen":0"#),
            format!(r#","iss":"{issuer}""#),
            format!(r#","iss":"{issuer}","gen":0"#),
            r#","gen":0"#.to_owned(),
        ] {
            app.me(&saying(&alice.id, &more)).await.assert_problem(401, "invalid_token");
        }
        app.me(&saying(&alice.id, &format!(r#","sid":"{session}","gen":0,"iss":"{issuer}""#))).await.assert_ok();
    }

    async fn a_token_of_nobody_reads_nothing(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        app.signed_up("alice").await;
        app.me(&access("nobody")).await.assert_problem(401, "revoked_token");
        app.refresh(&refresh("nobody")).await.assert_problem(401, "revoked_token");
    }

    async fn signing_one_out_blocks_it_and_no_other(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let id = app.signed_up("alice").await;
        let (long, short) = (long_access(&id), access(&id));
        app.delete("/api/v1/logout").bearer(&long).send().await.assert_ok();
        app.me(&long).await.assert_problem(401, "revoked_token");
        app.delete("/api/v1/logout").bearer(&long).send().await.assert_problem(401, "revoked_token");
        app.me(&short).await.assert_ok();

        let app = app.restart().await;
        app.me(&long).await.assert_problem(401, "revoked_token");
        // For as long as it would have been good: longer than a token of ours.
        app.advance(30 * DAY - 1);
        app.sweep().await;
        let app = app.restart().await;
        app.me(&long).await.assert_problem(401, "revoked_token");
        app.advance(1);
        app.me(&long).await.assert_problem(401, "revoked_token");
        app.advance(301);
        app.sweep().await;
        app.me(&long).await.assert_problem(401, "expired_token");
        assert!(app.remembered_revocations().await <= 1); // the last row of a shared feed stays
    }

    async fn an_expired_one_can_be_signed_out(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let id = app.signed_up("alice").await;
        app.advance(900);
        app.delete("/api/v1/logout").bearer(&access(&id)).send().await.assert_ok();
    }

    async fn a_refresh_token_that_was_signed_out_opens_nothing(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_in("alice").await;
        let refresh = refresh(&alice.id);
        app.post("/api/v1/logout").bearer(&refresh).send().await.assert_ok();
        app.refresh(&refresh).await.assert_problem(401, "revoked_token");
        let app = app.restart().await;
        app.refresh(&refresh).await.assert_problem(401, "revoked_token");
        assert_eq!(sessions(&app, &alice.access).await, 1);
    }

    async fn refreshing_one_opens_a_session_once(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let id = app.signed_up("alice").await;
        let legacy = refresh(&id);
        let pair = app.refresh(&legacy).await.assert_ok();
        assert!(pair.get("device_token").is_none(), "nobody has proven who they are: {pair}");
        let text = |member: &str| pair[member].as_str().unwrap().to_owned();
        app.me(&text("access_token")).await.assert_ok();
        assert_eq!(sessions(&app, &text("access_token")).await, 1);

        // Not within the grace, either.
        app.refresh(&legacy).await.assert_problem(401, "revoked_token");
        let app = app.restart().await;
        app.advance(29 * DAY);
        app.sweep().await;
        app.refresh(&legacy).await.assert_problem(401, "revoked_token");

        let next = app.refresh(&text("refresh_token")).await.assert_ok();
        assert_eq!(next["session_id"], pair["session_id"]);
    }

    async fn the_session_is_as_good_as_any_other_but_not_fresh(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let id = app.signed_up("alice").await;
        let body = json!({"refresh_token": refresh(&id)});
        let pair = app.post("/api/v1/refresh").json(body).send().await.assert_ok();
        let token = pair["access_token"].as_str().unwrap();
        let path = format!("/api/v1/users/{id}");
        app.patch(&path).bearer(token).json(json!({"username": "alice"})).send().await.assert_ok();
        app.patch(&path).bearer(token).json(json!({"username": "alicia"})).send().await
            .assert_problem(401, "insufficient_user_authentication");
        app.delete(&path).bearer(token).send().await.assert_problem(401, "insufficient_user_authentication");
        let fresh = app.post("/api/v1/me/reauthenticate").bearer(token)
            .json(json!({"password": PASSWORD})).send().await.assert_ok();
        app.delete(&path).bearer(fresh["access_token"].as_str().unwrap()).send().await.assert_status(204);
    }

    async fn of_fifty_uses_at_once_one_opens_a_session(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_in("alice").await;
        let legacy = refresh(&alice.id);
        let uses: Vec<_> = (0..50).map(|_| app.post("/api/v1/refresh").bearer(&legacy).spawn()).collect();
        let mut opened = 0;
        for answer in uses {
            let answer = answer.await.unwrap();
            if answer.status == 200 {
                opened += 1;
            } else {
                answer.assert_problem(401, "revoked_token");
            }
        }
        assert_eq!(opened, 1);
        assert_eq!(sessions(&app, &alice.access).await, 2);
    }

    async fn a_change_of_the_password_voids_them_for_ever(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_in("alice").await;
        let (access, refresh) = (long_access(&alice.id), refresh(&alice.id));
        app.me(&access).await.assert_ok();
        app.put("/api/v1/me/password").by(&alice)
            .json(json!({"current_password": PASSWORD, "new_password": "another horse battery staple"}))
            .send().await.assert_ok();
        app.me(&access).await.assert_problem(401, "revoked_token");
        app.refresh(&refresh).await.assert_problem(401, "revoked_token");

        // Also when the feed has forgotten the change.
        app.advance(DAY);
        app.sweep().await;
        let app = app.restart().await;
        assert!(app.remembered_revocations().await <= 1); // the last row of a shared feed stays
        for _ in 0..2 {
            app.me(&access).await.assert_problem(401, "revoked_token");
            let path = format!("/api/v1/users/{}", alice.id);
            app.get(&path).bearer(&access).send().await.assert_problem(401, "revoked_token");
            // The account is at hand the second time.
            let next = app.login("alice", "another horse battery staple").await.assert_ok();
            app.me(next["access_token"].as_str().unwrap()).await.assert_ok();
        }
        app.refresh(&refresh).await.assert_problem(401, "revoked_token");
    }

    async fn a_deletion_voids_them_for_ever(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_in("alice").await;
        let (access, refresh) = (long_access(&alice.id), refresh(&alice.id));
        app.me(&access).await.assert_ok();
        app.delete(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await.assert_status(204);
        app.me(&access).await.assert_problem(401, "revoked_token");
        app.refresh(&refresh).await.assert_problem(401, "revoked_token");
        app.advance(DAY);
        app.sweep().await;
        let app = app.restart().await;
        app.me(&access).await.assert_problem(401, "revoked_token");
        app.refresh(&refresh).await.assert_problem(401, "revoked_token");
    }

    async fn they_change_nothing(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_in("alice").await;
        let (token, path) = (access(&alice.id), format!("/api/v1/users/{}", alice.id));
        let profile = json!({"username": "mallory", "email": "mallory@example.org"});
        let passwords = json!({"current_password": PASSWORD, "new_password": "another horse battery staple"});
        for request in [
            app.put(&path).json(profile.clone()),
            app.patch(&path).json(profile),
            app.delete(&path),
            app.put("/api/v1/me/password").json(passwords),
            app.post("/api/v1/me/reauthenticate").json(json!({"password": PASSWORD})),
            app.get("/api/v1/sessions"),
            app.delete("/api/v1/sessions"),
            app.delete(&format!("/api/v1/sessions/{}", alice.session)),
        ] {
            request.bearer(&token).send().await.assert_problem(401, "revoked_token");
        }
        assert_eq!(app.me(&alice.access).await.assert_ok()["username"], "alice");
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn one_that_is_neither_for_access_nor_for_refreshing_is_good_for_nothing(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_up("alice").await;
        app.me(&access(&alice)).await.assert_ok();
        // Flask-JWT-Extended takes them for access tokens; the application made one for each mail.
        for kind in ["password-reset", "Access", "", " access"] {
            let jti = "55555555-0c7d-4ce5-adb1-0066eec2ac6c";
            let token = Flask { kind, jti, sub: &alice, lifetime: 900, more: "" }.token();
            app.me(&token).await.assert_problem(401, "invalid_token");
            app.refresh(&token).await.assert_problem(401, "invalid_token");
        }
    }

    async fn they_read_no_other_account(app: TestApp) {
        let app = app.restart_with(&[A_YEAR]).await;
        let alice = app.signed_up("alice").await;
        let bob = app.signed_up("bob").await;
        app.get(&format!("/api/v1/users/{bob}")).bearer(&access(&alice)).send().await.assert_problem(403, "forbidden");
    }

    async fn they_count_as_their_user(app: TestApp) {
        let app = app.restart_with(&[A_YEAR, ("PORTCULLIS_RATELIMIT_USER", "3 per hour")]).await;
        let alice = app.signed_in("alice").await;
        let bob = app.signed_up("bob").await;
        app.me(&access(&alice.id)).await.assert_ok();
        app.me(&long_access(&alice.id)).await.assert_ok();
        app.me(&alice.access).await.assert_ok();
        app.me(&access(&alice.id)).await.assert_problem(429, "rate_limited");
        app.refresh(&refresh(&alice.id)).await.assert_problem(429, "rate_limited");
        app.me(&access(&bob)).await.assert_ok();
    }
}

async fn sessions(app: &TestApp, token: &str) -> usize {
    let listed = app.get("/api/v1/sessions").bearer(token).send().await;
    listed.assert_ok()["sessions"].as_array().unwrap().len()
}
