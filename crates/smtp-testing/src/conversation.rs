//! One connection.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufStream};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::{Encryption, Fault, Received, Setup, Shared};

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

type Connection = BufStream<Box<dyn Stream>>;

/// A conversation, and how far it has come.
struct Conversation {
    connection: Connection,
    setup: Setup,
    shared: Arc<Shared>,
    is_encrypted: bool,
    is_signed_in: bool,
    from: Option<String>,
    to: Option<String>,
}

pub(crate) async fn hold(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    setup: Setup,
    shared: Arc<Shared>,
) -> io::Result<()> {
    if shared.fault() == Fault::HangsUp {
        return Ok(());
    }
    let is_wrapped = setup.encryption == Encryption::Wrapped;
    let stream: Box<dyn Stream> = if is_wrapped {
        Box::new(acceptor.accept(stream).await?)
    } else {
        Box::new(stream)
    };
    let mut conversation = Conversation {
        connection: BufStream::new(stream),
        is_signed_in: setup.login.is_none(),
        is_encrypted: is_wrapped,
        setup,
        shared,
        from: None,
        to: None,
    };
    match conversation.shared.fault() {
        Fault::Greeting(greeting) => return conversation.say(greeting).await,
        Fault::Nonsense => conversation.say("HTTP/1.1 400 Bad Request").await?,
        _ => conversation.say("220 localhost ready").await?,
    }
    while let Some(line) = conversation.line().await? {
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "STARTTLS" => conversation = conversation.encrypt(&acceptor).await?,
            "QUIT" => return conversation.say("221 bye").await,
            verb => {
                if !conversation.answer(verb, rest).await? {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

impl Conversation {
    /// Answers a command; `false` where the connection ends.
    async fn answer(&mut self, verb: &str, rest: &str) -> io::Result<bool> {
        let fault = self.shared.fault();
        match (verb, fault) {
            ("EHLO", Fault::Dribbles) => self.dribble().await?,
            ("EHLO", fault) => self.offer(&fault).await?,
            ("AUTH", _) => self.sign_in(rest).await?,
            ("NOOP", _) => self.say("250 still here").await?,
            ("MAIL", Fault::Sender(answer)) | ("RCPT", Fault::Recipient(answer)) => {
                self.say(answer).await?;
            }
            ("MAIL", _) if !self.is_signed_in => {
                self.say("530 5.7.0 Authentication required").await?;
            }
            ("MAIL", _) => {
                self.from = rest.split_once(':').map(|(_, from)| from.to_owned());
                self.say("250 2.1.0 OK").await?;
            }
            ("RCPT", Fault::StallsFor(domain)) if rest.contains(&format!("@{domain}>")) => {
                std::future::pending::<()>().await;
            }
            ("RCPT", _) => {
                let to = rest.split_once('<').and_then(|(_, to)| to.split_once('>'));
                self.to = to.map(|(to, _)| to.to_owned());
                self.say("250 2.1.5 OK").await?;
            }
            ("DATA", fault) => return self.take_letter(&fault).await,
            _ => self.say("502 5.5.2 what?").await?,
        }
        Ok(true)
    }

    async fn offer(&mut self, fault: &Fault) -> io::Result<()> {
        let mut offers = vec!["localhost greets you".to_owned()];
        let wants_tls = self.setup.encryption == Encryption::StartTls && !self.is_encrypted;
        if wants_tls && *fault != Fault::HidesStartTls {
            offers.push("STARTTLS".to_owned());
        }
        if self.setup.login.is_some() && *fault != Fault::HidesAuth {
            let mechanisms = self.setup.only_mechanism.unwrap_or("PLAIN LOGIN");
            offers.push(format!("AUTH {mechanisms}"));
        }
        if self.setup.eight_bit || self.setup.utf8 {
            offers.push("8BITMIME".to_owned());
        }
        if self.setup.utf8 {
            offers.push("SMTPUTF8".to_owned());
        }
        let last = offers.pop().unwrap_or_default();
        for offer in offers {
            self.say(&format!("250-{offer}")).await?;
        }
        self.say(&format!("250 {last}")).await
    }

    /// An answer that never ends, and never stops coming for long.
    async fn dribble(&mut self) -> io::Result<()> {
        loop {
            self.say("250-x").await?;
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    async fn encrypt(mut self, acceptor: &TlsAcceptor) -> io::Result<Self> {
        if self.shared.fault() == Fault::InjectsAnswers {
            let injected = "220 ready\r\n250-localhost\r\n250 AUTH PLAIN\r\n235 welcome";
            self.say(injected).await?;
        } else {
            self.say("220 ready").await?;
        }
        let encrypted = acceptor.accept(self.connection.into_inner()).await?;
        Ok(Self {
            connection: BufStream::new(Box::new(encrypted)),
            is_encrypted: true,
            ..self
        })
    }

    async fn sign_in(&mut self, rest: &str) -> io::Result<()> {
        let given = match rest.split_once(' ') {
            Some(("PLAIN", given)) => {
                let given = decoded(given);
                let mut parts = given.split('\0').skip(1).map(ToOwned::to_owned);
                parts.next().zip(parts.next())
            }
            _ if rest == "LOGIN" => {
                self.say("334 VXNlcm5hbWU6").await?;
                let user = self.line().await?.map(|line| decoded(&line));
                self.say("334 UGFzc3dvcmQ6").await?;
                let password = self.line().await?.map(|line| decoded(&line));
                user.zip(password)
            }
            _ => None,
        };
        self.is_signed_in = given == self.setup.login;
        if self.is_signed_in {
            self.say("235 2.7.0 welcome").await
        } else {
            self.say("535 5.7.8 wrong user or password").await
        }
    }

    async fn take_letter(&mut self, fault: &Fault) -> io::Result<bool> {
        let (Some(from), Some(to)) = (self.from.take(), self.to.take()) else {
            self.say("503 5.5.1 to whom?").await?;
            return Ok(true);
        };
        self.say("354 go ahead").await?;
        let mut message = String::new();
        loop {
            let Some(line) = self.line().await? else {
                return Ok(false);
            };
            if line == "." {
                break;
            }
            message += line.strip_prefix('.').unwrap_or(&line);
            message += "\r\n";
        }
        match fault {
            Fault::StallsInData => std::future::pending().await,
            Fault::Content(answer) => {
                self.say(answer).await?;
                return Ok(true);
            }
            _ => {}
        }
        self.shared.mailbox.add(Received { from, to, message });
        if *fault == Fault::LosesTheAnswer {
            return Ok(false);
        }
        self.say("250 2.0.0 taken").await?;
        Ok(true)
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.connection.write_all(text.as_bytes()).await?;
        self.connection.write_all(b"\r\n").await?;
        self.connection.flush().await
    }

    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if self.connection.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(Some(line))
    }
}

fn decoded(text: &str) -> String {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}
