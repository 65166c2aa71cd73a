use std::net::TcpListener;

use mail::{SendError, Trouble, TrustedAuthorities, Undeliverable};
use smtp_testing::{Encryption, Fault, MailServer, Setup};

use crate::post::{SHORT, USUAL, believing, mailer, mailer_to, reset, send};

const ALICE: &str = "alice@example.org";

async fn server(encryption: Encryption) -> MailServer {
    let setup = Setup {
        encryption,
        login: Some(("portcullis".to_owned(), "pass-word".to_owned())),
        ..Setup::default()
    };
    MailServer::start(setup).await
}

async fn failure(encryption: Encryption, fault: Fault) -> SendError {
    let server = server(encryption).await;
    server.fails_with(fault.clone());
    let failed = send(&mailer(&server)).await.unwrap_err();
    assert!(server.mailbox().letters().is_empty(), "{fault:?}");

    // Whatever it was: once it is over, the same mailer sends.
    server.fails_with(Fault::None);
    failed
}

#[tokio::test]
async fn where_nobody_listens_it_may_work_later() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    for scheme in ["smtp", "smtps"] {
        let url = format!("{scheme}://localhost:{}", free.port());
        let failed = send(&mailer_to(&url, &TrustedAuthorities::default(), USUAL)).await;
        let failed = failed.unwrap_err();
        assert!(
            matches!(failed, SendError::Unavailable(Trouble::Connect(_))),
            "{failed}"
        );
    }
}

#[tokio::test]
async fn a_server_that_is_busy_may_take_it_later() {
    for encryption in [Encryption::None, Encryption::StartTls, Encryption::Wrapped] {
        let failed = failure(encryption, Fault::Greeting("421 4.3.2 busy")).await;
        assert_eq!(failed.to_string(), "unavailable: 421 4.3.2 to EHLO");
    }
    let failed = failure(Encryption::None, Fault::Greeting("554 5.7.1 not you")).await;
    assert_eq!(failed.to_string(), "rejected: 554 5.7.1 to EHLO");
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let failed = failure(Encryption::StartTls, Fault::HidesStartTls).await;
    assert_eq!(failed, SendError::Unavailable(Trouble::NoStartTls));
}

#[tokio::test]
async fn answers_that_were_put_before_tls_are_not_taken_for_those_within() {
    let server = server(Encryption::StartTls).await;
    server.fails_with(Fault::InjectsAnswers);
    let failed = send(&mailer(&server)).await.unwrap_err();
    assert!(
        matches!(failed, SendError::Unavailable(Trouble::Tls(_))),
        "{failed}"
    );
}

#[tokio::test]
async fn without_auth_nothing_is_sent() {
    let failed = failure(Encryption::StartTls, Fault::HidesAuth).await;
    assert_eq!(failed, SendError::Unavailable(Trouble::NoAuthentication));
}

#[tokio::test]
async fn a_refused_mailbox_is_final_and_a_busy_one_is_not() {
    let failed = failure(
        Encryption::None,
        Fault::Recipient("550 5.1.1 <alice@example.org> unknown"),
    )
    .await;
    assert_eq!(failed.to_string(), "undeliverable: 550 5.1.1 to RCPT TO");
    assert!(matches!(
        failed,
        SendError::Undeliverable(Undeliverable::Refused(_))
    ));
    assert_eq!(failed.code(), Some(550));
    assert!(!format!("{failed:?}").contains("alice"), "{failed:?}");

    let failed = failure(Encryption::None, Fault::Recipient("450 4.2.1 greylisted")).await;
    assert_eq!(failed.to_string(), "unavailable: 450 4.2.1 to RCPT TO");
}

#[tokio::test]
async fn a_server_that_does_not_relay_for_us_says_nothing_about_the_mailbox() {
    let failed = failure(
        Encryption::None,
        Fault::Recipient("554 5.7.1 relay access denied"),
    )
    .await;
    assert_eq!(failed.to_string(), "rejected: 554 5.7.1 to RCPT TO");
}

#[tokio::test]
async fn a_refused_sender_or_letter_is_for_the_operator_to_mend() {
    let failed = failure(
        Encryption::None,
        Fault::Sender("553 5.7.1 not your address"),
    )
    .await;
    assert_eq!(failed.to_string(), "rejected: 553 5.7.1 to MAIL FROM");
    let failed = failure(Encryption::None, Fault::Content("554 5.6.0 spam")).await;
    assert_eq!(failed.to_string(), "rejected: 554 5.6.0 to DATA");
    let failed = failure(Encryption::None, Fault::Content("451 later")).await;
    assert_eq!(failed.to_string(), "unavailable: 451 to DATA");
}

#[tokio::test]
async fn a_server_that_takes_for_ever_is_left() {
    let server = server(Encryption::None).await;
    let mailer = mailer_to(&server.url(), &believing(&server), SHORT);
    for fault in [Fault::Dribbles, Fault::StallsInData] {
        server.fails_with(fault.clone());
        let failed = send(&mailer).await.unwrap_err();
        assert_eq!(
            failed,
            SendError::Unavailable(Trouble::Timeout),
            "{fault:?}"
        );
    }
}

#[tokio::test]
async fn what_is_no_mail_server_is_told_from_one() {
    let failed = failure(Encryption::None, Fault::Nonsense).await;
    assert_eq!(failed, SendError::Unavailable(Trouble::Protocol));
    for encryption in [Encryption::None, Encryption::StartTls] {
        let failed = failure(encryption, Fault::HangsUp).await;
        assert_eq!(failed, SendError::Unavailable(Trouble::Disconnected));
    }
    let failed = failure(Encryption::Wrapped, Fault::HangsUp).await;
    assert!(matches!(failed, SendError::Unavailable(_)), "{failed}");
}

#[tokio::test]
async fn a_letter_whose_answer_is_lost_is_sent_again_as_the_same_one() {
    let server = server(Encryption::StartTls).await;
    let mailer = mailer(&server);
    server.fails_with(Fault::LosesTheAnswer);
    let failed = send(&mailer).await;
    assert_eq!(failed, Err(SendError::Unavailable(Trouble::Disconnected)));
    let first = server.mailbox().wait_for(ALICE).await;

    server.fails_with(Fault::None);
    send(&mailer).await.unwrap();
    let second = server.mailbox().wait_for(ALICE).await;
    assert_eq!(first, second, "with its Message-ID, byte for byte");
}

#[tokio::test]
async fn a_connection_that_was_lost_in_between_costs_nothing() {
    let server = server(Encryption::None).await;
    let mailer = mailer(&server);
    send(&mailer).await.unwrap();
    server.hang_up();
    mailer.send(&reset("id-2", ALICE)).await.unwrap();
    assert_eq!(server.connections(), 2);
}
