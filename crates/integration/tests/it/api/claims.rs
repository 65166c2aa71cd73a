//! What access tokens say of how their owner has proven who they are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use integration::{PASSWORD, TestApp, every_backend};
use serde_json::{Value, json};

pub(super) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn access_token(answer: &Value) -> Value {
    claims(answer["access_token"].as_str().unwrap())
}

every_backend! {
    async fn a_sign_in_with_a_password_says_when_it_was_and_nothing_that_is_the_rule(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let said = claims(&alice.access);
        assert_eq!(said["auth_time"], said["iat"]);
        let fresh = said["auth_time"].as_u64().unwrap() + 600;
        assert_eq!(said["fresh"], fresh, "a time, which Flask-JWT-Extended reads too");
        assert!(said.get("acr").is_none() && said.get("amr").is_none(), "{said}");
        let refresh = claims(&alice.refresh);
        assert!(refresh.get("auth_time").is_none(), "the session knows: {refresh}");
    }

    async fn refreshing_proves_nothing(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let before = claims(&alice.access);
        app.advance(60);
        let app = app.restart().await;
        let after = access_token(&app.refresh(&alice.refresh).await.assert_ok());
        assert_eq!(after["auth_time"], before["auth_time"]);
        assert_eq!(after["fresh"], false);
    }

    async fn the_password_once_more_is_another_proof_of_that_token_alone(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let before = claims(&alice.access);
        app.advance(700);
        let body = json!({"password": PASSWORD});
        let fresh = app.post("/api/v1/me/reauthenticate").by(&alice).json(body).send().await.assert_ok();
        let fresh = access_token(&fresh);
        let proven = before["auth_time"].as_u64().unwrap() + 700;
        assert_eq!((&fresh["auth_time"], &fresh["fresh"]), (&json!(proven), &json!(proven + 600)));
        let next = access_token(&app.refresh(&alice.refresh).await.assert_ok());
        assert_eq!(next["auth_time"], before["auth_time"]);
    }
}
