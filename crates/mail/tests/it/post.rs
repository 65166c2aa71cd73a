//! A mailer before a mail server.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use mail::{
    Composer, Letter, MailUrl, Mailer, MessageId, Outgoing, Patience, SendError, Sender,
    Stationery, Transport, TrustedAuthorities,
};
use model::{EmailAddress, Timestamp};
use smtp_testing::MailServer;
use texts::Texts;

/// Nothing here takes long but what is meant to.
pub(crate) const USUAL: Patience = Patience {
    connecting: Duration::from_secs(10),
    letter: Duration::from_secs(40),
};

/// For what never ends.
pub(crate) const SHORT: Patience = Patience {
    connecting: Duration::from_millis(300),
    letter: Duration::from_millis(300),
};

pub(crate) fn mailer(server: &MailServer) -> Mailer {
    mailer_to(&server.url(), &believing(server), USUAL)
}

pub(crate) fn mailer_to(url: &str, authorities: &TrustedAuthorities, patience: Patience) -> Mailer {
    let url = MailUrl::parse(url).unwrap();
    let transport = Transport::new(url, "accounts.example.org", authorities, patience);
    let stationery = Stationery {
        from: Sender::parse("Accounts <accounts@example.org>").unwrap(),
        reply_to: None,
        service: "accounts.example.org".to_owned(),
    };
    let texts = Arc::new(Texts::load(None).unwrap());
    let composer = Composer::new(texts, stationery, None).unwrap();
    Mailer::new(transport.unwrap(), composer)
}

pub(crate) fn believing(server: &MailServer) -> TrustedAuthorities {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(server.certificate().as_bytes()).unwrap();
    TrustedAuthorities::with_file(file.path()).unwrap()
}

pub(crate) fn reset(id: &str, to: &str) -> Outgoing {
    Outgoing {
        id: MessageId::parse(id).unwrap(),
        to: EmailAddress::parse(to).unwrap(),
        language: Texts::load(None).unwrap().english(),
        letter: Letter::ResetPassword {
            link: "https://accounts.example.org/reset?token=abc".into(),
            expires: Timestamp::from_seconds(1_800_003_600),
            deletion_due: None,
        },
        date: Timestamp::from_seconds(1_800_000_000),
    }
}

/// Sends a letter to Alice.
pub(crate) async fn send(mailer: &Mailer) -> Result<(), SendError> {
    mailer.send(&reset("id-1", "alice@example.org")).await
}
