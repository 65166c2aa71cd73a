//! What is taken for input.

use integration::{PASSWORD, TestApp, every_backend};
use serde_json::{Value, json};

every_backend! {
    async fn defect_12_names_of_a_megabyte_and_empty_ones_are_stored(app: TestApp) {
        let register = |name: String, password: &str| {
            let body = json!({"username": name, "email": "a@example.org", "password": password});
            app.post("/api/v1/register").json(body).send()
        };
        register("x".repeat(1_000_000), PASSWORD).await.assert_problem(413, "body_too_large");
        register("x".repeat(65), PASSWORD).await.assert_problem(422, "validation_failed");
        register(String::new(), PASSWORD).await.assert_problem(422, "validation_failed");
        register("alice".into(), "").await.assert_problem(422, "validation_failed");
    }

    async fn defect_12_a_body_of_twenty_megabytes_is_read(app: TestApp) {
        let answer = app.post("/api/v1/login").body("application/json", vec![b' '; 20_000_000]).send().await;
        answer.assert_problem(413, "body_too_large");
    }

    async fn defect_12_an_operator_of_the_database_is_taken_for_a_name(app: TestApp) {
        app.signed_up("alice").await;
        for operator in [json!({"$ne": null}), json!({"$gt": ""}), json!(["alice"]), Value::Null, json!(true)] {
            let body = json!({"username": operator, "password": PASSWORD});
            app.post("/api/v1/login").json(body).send().await.assert_problem(422, "validation_failed");
        }
    }
}
