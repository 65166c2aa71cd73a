//! Mail on its way: by the use cases, and by `portcullis mail`; and its settings.

use std::path::Path;

use integration::process::{Ran, Server, run};
use integration::{PASSWORD, TestApp, every_backend};
use serde_json::json;
use smtp_testing::{Encryption, Fault, MailServer, Setup};
use tempfile::TempDir;

const FROM: (&str, &str) = ("PORTCULLIS_MAIL_FROM", "Accounts <accounts@example.org>");

/// A mail server that wants TLS and a login, and a folder with its certificate.
async fn server() -> (MailServer, TempDir) {
    let setup = Setup {
        encryption: Encryption::StartTls,
        login: Some(("portcullis".to_owned(), "pass-word".to_owned())),
        ..Setup::default()
    };
    let server = MailServer::start(setup).await;
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "ca.pem", server.certificate());
    (server, folder)
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

async fn mail_test(folder: &Path, url: &str, others: &[(&str, &str)]) -> Ran {
    let mut env = vec![("PORTCULLIS_MAIL_URL", url), FROM];
    env.extend(others);
    run(folder, &["mail", "test", "alice@example.org"], &env, "").await
}

every_backend! {
    async fn a_forgotten_password_is_recovered_by_mail(app: TestApp) {
        let server = MailServer::start(Setup::default()).await;
        let url = server.url();
        let app = app.restart_with(&[("PORTCULLIS_MAIL_URL", &url), FROM]).await;
        app.signed_up("alice").await;
        let address = json!({"email": "ALICE@example.org"});
        // Links begin with the public address, whatever a request says of its host.
        let asking = app.post("/api/v1/password/forgot").json(address);
        let asking = asking.header("host", "evil.example").header("x-forwarded-host", "evil.example");
        asking.header("forwarded", "host=evil.example").send().await.assert_status(202);

        let letter = server.mailbox().wait_for("alice@example.org").await;
        assert_eq!(letter.header("Subject").as_deref(), Some("Choose a new password"));
        let link = letter.link();
        let page = format!("http://{}/reset?token=", app.address());
        let token = link.strip_prefix(&page).expect(&link);
        let new = "a wholly new password of hers";
        let body = json!({"token": token, "new_password": new});
        app.post("/api/v1/password/reset").json(body).send().await.assert_ok();
        app.login("alice", new).await.assert_ok();
    }

    async fn a_domain_that_takes_no_mail_holds_up_no_other(app: TestApp) {
        let server = MailServer::start(Setup::default()).await;
        server.fails_with(Fault::StallsFor("slow.example.net"));
        let url = server.url();
        let app = app.restart_with(&[("PORTCULLIS_MAIL_URL", &url), FROM]).await;
        let sign_up = async |name: &str, address: &str| {
            let body = json!({"username": name, "email": address, "password": PASSWORD});
            app.post("/api/v1/register").json(body).send().await.assert_status(201);
        };
        let forgotten = async |address: &str| {
            let asking = app.post("/api/v1/password/forgot").json(json!({"email": address}));
            asking.send().await.assert_status(202);
        };
        for number in 0..8 {
            let (name, address) = (format!("slow-{number}"), format!("slow-{number}@slow.example.net"));
            sign_up(&name, &address).await;
            forgotten(&address).await;
        }
        sign_up("alice", "alice@example.org").await;
        forgotten("alice@example.org").await;
        let letter = server.mailbox().wait_for("alice@example.org").await;
        assert_eq!(letter.header("Subject").as_deref(), Some("Choose a new password"));
        assert!(server.mailbox().letters().iter().all(|letter| letter.to == "alice@example.org"));
    }

    /// Of an account with a second factor only an address that its owner has proven resets the password.
    async fn an_address_that_nobody_has_proven_resets_no_account_with_a_second_factor(app: TestApp) {
        let alice = app.signed_in("alice").await;
        let (authenticator, _) = app.enrols(&alice).await; // without mail it takes no confirmed address
        app.signed_up("bob").await;
        let server = MailServer::start(Setup::default()).await;
        let url = server.url();
        let app = app.restart_with(&[("PORTCULLIS_MAIL_URL", &url), FROM]).await;
        let ask = async |path: &str, body: serde_json::Value| {
            app.post(&format!("/api/v1/{path}")).json(body).send().await
        };
        let forgotten = async |name: &str| {
            let body = json!({"email": format!("{name}@example.org")});
            let answer = ask("password/forgot", body).await;
            answer.assert_status(202);
            (answer.status, answer.text())
        };
        let of_alice = forgotten("alice").await;
        assert_eq!(of_alice, forgotten("bob").await);
        assert_eq!(of_alice, forgotten("nobody").await);
        server.mailbox().wait_for("bob@example.org").await;

        let resent = ask("email/resend", json!({"email": "alice@example.org"})).await;
        resent.assert_status(202);
        let letter = server.mailbox().wait_for("alice@example.org").await;
        assert_eq!(letter.header("Subject").as_deref(), Some("Confirm your e-mail address"));
        let token = letter.link().split_once("token=").unwrap().1.to_owned();
        let body = json!({"token": token, "password": PASSWORD});
        ask("email/confirm", body).await.assert_status(204);
        forgotten("alice").await;
        let letter = server.mailbox().wait_for("alice@example.org").await;
        let token = letter.link().split_once("token=").unwrap().1.to_owned();
        let body = json!({"token": token, "new_password": "another long and winding phrase"});
        ask("password/reset", body).await.assert_ok();
        let asked = app.login("alice", "another long and winding phrase").await;
        let asked = asked.assert_problem(401, "factor_required");
        let body = json!({"challenge": asked["challenge"], "totp": authenticator.shows(&app)});
        ask("login/factor", body).await.assert_ok();
    }
}

#[tokio::test]
async fn a_test_message_is_sent_at_once() {
    let (server, folder) = server().await;
    let ran = mail_test(
        folder.path(),
        &server.url(),
        &[
            ("PORTCULLIS_MAIL_CA", "ca.pem"),
            ("PORTCULLIS_PUBLIC_URL", "https://accounts.example.net"),
        ],
    )
    .await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stdout
            .starts_with("The message was handed to smtp://localhost:"),
        "{ran:?}"
    );
    assert!(!format!("{ran:?}").contains("pass-word"));
    let letter = server.mailbox().wait_for("alice@example.org").await;
    let subject = letter.header("Subject");
    assert_eq!(
        subject.as_deref(),
        Some("Test message from accounts.example.net")
    );
    let from = letter.header("From");
    assert_eq!(from.as_deref(), Some("Accounts <accounts@example.org>"));
}

#[tokio::test]
async fn what_went_wrong_is_told_with_what_to_look_at() {
    let (server, folder) = server().await;
    let path = folder.path();
    let ca = [("PORTCULLIS_MAIL_CA", "ca.pem")];
    let (url, wrong) = (
        server.url(),
        server.url().replace("pass-word", "wrong-word"),
    );
    let none = Fault::None;
    for (fault, url, others, told) in [
        (
            &none,
            &url,
            &[][..],
            ["UnknownIssuer", "PORTCULLIS_MAIL_CA names a file"],
        ),
        (
            &none,
            &wrong,
            &ca,
            [
                "rejected: 535 5.7.8 to AUTH",
                "refuses the user or the password",
            ],
        ),
        (
            &Fault::HidesStartTls,
            &url,
            &ca,
            ["does not offer STARTTLS", "Nothing was sent in the clear"],
        ),
        (
            &Fault::Recipient("550 5.1.1 no alice here"),
            &url,
            &ca,
            [
                "undeliverable: 550 5.1.1 to RCPT TO",
                "refuses this mailbox",
            ],
        ),
        (
            &Fault::Recipient("554 5.7.1 relay access denied"),
            &url,
            &ca,
            ["rejected: 554 5.7.1 to RCPT TO", "doesn't relay for us"],
        ),
        (
            &Fault::Greeting("421 busy"),
            &url,
            &ca,
            ["421 to EHLO", "send it again later"],
        ),
    ] {
        server.fails_with(fault.clone());
        let ran = mail_test(path, url, others).await;
        assert_eq!(ran.code, Some(1), "{ran:?}");
        for told in told {
            assert!(ran.stderr.contains(told), "{told}: {ran:?}");
        }
        let all = format!("{ran:?}");
        assert!(!all.contains("-word") && !all.contains("no alice"), "{all}");
    }
}

#[tokio::test]
async fn a_wrong_address_or_no_mail_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(folder.path(), &["mail", "test", "alice@localhost"], &[], "").await;
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = run(
        folder.path(),
        &["mail", "test", "alice@example.org"],
        &[],
        "",
    )
    .await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.stderr.contains("mail is off: set PORTCULLIS_MAIL_URL"),
        "{ran:?}"
    );
}

#[tokio::test]
async fn letters_may_go_to_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let letters = folder.path().join("letters");
    let url = format!("file://{}", letters.display());
    let env = [("PORTCULLIS_MAIL_URL", &*url), FROM];
    let check = async || {
        run(folder.path(), &["config", "check"], &env, "")
            .await
            .stderr
    };
    let notice = "letters does not exist yet: the first message creates it";
    assert!(check().await.contains(notice));
    let ran = mail_test(folder.path(), &url, &[]).await;
    assert!(!check().await.contains(notice));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let told = "The message was written to a file in /";
    assert!(ran.stdout.starts_with(told), "{ran:?}");
    let mut files = std::fs::read_dir(letters).unwrap();
    let file = files.next().unwrap().unwrap();
    let text = std::fs::read_to_string(file.path()).unwrap();
    assert!(text.contains("To: alice@example.org\r\n"), "{text}");
}

#[tokio::test]
async fn everything_that_is_wrong_with_mail_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    write(path, "no-ca.pem", "nothing");
    write(
        path,
        "texts/de.ftl",
        "mail-greetings = Hallo\nmail-code = { $sum }\n",
    );
    write(path, "templates/reset_password.txt", "{{ nobody }}");
    write(path, "templates/reset.txt", "");

    let mail = [
        (
            "PORTCULLIS_MAIL_URL",
            "smtp://user:pass-word@mail.example.org/x",
        ),
        ("PORTCULLIS_MAIL_FROM", "nobody"),
        ("PORTCULLIS_MAIL_REPLY_TO", "nobody at all"),
    ];
    assert_refused(
        path,
        &mail,
        &[
            "PORTCULLIS_MAIL_URL (environment): must end after the host and port",
            "PORTCULLIS_MAIL_FROM (environment): must be an address",
            "PORTCULLIS_MAIL_REPLY_TO (environment): must be an address",
        ],
    )
    .await;

    let good = [("PORTCULLIS_MAIL_URL", "smtps://mail.example.org"), FROM];
    for (setting, value, told) in [
        (
            "PORTCULLIS_MAIL_CA",
            "no-ca.pem",
            &["holds no certificate"][..],
        ),
        (
            "PORTCULLIS_TEXTS",
            "texts",
            &[
                "mail-greetings is not a key",
                "mail-code has no variable $sum",
            ],
        ),
        (
            "PORTCULLIS_MAIL_TEMPLATES",
            "templates",
            &["reset.txt: is not the name of a template"],
        ),
    ] {
        let env: Vec<_> = good.into_iter().chain([(setting, value)]).collect();
        let told: Vec<_> = told
            .iter()
            .map(|told| format!("{setting} (environment): |{told}"))
            .collect();
        let told: Vec<_> = told.iter().flat_map(|told| told.split('|')).collect();
        assert_refused(path, &env, &told).await;
    }
    let both = [
        ("PORTCULLIS_TEXTS", "texts"),
        ("PORTCULLIS_MAIL_TEMPLATES", "templates"),
    ];
    let env: Vec<_> = good.into_iter().chain(both).collect();
    let told = [
        "PORTCULLIS_TEXTS (environment): ",
        "mail-greetings is not a key",
        "PORTCULLIS_MAIL_TEMPLATES (environment): reset.txt: is not the name",
    ];
    assert_refused(path, &env, &told).await;
    std::fs::remove_file(path.join("templates/reset.txt")).unwrap();
    let unnamed = [
        ("PORTCULLIS_MAIL_URL", "smtps://mail.example.org"),
        ("PORTCULLIS_MAIL_FROM", "nobody"),
    ];
    let env: Vec<_> = unnamed.into_iter().chain(both).collect();
    let told = [
        "mail-code has no variable $sum",
        "PORTCULLIS_MAIL_FROM (environment): must be an address",
        "reset_password.txt: line 1: undefined value: nobody\n",
    ];
    assert_refused(path, &env, &told).await;
}

/// `config check` and `serve` refuse these settings, with the same words, which show no password.
async fn assert_refused(folder: &Path, env: &[(&str, &str)], told: &[&str]) {
    let check = run(folder, &["config", "check"], env, "").await;
    assert_eq!(check.code, Some(1), "{check:?}");
    for told in told {
        assert!(check.stderr.contains(told), "{told}: {}", check.stderr);
    }
    assert!(!check.stderr.contains("pass-word"), "{}", check.stderr);
    let serve = run(folder, &["serve", "--listen", "127.0.0.1:0"], env, "").await;
    assert_eq!((serve.code, serve.stderr), (Some(1), check.stderr));
}

#[tokio::test]
async fn a_server_without_mail_says_so_and_one_with_mail_does_not() {
    let said = |server: &Server| server.said.iter().any(|line| line.contains("mail is off"));
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    assert!(said(&server), "{:?}", server.said);
    let check = run(folder.path(), &["config", "check"], &[], "").await;
    assert!(
        check
            .stdout
            .contains("mail is off, and nobody can recover a password")
    );
    drop(server);

    let env = [("PORTCULLIS_MAIL_URL", "smtps://mail.example.org"), FROM];
    let server = Server::start(folder.path(), &env).await;
    assert!(!said(&server), "{:?}", server.said);
}

#[tokio::test]
async fn texts_and_templates_can_be_printed_to_begin_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let all = run(path, &["texts", "print"], &[], "").await;
    assert_eq!(all.code, Some(0), "{all:?}");
    write(path, "texts/de/all.ftl", &all.stdout);
    let texts = [("PORTCULLIS_TEXTS", "texts")];
    let check = run(path, &["config", "check"], &texts, "").await;
    assert!(
        check.code == Some(0) && !check.stderr.contains("lacks"),
        "{check:?}"
    );
    let nothing = run(path, &["texts", "print", "--missing", "de"], &texts, "").await;
    assert_eq!(
        (nothing.code, &*nothing.stdout),
        (Some(0), ""),
        "{nothing:?}"
    );

    let mail = run(path, &["texts", "print", "mail.ftl"], &[], "").await;
    write(path, "texts/de/all.ftl", &mail.stdout);
    let check = run(path, &["config", "check"], &texts, "").await;
    let unset = run(path, &["texts", "print", "--missing", "de"], &[], "").await;
    assert_eq!(unset.code, Some(1), "{unset:?}");
    assert!(
        unset.stderr.contains("PORTCULLIS_TEXTS is not set"),
        "{unset:?}"
    );
    let told = "notice: PORTCULLIS_TEXTS: de is not used for mail: it lacks wait-and, wait-days, ";
    assert!(
        check.code == Some(0) && check.stderr.contains(told),
        "{check:?}"
    );
    let missing = run(path, &["texts", "print", "--missing", "de"], &texts, "").await;
    assert!(
        missing.stdout.contains("wait-and = { $first } and"),
        "{missing:?}"
    );
    let none = run(path, &["texts", "print", "--missing", "fr"], &texts, "").await;
    assert_eq!(none.code, Some(1), "{none:?}");
    assert!(none.stderr.contains("has no texts in fr"), "{none:?}");

    let names = run(path, &["mail", "templates"], &[], "").await;
    assert!(names.stdout.contains("reset_password.html\n"), "{names:?}");
    for name in names.stdout.lines() {
        let template = run(path, &["mail", "templates", name], &[], "").await;
        write(path, &format!("templates/{name}"), &template.stdout);
    }
    let env = [
        ("PORTCULLIS_MAIL_URL", "smtps://mail.example.org"),
        FROM,
        ("PORTCULLIS_MAIL_TEMPLATES", "templates"),
    ];
    let check = run(path, &["config", "check"], &env, "").await;
    assert_eq!(check.code, Some(0), "{check:?}");
    for wrong in [
        &["mail", "templates", "nothing"],
        &["texts", "print", "nothing"],
    ] {
        let ran = run(path, wrong, &[], "").await;
        assert_eq!(ran.code, Some(2), "{ran:?}");
    }
}
