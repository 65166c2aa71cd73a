//! A conversation with a mail server, step by step, so that it is known which of them failed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{Extension, MailBodyParameter, MailParameter};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Settings;
use super::line_by_line::LineByLine;
use super::refusal::judge;
use crate::compose::Composed;
use crate::error::{SendError, Step, Trouble, Undeliverable};
use crate::url::Encryption;

/// How long a server may take to say that it is still there, or goodbye.
const COURTESY: Duration = Duration::from_secs(5);

/// Each has a number, by which it is found again.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A connection over which letters can be sent: encrypted and signed in, where that is demanded.
pub(super) struct Session {
    connection: AsyncSmtpConnection,
    number: u64,
}

impl Session {
    pub(super) async fn open(settings: &Settings) -> Result<Self, SendError> {
        let connection = if settings.is_wrapped() {
            wrapped(settings).await?
        } else {
            let mut connection = plain(settings).await?;
            if settings.server.encryption == Encryption::StartTls {
                encrypt(&mut connection, settings).await?;
            }
            connection
        };
        let mut session = Self {
            connection,
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
        };
        session.sign_in(settings).await?;
        Ok(session)
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    async fn sign_in(&mut self, settings: &Settings) -> Result<(), SendError> {
        let Some(login) = &settings.server.login else {
            return Ok(());
        };
        let server = self.connection.server_info();
        if server.get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
            return Err(SendError::Unavailable(Trouble::NoAuthentication));
        }
        let (user, password) = (login.user.expose(), login.password.expose());
        let credentials = Credentials::new(user.clone(), password.clone());
        let signing_in = self.connection.auth(DEFAULT_MECHANISMS, &credentials);
        let signed_in = signing_in.await;
        signed_in
            .map(drop)
            .map_err(|error| judge(Step::Authentication, &error))
    }

    /// Sends a letter. After a failure the connection is of no more use.
    pub(super) async fn hand_over(&mut self, letter: &Composed) -> Result<(), SendError> {
        let needs_utf8 = !AsRef::<str>::as_ref(&letter.to).is_ascii();
        if needs_utf8 && !self.takes_utf8() {
            return Err(SendError::Undeliverable(Undeliverable::NeedsSmtpUtf8));
        }
        let options = if needs_utf8 {
            vec![
                MailParameter::SmtpUtfEight,
                MailParameter::Body(MailBodyParameter::EightBitMime),
            ]
        } else {
            Vec::new() // letters are ASCII
        };
        let sender = Mail::new(Some(letter.from.clone()), options);
        let sender = self.connection.command(sender).await;
        sender.map_err(|error| match judge(Step::Sender, &error) {
            // It takes our other letters: what it refuses here is the kind of address.
            SendError::Rejected(reply) if needs_utf8 => {
                SendError::Undeliverable(Undeliverable::Refused(reply))
            }
            error => error,
        })?;
        self.recipient(&letter.to).await?;
        let data = self.connection.command(Data).await;
        data.map_err(|error| judge(Step::Content, &error))?;
        let content = self.connection.message(&letter.bytes).await;
        content
            .map(drop)
            .map_err(|error| judge(Step::Content, &error))
    }

    async fn recipient(&mut self, to: &Address) -> Result<(), SendError> {
        let recipient = Rcpt::new(to.clone(), Vec::new());
        let recipient = self.connection.command(recipient).await;
        recipient
            .map(drop)
            .map_err(|error| judge(Step::Recipient, &error))
    }

    /// Whether it takes addresses that aren't ASCII, for which it must take eight bits as well (RFC 6531 §3.1).
    fn takes_utf8(&self) -> bool {
        let server = self.connection.server_info();
        server.supports_feature(Extension::SmtpUtfEight)
            && server.supports_feature(Extension::EightBitMime)
    }

    pub(super) async fn is_alive(&mut self) -> bool {
        let asked = timeout(COURTESY, self.connection.test_connected());
        asked.await.unwrap_or(false)
    }

    pub(super) async fn close(mut self) {
        let _ = timeout(COURTESY, self.connection.quit()).await; // it is closed either way
    }
}

async fn wrapped(settings: &Settings) -> Result<AsyncSmtpConnection, SendError> {
    let server = &settings.server;
    let connecting = AsyncSmtpConnection::connect_tokio1(
        (&*server.host, server.port),
        Some(settings.connecting),
        &settings.hello,
        Some(settings.tls.clone()),
        None,
    );
    connecting.await.map_err(|error| {
        let judged = judge(Step::Greeting, &error);
        match judged {
            SendError::Unavailable(Trouble::Disconnected) => {
                SendError::Unavailable(Trouble::Connect("it did not answer".to_owned()))
            }
            judged => judged,
        }
    })
}

async fn plain(settings: &Settings) -> Result<AsyncSmtpConnection, SendError> {
    let server = &settings.server;
    let connecting = TcpStream::connect((&*server.host, server.port));
    let stream = match timeout(settings.connecting, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(SendError::Unavailable(Trouble::Connect(error.to_string()))),
        Err(_) => return Err(SendError::Unavailable(Trouble::Timeout)),
    };
    let stream = Box::new(LineByLine(stream));
    let greeting = AsyncSmtpConnection::connect_with_transport(stream, &settings.hello);
    greeting
        .await
        .map_err(|error| judge(Step::Greeting, &error))
}

async fn encrypt(
    connection: &mut AsyncSmtpConnection,
    settings: &Settings,
) -> Result<(), SendError> {
    if !connection.can_starttls() {
        return Err(SendError::Unavailable(Trouble::NoStartTls));
    }
    let encrypting = connection.starttls(settings.tls.clone(), &settings.hello);
    encrypting
        .await
        .map_err(|error| judge(Step::StartTls, &error))
}
