//! Accounts that other applications, or people by hand, have written: in shapes that nobody here writes, and
//! switched off by means that nobody here uses.

use ::mongodb::bson::{Binary, Bson, Document, doc, spec::BinarySubtype};
use integration::process::Server;
use integration::{PASSWORD, TestApp, every_backend};
use scratch_database::{Database, Servers};
use serde_json::json;

/// What `crypt(3)`, and so Python's `bcrypt.hashpw`, makes of `PASSWORD`.
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

const WRONG: &str = "not the password at all";

every_backend! {
    async fn an_account_that_cannot_be_read_is_a_wrong_password(app: TestApp) {
        app.signed_up("alice").await;
        app.break_account("alice").await;
        let mut unknown = app.login("nobody", PASSWORD).await.assert_problem(401, "invalid_credentials");
        let mut broken = app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        for problem in [&mut unknown, &mut broken] {
            problem.as_object_mut().unwrap().remove("request_id");
        }
        assert_eq!(unknown, broken);
        // And uses the budget up.
        for _ in 0..4 {
            app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        }
        app.login("alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.login("alice@example.org", PASSWORD).await.assert_problem(401, "invalid_credentials");
        app.mend_account("alice").await;
        app.advance(10);
        app.login("alice", PASSWORD).await.assert_ok();
    }

    async fn a_known_device_of_an_account_that_cannot_be_read_counts_for_nothing(app: TestApp) {
        app.signed_up("alice").await;
        let device = app.login("alice", PASSWORD).await.assert_ok()["device_token"].clone();
        let device = device.as_str().unwrap();
        app.break_account("alice").await;
        for _ in 0..5 {
            app.login_on(device, "alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        }
        app.login_on(device, "alice", PASSWORD).await.assert_problem(429, "too_many_attempts");
        app.mend_account("alice").await;
        app.login_on(device, "alice", PASSWORD).await.assert_ok();
    }

    async fn tokens_of_an_account_that_cannot_be_read_are_refused_until_it_can(app: TestApp) {
        let alice = app.signed_in("alice").await;
        app.break_account("alice").await;
        app.advance(5);
        let profile = format!("/api/v1/users/{}", alice.id);
        let new = json!({"username": "alicia"});
        for answer in [
            app.me(&alice.access).await,
            app.get(&profile).by(&alice).send().await,
            app.patch(&profile).by(&alice).json(new).send().await,
            app.delete(&profile).by(&alice).send().await,
            app.get("/api/v1/sessions").by(&alice).send().await,
            app.post("/api/v1/me/reauthenticate").by(&alice).json(json!({"password": PASSWORD})).send().await,
            app.refresh(&alice.refresh).await,
        ] {
            answer.assert_problem(401, "revoked_token");
        }
        // Nothing was ended by it.
        app.mend_account("alice").await;
        app.me(&alice.access).await.assert_ok();
        app.refresh(&alice.refresh).await.assert_ok();
    }

    async fn a_browser_of_an_account_that_cannot_be_read_is_nobodys(app: TestApp) {
        app.signed_up("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.break_account("alice").await;
        browser.open("/account").await.assert_goes_to("/login");
        for name in ["alice", "nobody"] {
            let mut other = app.browser();
            other.open("/login").await;
            let fields = [("username", name), ("password", PASSWORD)];
            let page = other.submit("/login", &fields).await.assert_page(403);
            assert!(page.contains("The user name, the e-mail address or the password is wrong."), "{page}");
        }
    }

    async fn an_account_that_is_switched_off_is_refused_everywhere(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let mut browser = app.browser_of("alice").await;
        app.me(&alice.access).await.assert_ok();
        app.switch("alice", false).await;
        app.login("alice", PASSWORD).await.assert_problem(401, "invalid_credentials");
        app.refresh(&alice.refresh).await.assert_problem(401, "revoked_token");
        let sessions = app.get("/api/v1/sessions").by(&alice).send().await;
        sessions.assert_problem(401, "revoked_token");
        browser.open("/account").await.assert_goes_to("/login");
        // What was cached is out of date by then.
        app.advance(5);
        app.me(&alice.access).await.assert_problem(401, "revoked_token");
        let own = app.get(&format!("/api/v1/users/{}", alice.id)).by(&alice).send().await;
        own.assert_problem(401, "revoked_token");

        app.switch("alice", true).await;
        app.advance(5);
        app.me(&alice.access).await.assert_ok();
        app.refresh(&alice.refresh).await.assert_ok();
    }

    async fn somebody_without_an_address_is_served_and_may_have_one(app: TestApp) {
        app.signed_up("alice").await;
        app.remove_email("alice").await;
        let alice = app.another_session("alice", "").await;
        let me = app.me(&alice.access).await.assert_ok();
        assert_eq!((&me["username"], &me["email"]), (&json!("alice"), &json!(null)));
        app.login("alice@example.org", PASSWORD).await.assert_problem(401, "invalid_credentials");

        let mut browser = app.browser_of("alice").await;
        browser.open("/account").await.assert_page(200);
        let only_the_name = [("username", "alicia"), ("email", "")];
        browser.submit("/account/profile", &only_the_name).await.assert_goes_to("/account?done=profile");

        let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
        let body = json!({"email": "new@example.org"});
        let user = app.patch(&path).by(&alice).json(body).send().await.assert_ok();
        assert_eq!((&user["username"], &user["email"]), (&json!("alicia"), &json!("new@example.org")));
        app.login("new@example.org", PASSWORD).await.assert_ok();
    }

    async fn somebody_without_a_name_signs_in_by_the_address(app: TestApp) {
        app.signed_up("alice").await;
        app.remove_name("alice").await;
        let alice = app.another_session("alice@example.org", "").await;
        let me = app.me(&alice.access).await.assert_ok();
        assert_eq!((&me["username"], &me["email"]), (&json!(null), &json!("alice@example.org")));
        app.login("", PASSWORD).await.assert_problem(401, "invalid_credentials");
        let mut browser = app.browser_of("alice@example.org").await;
        let page = browser.open("/account").await.assert_page(200);
        assert!(page.contains("<h1>alice@example.org</h1>"), "{page}");
        let device = app.login("alice@example.org", PASSWORD).await.assert_ok()["device_token"].clone();
        app.login_on(device.as_str().unwrap(), "alice@example.org", PASSWORD).await.assert_ok();
    }
}

/// A server on a database in which these documents were before.
async fn served(documents: &[Document]) -> Option<TestApp> {
    let backend = integration::Backend::mongodb().await?;
    let integration::Backend::MongoDb(database) = &backend else {
        panic!("it is one");
    };
    let users = database.collection("users");
    users.insert_many(documents).await.unwrap();
    Some(TestApp::start(backend).await)
}

#[tokio::test]
async fn no_shape_of_a_document_tells_that_the_name_exists() {
    let bytes = |bytes: &[u8]| {
        Bson::Binary(Binary {
            subtype: BinarySubtype::Generic,
            bytes: bytes.to_vec(),
        })
    };
    // Each with a name of its own, and what becomes of the right password.
    let shapes = [
        (doc! { "password_hash": BCRYPT }, 200),
        (doc! { "password_hash": bytes(BCRYPT.as_bytes()) }, 200),
        (doc! { "password_hash": bytes(&[0xff]) }, 401),
        (doc! { "password_hash": Bson::Null }, 401),
        (doc! {}, 401),
        (doc! { "password_hash": BCRYPT, "email": Bson::Null }, 200),
        (
            doc! { "password_hash": BCRYPT, "email": ["a@example.org"] },
            401,
        ),
        (
            doc! { "password_hash": BCRYPT, "created_at": "2023-11-14T22:13:20.5" },
            200,
        ),
        (
            doc! { "password_hash": BCRYPT, "created_at": 1_700_000_000.5 },
            200,
        ),
        (doc! { "password_hash": BCRYPT, "created_at": "once" }, 200),
        (doc! { "password_hash": BCRYPT, "email_verified": 1 }, 200),
        (
            doc! { "password_hash": BCRYPT, "email_verified": "yes" },
            200,
        ),
        (doc! { "password_hash": BCRYPT, "generation": "x" }, 401),
        (doc! { "password_hash": BCRYPT, "is_active": false }, 401),
        (
            doc! { "password_hash": BCRYPT, "is_active": "perhaps" },
            401,
        ),
        (doc! { "password_hash": BCRYPT, "_id": 42 }, 200),
        (doc! { "password_hash": BCRYPT, "_id": 43_i64 }, 200),
        (doc! { "password_hash": BCRYPT, "_id": 44.5 }, 401),
        (
            doc! { "password_hash": BCRYPT, "_id": { "of": "another kind" } },
            401,
        ),
    ];
    let documents: Vec<_> = shapes
        .iter()
        .enumerate()
        .map(|(number, (shape, _))| {
            let mut document = doc! { "username": format!("user{number}") };
            document.extend(shape.clone());
            document
        })
        .collect();
    let Some(app) = served(&documents).await else {
        return;
    };
    for (number, (shape, status)) in shapes.iter().enumerate() {
        let name = format!("user{number}");
        app.login(&name, WRONG)
            .await
            .assert_problem(401, "invalid_credentials");
        let answer = app.login(&name, PASSWORD).await;
        assert_eq!(answer.status.as_u16(), *status, "{shape}");
        if *status == 200 {
            let me = app
                .me(answer.json()["access_token"].as_str().unwrap())
                .await
                .assert_ok();
            assert_eq!(me["username"], json!(name));
            assert_eq!(me["email_verified"], json!(false));
        }
    }
}

#[tokio::test]
async fn of_two_accounts_whose_ids_have_one_text_one_signs_in() {
    let Some(app) = served(&[
        doc! { "_id": 42, "username": "number", "password_hash": BCRYPT },
        doc! { "_id": "42", "username": "text", "password_hash": BCRYPT },
    ])
    .await
    else {
        return;
    };
    let tokens = app.login("text", PASSWORD).await.assert_ok();
    let me = app
        .me(tokens["access_token"].as_str().unwrap())
        .await
        .assert_ok();
    assert_eq!((&me["id"], &me["username"]), (&json!("42"), &json!("text")));
    for _ in 0..5 {
        app.login("number", PASSWORD)
            .await
            .assert_problem(401, "invalid_credentials");
    }
    app.login("number", PASSWORD)
        .await
        .assert_problem(429, "too_many_attempts");
}

#[tokio::test]
async fn a_start_says_who_cannot_sign_in_and_what_may_be_a_switch() {
    let Some(database) = Database::fresh(Servers::Alone).await else {
        return;
    };
    let users = database.collection("users");
    users
        .insert_many([
            doc! { "_id": "u-1", "username": "secret-name", "generation": "x" },
            doc! { "_id": "u-2", "username": "bob", "password_hash": Bson::Null },
            doc! { "_id": "u-3", "username": "carol", "password_hash": BCRYPT, "is_active": false },
            doc! { "_id": "u-4", "username": "dave", "password_hash": BCRYPT, "is_frozen": true },
            doc! { "_id": "u-5", "username": "erin", "password_hash": "!not-chosen" },
        ])
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
        ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
        ("MONGO_URI", &database.uri),
    ];
    let mut server = Server::start(folder.path(), &settings).await;
    for parts in [
        ["ERROR", "can't be read", "\"u-1\"", "generation"],
        ["WARN", "no password hash", "\"u-2\"", "\"count\":1"],
        [
            "INFO",
            "were invited",
            "not chosen a password",
            "\"count\":1",
        ],
        ["INFO", "switched off", "is_active", "\"count\":1"],
        ["WARN", "looks like a switch", "is_frozen", "\"count\":1"],
    ] {
        server.until_said(&parts).await;
    }
    // And whenever somebody signs in to it.
    let client = reqwest::Client::new();
    let login = client.post(format!("{}/api/v1/login", server.url()));
    let body = json!({"username": "secret-name", "password": PASSWORD});
    let answer = login.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let refused = ["ERROR", "is refused", "\"u-1\"", "generation"];
    server.until_said(&refused).await;
    let said = server.said.join("\n");
    assert!(!said.contains("secret-name"), "{said}");
}
