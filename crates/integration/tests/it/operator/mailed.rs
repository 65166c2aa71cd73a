//! What servers mail because of an operator's command.

use integration::process::run;
use integration::{Authenticator, PASSWORD};
use model::{Clock as _, SystemClock};
use serde_json::{Value, json};
use smtp_testing::{MailServer, Setup};

use super::{Machine, NOBODY_TOLD, user};

#[tokio::test]
async fn the_server_mails_the_owner_of_an_account_that_an_operator_has_deleted() {
    let post = MailServer::start(Setup::default()).await;
    let url = post.url();
    let settings = [
        ("PORTCULLIS_MAIL_URL", &*url),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
        ("PORTCULLIS_EMAIL_VERIFICATION", "optional"),
    ];
    let machine = Machine::start_with(&settings).await;
    machine.sign_up("alice").await;
    let inbox = post.mailbox();
    let link = inbox.wait_for("alice@example.org").await.link();
    let (_, token) = link.split_once("token=").unwrap();
    let body = json!({"token": token, "password": PASSWORD});
    assert_eq!(machine.ask("email/confirm", "", &body).await.0, 204);

    let arguments = ["user", "delete", "alice", "--yes"];
    let ran = run(machine.folder.path(), &arguments, &settings, "").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stderr.contains(NOBODY_TOLD), "{ran:?}");
    let letter = inbox.wait_for("alice@example.org").await;
    let subject = letter.header("Subject").unwrap();
    assert_eq!(subject, "Your account was deleted");
}

#[tokio::test]
async fn a_second_factor_that_was_lost_is_removed_and_its_owner_is_told() {
    let post = MailServer::start(Setup::default()).await;
    let url = post.url();
    let settings = [
        ("PORTCULLIS_MAIL_URL", &*url),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
        ("PORTCULLIS_EMAIL_VERIFICATION", "optional"),
    ];
    let machine = Machine::start_with(&settings).await;
    machine.sign_up("alice").await;
    let inbox = post.mailbox();
    let subject = async || {
        let letter = inbox.wait_for("alice@example.org").await;
        letter.header("Subject").unwrap()
    };
    let link = inbox.wait_for("alice@example.org").await.link();
    let (_, token) = link.split_once("token=").unwrap();
    let body = json!({"token": token, "password": PASSWORD});
    assert_eq!(machine.ask("email/confirm", "", &body).await.0, 204);
    let [access, _] = machine.tokens("alice").await;
    let (status, begun) = machine.ask("me/factors/totp", &access, &Value::Null).await;
    assert_eq!(status, 201, "{begun}");
    let app = Authenticator::with(begun["secret"].as_str().unwrap());
    let body = json!({"code": app.shows_at(SystemClock.now().as_seconds())});
    let confirmed = machine.ask("me/factors/totp/confirm", &access, &body).await;
    assert_eq!(confirmed.0, 200, "{}", confirmed.1);
    assert_eq!(subject().await, "A second factor was set up");
    assert_eq!(machine.sign_in("alice", PASSWORD).await.0, 401);

    let operator = async |arguments: &[&str]| {
        let arguments = [&["user"], arguments, &["--json"]].concat();
        let ran = run(machine.folder.path(), &arguments, &settings, "").await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let shown = operator(&["factors", "alice"]).await;
    assert!(shown["totp"]["enrolled_at"].is_string(), "{shown}");
    assert_eq!(shown["recovery_codes"]["left"], 10);
    operator(&["remove-factor", "alice"]).await;
    machine.until_refused(&access).await;
    assert_eq!(machine.sign_in("alice", PASSWORD).await.0, 200);
    assert_eq!(subject().await, "Your second factor was removed");
    let shown = operator(&["factors", "alice"]).await;
    assert_eq!(
        (&shown["totp"], &shown["recovery_codes"]["left"]),
        (&Value::Null, &json!(0))
    );
    let again = ["user", "remove-factor", "alice"];
    let ran = run(machine.folder.path(), &again, &settings, "").await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("has no second factor"), "{ran:?}");
}

#[tokio::test]
async fn the_server_mails_whom_an_operator_invites() {
    let post = MailServer::start(Setup::default()).await;
    let url = post.url();
    let settings = [
        ("PORTCULLIS_REGISTRATION", "closed"),
        ("PORTCULLIS_MAIL_URL", &*url),
        ("PORTCULLIS_MAIL_FROM", "accounts@example.org"),
        ("PORTCULLIS_EMAIL_VERIFICATION", "required"),
    ];
    let machine = Machine::start_with(&settings).await;
    let folder = machine.folder.path();
    let off = user(folder, &["add", "bob", "bob@example.org", "--mail"]).await;
    assert_eq!(off.code, Some(1), "{off:?}");
    assert!(
        off.stderr.contains("mail is off: set PORTCULLIS_MAIL_URL"),
        "{off:?}"
    );

    let arguments = ["user", "add", "bob", "bob@example.org", "--mail"];
    let ran = run(folder, &arguments, &settings, "").await;
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.stdout.contains("token="), "{ran:?}");
    assert!(ran.stdout.contains("mailed to bob@example.org"), "{ran:?}");
    let letter = post.mailbox().wait_for("bob@example.org").await;
    let link = letter.link();
    let (_, token) = link.split_once("token=").unwrap();
    let page = machine
        .client
        .get(format!("{}/reset?token={token}", machine.server.url()));
    let page = page.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("<h1>Choose a password for your account</h1>"),
        "{page}"
    );
    let body = json!({"token": token, "new_password": PASSWORD});
    assert_eq!(machine.ask("password/reset", "", &body).await.0, 200);
    assert_eq!(machine.sign_in("bob", PASSWORD).await.0, 200);

    let arguments = ["user", "reset-password", "bob", "--mail", "--json"];
    let ran = run(folder, &arguments, &settings, "").await;
    let said: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["mailed_to"], "bob@example.org");
    assert!(said["link"].is_null());
    let changed = post.mailbox().wait_for("bob@example.org").await;
    let letter = post.mailbox().wait_for("bob@example.org").await;
    let subjects = [changed, letter].map(|letter| letter.header("Subject").unwrap());
    assert!(
        subjects.contains(&"Choose a new password".to_owned()),
        "{subjects:?}"
    );
}
