//! What a limit lets through.

use integration::{TestApp, every_backend, process};

const TWENTY: &[(&str, &str)] = &[("RATELIMIT_DEFAULT", "200 per day;20 per hour")];

every_backend! {
    async fn defect_8_a_rotated_header_is_a_thousand_clients(app: TestApp) {
        let app = app.restart_with(TWENTY).await;
        let mut admitted = 0;
        for n in 0..60 {
            let request = app.get("/api/v1/me").header("x-forwarded-for", &format!("198.51.100.{n}"));
            admitted += u32::from(request.send().await.status.as_u16() == 401);
        }
        assert_eq!(admitted, 20);
    }

    async fn defect_8_behind_a_proxy_all_clients_are_one(app: TestApp) {
        let app = app.restart_with(TWENTY).await;
        let app = app.restart_with(&[("PORTCULLIS_TRUSTED_PROXIES", "127.0.0.1")]).await;
        for n in 0..40 {
            let request = app.get("/api/v1/me").header("x-forwarded-for", &format!("198.51.100.{n}"));
            request.send().await.assert_problem(401, "missing_token");
        }
    }

    async fn defect_9_unknown_routes_and_wrong_methods_are_free(app: TestApp) {
        let app = app.restart_with(TWENTY).await;
        let mut admitted = 0;
        for n in 0..60 {
            let answer = match n % 2 {
                0 => app.get(&format!("/nothing/{n}")).send().await,
                _ => app.put("/api/v1/login").send().await,
            };
            admitted += u32::from(answer.status.as_u16() != 429);
        }
        assert_eq!(admitted, 20);
    }

    async fn defect_9_twice_the_amount_passes_at_the_border_of_two_windows(app: TestApp) {
        let app = app.restart_with(TWENTY).await;
        let app = app.restart_with(&[("RATELIMIT_STRATEGY", "moving-window")]).await;
        app.get("/api/v1/me").send().await.assert_problem(401, "missing_token");
        app.advance(3599);
        let mut admitted = 0;
        for second in 0..2 {
            for _ in 0..40 {
                let answer = app.get("/api/v1/me").send().await;
                admitted += u32::from(answer.status.as_u16() == 401);
            }
            app.advance(1 - second);
        }
        assert_eq!(admitted, 20);
    }
}

#[tokio::test]
async fn defect_9_a_limit_that_cannot_be_read_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["RATELIMIT_DEFAULT", "PORTCULLIS_RATELIMIT_USER"] {
        let env = [(name, "20 per fortnight")];
        let ran = process::run(folder.path(), &["serve"], &env, "").await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains(name), "{ran:?}");
    }
}
