use mail::{SendError, Trouble, TrustedAuthorities, Undeliverable};
use smtp_testing::{Encryption, MailServer, Setup};

use crate::post::{USUAL, believing, mailer, mailer_to, reset, send};

const ALICE: &str = "alice@example.org";

fn with(encryption: Encryption) -> Setup {
    Setup {
        encryption,
        login: Some(("portcullis".to_owned(), "pass-word".to_owned())),
        ..Setup::default()
    }
}

#[tokio::test]
async fn a_letter_arrives_whole() {
    let server = MailServer::start(Setup::default()).await;
    send(&mailer(&server)).await.unwrap();

    let letter = server.mailbox().wait_for(ALICE).await;
    assert_eq!(letter.from, "<accounts@example.org>");
    assert_eq!(
        letter.header("Message-ID").as_deref(),
        Some("<id-1@example.org>")
    );
    assert_eq!(
        letter.header("Subject").as_deref(),
        Some("Choose a new password")
    );
    assert_eq!(
        letter.link(),
        "https://accounts.example.org/reset?token=abc"
    );
    assert!(letter.html().contains("</html>"));
    assert!(
        letter
            .text()
            .ends_with("automatic message from accounts.example.org.\n")
    );
}

#[tokio::test]
async fn over_tls_with_either_way_of_signing_in() {
    for encryption in [Encryption::StartTls, Encryption::Wrapped] {
        for only_mechanism in [None, Some("LOGIN"), Some("PLAIN")] {
            let setup = Setup {
                only_mechanism,
                ..with(encryption)
            };
            let server = MailServer::start(setup).await;
            send(&mailer(&server)).await.unwrap();
            server.mailbox().wait_for(ALICE).await;
        }
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_refused() {
    for encryption in [Encryption::StartTls, Encryption::Wrapped] {
        let server = MailServer::start(with(encryption)).await;
        let mailer = mailer_to(&server.url(), &TrustedAuthorities::default(), USUAL);
        let refused = send(&mailer).await.unwrap_err();
        let SendError::Unavailable(Trouble::Tls(why)) = &refused else {
            panic!("{refused}");
        };
        assert!(why.contains("UnknownIssuer"), "{why}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    for encryption in [Encryption::StartTls, Encryption::Wrapped] {
        let server = MailServer::start(with(encryption)).await;
        let url = server.url().replace("localhost", "127.0.0.1");
        let mailer = mailer_to(&url, &believing(&server), USUAL);
        let refused = send(&mailer).await.unwrap_err();
        assert!(
            matches!(refused, SendError::Unavailable(Trouble::Tls(_))),
            "{refused}"
        );
        assert!(server.mailbox().letters().is_empty());
    }
}

#[tokio::test]
async fn a_wrong_password_is_for_the_operator_to_mend() {
    let server = MailServer::start(with(Encryption::StartTls)).await;
    let url = server.url().replace("pass-word", "hunter2");
    let refused = send(&mailer_to(&url, &believing(&server), USUAL)).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.to_string(), "rejected: 535 5.7.8 to AUTH");
    assert!(!format!("{refused:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_missing_login_is_for_the_operator_to_mend() {
    let server = MailServer::start(with(Encryption::None)).await;
    let url = server.url().replace("portcullis:pass-word@", "");
    let refused = send(&mailer_to(&url, &TrustedAuthorities::default(), USUAL)).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "rejected: 530 5.7.0 to MAIL FROM"
    );
}

#[tokio::test]
async fn one_connection_carries_several_letters() {
    let server = MailServer::start(with(Encryption::StartTls)).await;
    let mailer = mailer(&server);
    for id in ["a", "b", "c"] {
        mailer.send(&reset(id, ALICE)).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(server.mailbox().letters().len(), 3);
}

#[tokio::test]
async fn many_letters_share_few_connections() {
    let server = MailServer::start(Setup::default()).await;
    let mailer = std::sync::Arc::new(mailer(&server));
    let sending = (0..20).map(|number| {
        let mailer = std::sync::Arc::clone(&mailer);
        tokio::spawn(async move { mailer.send(&reset(&format!("id-{number}"), ALICE)).await })
    });
    for sent in sending.collect::<Vec<_>>() {
        sent.await.unwrap().unwrap();
    }
    assert_eq!(server.mailbox().letters().len(), 20);
    assert!(server.connections() <= 4, "{}", server.connections());
}

#[tokio::test]
async fn an_address_that_is_not_ascii_goes_where_it_is_understood() {
    let server = MailServer::start(Setup {
        utf8: true,
        ..Setup::default()
    })
    .await;
    mailer(&server)
        .send(&reset("a", "pelé@exämple.com"))
        .await
        .unwrap();
    let letter = server.mailbox().wait_for("pelé@xn--exmple-cua.com").await;
    assert_eq!(letter.from, "<accounts@example.org> SMTPUTF8 BODY=8BITMIME");
    assert_eq!(
        letter.header("To").as_deref(),
        Some("pelé@xn--exmple-cua.com")
    );
}

#[tokio::test]
async fn an_address_that_is_not_ascii_is_undeliverable_elsewhere() {
    for eight_bit in [false, true] {
        let server = MailServer::start(Setup {
            eight_bit,
            ..Setup::default()
        })
        .await;
        let refused = mailer(&server).send(&reset("a", "pelé@example.org")).await;
        let expected = SendError::Undeliverable(Undeliverable::NeedsSmtpUtf8);
        assert_eq!(refused, Err(expected));

        // A domain that isn't can be written in ASCII.
        mailer(&server)
            .send(&reset("b", "alice@exämple.com"))
            .await
            .unwrap();
        server.mailbox().wait_for("alice@xn--exmple-cua.com").await;
    }
}

#[tokio::test]
async fn nothing_but_ascii_is_sent_whatever_the_server_offers() {
    for eight_bit in [false, true] {
        let server = MailServer::start(Setup {
            eight_bit,
            ..Setup::default()
        })
        .await;
        send(&mailer(&server)).await.unwrap();
        let letter = server.mailbox().wait_for(ALICE).await;
        assert_eq!(letter.from, "<accounts@example.org>");
        assert!(letter.message.is_ascii());
    }
}
