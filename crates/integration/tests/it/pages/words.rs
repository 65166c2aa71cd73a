//! What the pages say: the name of the service, and the language of whoever reads it.

use integration::browser::ACCEPT;
use integration::{Answer, Backend, Mailed, TestApp, every_backend};
use serde_json::json;

const BRAND: (&str, &str) = ("PORTCULLIS_BRAND_NAME", "Example & Söhne");

/// An application of that name.
struct Branded;

impl Branded {
    async fn start(backend: Backend) -> Mailed {
        Mailed::start_with(backend, &[BRAND]).await
    }
}

every_backend! {
    async fn every_page_and_every_mail_names_the_service(app: Branded) {
        app.confirmed("alice").await;
        let mut browser = app.browser_of("alice").await;
        for path in ["/login", "/register", "/forgot", "/confirm", "/account", "/account/confirm", "/nothing"] {
            let page = match path {
                "/account" | "/account/confirm" => browser.open(path).await,
                _ => app.get(path).header("accept", ACCEPT).send().await,
            };
            let page = page.text();
            assert!(page.contains(" – Example &#38; Söhne</title>"), "{path}: {page}");
            assert!(page.contains("</svg>Example &#38; Söhne</a>"), "{path}: {page}");
            assert!(page.contains("Accounts and sign-in by Example &#38; Söhne"), "{path}: {page}");
            assert!(!page.contains("Portcullis"), "{path}: {page}");
        }
        app.ask("password/forgot", json!({"email": "alice@example.org"})).await;
        let letter = app.letter("alice@example.org").await;
        assert!(letter.text().contains("account at Example & Söhne"), "{letter:?}");
    }
}

const GERMAN: &str = "forgot-title = Kennwort vergessen?\n\
    login-title = Anmelden\n\
    account-title = Ihr Konto\n\
    guard-title = Noch einmal Ihr Kennwort\n\
    time-utc = { $day }.{ $month }.{ $year } { $time }\n\
    field-identifier-missing = Geben Sie Ihren Namen ein.\n\
    error-not-found-title = Nicht gefunden\n\
    problem-not-found = Hier ist nichts.\n\
    mail-reset-password-intro = Neues Kennwort für { $service }:\n";

/// A folder of texts in German, which lacks one if `lacking` names it.
fn german(lacking: Option<&str>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let english: String = texts::ENGLISH.iter().map(|file| file.text).collect();
    let english = match lacking {
        Some(key) => english.replace(&format!("{key} ="), &format!("# {key} =")),
        None => english,
    };
    std::fs::create_dir(folder.path().join("de")).unwrap();
    std::fs::write(folder.path().join("de/a.ftl"), english).unwrap();
    std::fs::write(folder.path().join("de/b.ftl"), GERMAN).unwrap();
    folder
}

async fn open(app: &TestApp, path: &str, accepted: &str, cookie: &str) -> Answer {
    let asked = app
        .get(path)
        .header("accept", ACCEPT)
        .header("cookie", cookie);
    asked.header("accept-language", accepted).send().await
}

async fn with_texts(folder: &tempfile::TempDir) -> TestApp {
    TestApp::with(&[
        ("PORTCULLIS_TEXTS", folder.path().to_str().unwrap()),
        ("PORTCULLIS_MAIL_URL", "smtp://localhost:9"),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
    ])
    .await
}

#[tokio::test]
async fn every_page_is_in_the_language_of_the_browser() {
    let folder = german(None);
    let app = with_texts(&folder).await;
    app.signed_up("alice").await;
    let session = app.browser_of("alice").await.session().unwrap();
    for (path, said) in [
        ("/account", "<p class=\"eyebrow\">Ihr Konto</p>"),
        ("/account", "15.1.2027 08:00</time>"),
        ("/account/confirm", "<h1>Noch einmal Ihr Kennwort</h1>"),
        ("/forgot", "<h1>Kennwort vergessen?</h1>"),
        ("/login", "<h1>Anmelden</h1>"),
        ("/register", "<h1>Create an account</h1>"),
        (
            "/nothing",
            "<h1>Nicht gefunden</h1>\n<p>Hier ist nichts.</p>",
        ),
    ] {
        let session = if path.starts_with("/account") {
            &*session
        } else {
            ""
        };
        let page = open(&app, path, "fr, de-AT;q=0.9, en;q=0.1", session).await;
        assert!(
            page.text().contains("<html lang=\"de\">"),
            "{path}: {page:?}"
        );
        assert!(page.text().contains(said), "{path}: {}", page.text());
        assert_eq!(page.header("content-language"), Some("de"), "{path}");
        assert_eq!(page.header("vary"), Some("accept-language"), "{path}");
        let page = open(&app, path, "fr", session).await;
        assert_eq!(page.header("content-language"), Some("en"), "{path}");
    }
    let problem = app
        .get("/api/v1/nothing")
        .header("accept-language", "de")
        .send()
        .await;
    let problem = problem.assert_problem(404, "not_found");
    assert_eq!(problem["message"], "There is nothing here.");
}

#[tokio::test]
async fn a_language_that_lacks_a_text_is_not_used() {
    let folder = german(Some("page-skip"));
    let app = with_texts(&folder).await;
    for path in ["/forgot", "/nothing"] {
        let page = open(&app, path, "de", "").await;
        assert!(page.text().contains("<html lang=\"en\">"), "{page:?}");
        assert_eq!(page.header("content-language"), Some("en"));
    }
}
