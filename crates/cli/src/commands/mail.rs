//! `portcullis mail`

use std::process::ExitCode;

use anyhow::Context as _;
use mail::{Letter, MessageId, Outgoing, SendError, Step, Trouble, Undeliverable};
use model::{Clock as _, EmailAddress, SystemClock};

use super::{REFUSED, WRONG_USE, out, prepare};
use crate::arguments::{MailCommand, ServeFlags};

/// Does what was asked.
pub(super) fn run(command: MailCommand) -> anyhow::Result<ExitCode> {
    match command {
        MailCommand::Test { address, flags } => test(&address, flags),
        MailCommand::Templates { name } => templates(name.as_deref()),
    }
}

/// Sends a message at once, and says what came of it.
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the command is for"
)]
fn test(address: &str, flags: ServeFlags) -> anyhow::Result<ExitCode> {
    let to = match EmailAddress::parse(address) {
        Ok(to) => to,
        Err(fault) => {
            eprintln!("portcullis: {fault}");
            return Ok(ExitCode::from(WRONG_USE));
        }
    };
    let post = match prepare(flags)? {
        Ok(prepared) => prepared.post,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(REFUSED));
        }
    };
    let mailer = post
        .mailer
        .context("mail is off: set PORTCULLIS_MAIL_URL and PORTCULLIS_MAIL_FROM")?;
    let letter = Outgoing {
        id: new_id()?,
        to,
        language: post.texts.english(),
        letter: Letter::Test,
        date: SystemClock.now(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let place = mailer.destination();
    match runtime.block_on(mailer.send(&letter)) {
        Ok(()) => {
            match place.strip_prefix("file://") {
                Some(folder) => println!("The message was written to a file in {folder}."),
                None => println!(
                    "The message was handed to {place}. Look for it in the mailbox of {address}, and in its spam folder."
                ),
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("portcullis: {place} did not take the message: {error}");
            if let Some(hint) = hint(&error) {
                eprintln!("{hint}");
            }
            Ok(ExitCode::from(REFUSED))
        }
    }
}

/// Prints a template, or the names of all.
fn templates(name: Option<&str>) -> anyhow::Result<ExitCode> {
    let templates = mail::TEMPLATES.iter();
    if let Some(name) = name {
        let wanted = templates.filter(|(found, _)| *found == name);
        out(&wanted.map(|(_, text)| *text).collect::<String>())?;
    } else {
        let names: Vec<_> = templates.map(|(name, _)| *name).collect();
        out(&(names.join("\n") + "\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn new_id() -> anyhow::Result<MessageId> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(MessageId::parse(&format!(
        "{:032x}",
        u128::from_be_bytes(bytes)
    ))?)
}

/// What to look at, for failures that have a usual cause.
fn hint(error: &SendError) -> Option<&'static str> {
    let hint = match error {
        SendError::Undeliverable(Undeliverable::Refused(_)) => {
            "The mail server refuses this mailbox: is the address right?"
        }
        SendError::Undeliverable(Undeliverable::NeedsSmtpUtf8 | Undeliverable::Address) => {
            "Try an address that is ASCII before the @."
        }
        SendError::Rejected(reply) => match (reply.step, reply.code) {
            (Step::Authentication, _) => {
                "The mail server refuses the user or the password in PORTCULLIS_MAIL_URL. Are characters such as @ : / written as %40 %3A %2F?"
            }
            (_, 530) => "The mail server wants a user and a password in PORTCULLIS_MAIL_URL.",
            (Step::Sender, _) => {
                "The mail server refuses the sender: may this user send as PORTCULLIS_MAIL_FROM?"
            }
            (Step::Recipient, _) => {
                "The mail server doesn't relay for us: does it want a user and a password in PORTCULLIS_MAIL_URL, or to know this machine's address?"
            }
            (Step::Content, _) => {
                "The mail server refuses the message, mostly as spam: SPF, DKIM and DMARC of the domain in PORTCULLIS_MAIL_FROM must allow it."
            }
            (Step::Greeting | Step::StartTls, _) => {
                "The mail server doesn't serve us: does it take connections from this machine?"
            }
        },
        SendError::Unavailable(trouble) => return hint_for(trouble),
    };
    Some(hint)
}

const fn hint_for(trouble: &Trouble) -> Option<&'static str> {
    let hint = match trouble {
        Trouble::Connect(_) => {
            "Are host and port in PORTCULLIS_MAIL_URL right, and does a firewall let this machine out? Many hosters block port 25."
        }
        Trouble::Tls(_) => {
            "The certificate must be for the host in PORTCULLIS_MAIL_URL and of a public authority, else PORTCULLIS_MAIL_CA names a file with its authority. On port 465 the address begins with smtps://, on 587 and 25 with smtp://."
        }
        Trouble::NoStartTls => {
            "Nothing was sent in the clear. If the mail server speaks TLS from the beginning (port 465), write smtps://."
        }
        Trouble::NoAuthentication => {
            "The mail server takes no user and password here: leave them out of PORTCULLIS_MAIL_URL, or use its submission port, 587 or 465."
        }
        Trouble::Temporary(_) => "The server would send it again later.",
        Trouble::Protocol | Trouble::Disconnected | Trouble::Timeout => {
            "Does a mail server listen there? On port 465 the address begins with smtps://, on 587 and 25 with smtp://."
        }
        Trouble::Folder(_) => "The folder must be writable by this user, and by no other.",
        Trouble::Template => return None,
    };
    Some(hint)
}
