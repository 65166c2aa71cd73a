//! Why a letter was not sent.
//!
//! A mail server's answers may repeat the address and whatever else it was told, so none of their words are kept: what
//! is shown, and may be logged, is which step failed and the codes.

use std::fmt;

/// Why a letter was not sent, by what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It never will be: nothing is gained by trying again.
    #[error("undeliverable: {0}")]
    Undeliverable(Undeliverable),
    /// The mail server refuses us, not the mailbox: the operator has to act, and it can be tried again afterwards.
    #[error("rejected: {0}")]
    Rejected(Reply),
    /// It may work later.
    #[error("unavailable: {0}")]
    Unavailable(Trouble),
}

/// Why a mailbox can't be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undeliverable {
    /// The mail server refuses the mailbox for good.
    #[error("{0}")]
    Refused(Reply),
    /// The address isn't ASCII before the `@`, and the mail server can't do that (RFC 6531).
    #[error("the mail server does not take addresses like this one (SMTPUTF8)")]
    NeedsSmtpUtf8,
    /// No message can be made for the address.
    #[error("the address can't stand in a message")]
    Address,
}

/// What went wrong on the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The mail server can't be reached: its name is unknown, or it takes no connections.
    #[error("no connection to the mail server: {0}")]
    Connect(String),
    /// TLS failed, mostly because of the certificate.
    #[error("no TLS with the mail server: {0}")]
    Tls(String),
    /// The mail server offers no STARTTLS, or somebody in between removed it. Nothing was sent in the clear.
    #[error("the mail server does not offer STARTTLS")]
    NoStartTls,
    /// There is a user name in the settings, and the mail server offers neither AUTH PLAIN nor AUTH LOGIN.
    #[error("the mail server does not offer AUTH PLAIN or AUTH LOGIN")]
    NoAuthentication,
    /// The mail server says that it can't at present.
    #[error("{0}")]
    Temporary(Reply),
    /// The connection was lost. Whether the letter was taken isn't known: it is sent again with the same
    /// `Message-ID`.
    #[error("the connection to the mail server was lost")]
    Disconnected,
    /// What the mail server says is no SMTP.
    #[error("the mail server does not speak SMTP")]
    Protocol,
    /// It took too long.
    #[error("the mail server did not answer in time")]
    Timeout,
    /// The folder can't be written to.
    #[error("the folder for letters can't be used: {0}")]
    Folder(String),
    /// The letter can't be put together: a template fails now that didn't at the start.
    #[error("the letter can't be put together")]
    Template,
}

/// A mail server's answer: which step it answers, and its codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What it answers.
    pub step: Step,
    /// The code (RFC 5321 §4.2).
    pub code: u16,
    /// The enhanced code, if there is one (RFC 3463): `5.1.1`.
    pub enhanced: Option<(u16, u16, u16)>,
}

/// A step of handing over a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The server's first word, and EHLO.
    Greeting,
    /// STARTTLS.
    StartTls,
    /// AUTH.
    Authentication,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, and what follows it.
    Content,
}

impl SendError {
    /// The mail server's code, if it gave one.
    pub const fn code(&self) -> Option<u16> {
        match self {
            Self::Undeliverable(Undeliverable::Refused(reply))
            | Self::Rejected(reply)
            | Self::Unavailable(Trouble::Temporary(reply)) => Some(reply.code),
            Self::Undeliverable(_) | Self::Unavailable(_) => None,
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, " to {}", self.step)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Authentication => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Content => "DATA",
        })
    }
}
