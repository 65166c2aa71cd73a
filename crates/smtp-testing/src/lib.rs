//! A mail server for tests: it keeps what it receives, and fails when a test wants it to.
//!
//! ```no_run
//! # async fn test() {
//! let server = smtp_testing::MailServer::start(smtp_testing::Setup::default()).await;
//! // … have something sent to server.url() …
//! let letter = server.mailbox().wait_for("alice@example.org").await;
//! assert_eq!(letter.header("Subject"), Some("Choose a new password".to_owned()));
//! # }
//! ```

mod conversation;
mod mailbox;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use mailbox::{Mailbox, Received};

/// What a server is like.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Where TLS begins.
    pub encryption: Encryption,
    /// Who may send: a user and a password. Without one, everybody.
    pub login: Option<(String, String)>,
    /// The one way of signing in that is offered, in place of both.
    pub only_mechanism: Option<&'static str>,
    /// Whether SMTPUTF8 is offered, and 8BITMIME.
    pub utf8: bool,
    /// Whether 8BITMIME is offered.
    pub eight_bit: bool,
}

/// Where TLS begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// Nowhere.
    #[default]
    None,
    /// After STARTTLS.
    StartTls,
    /// At once.
    Wrapped,
}

/// What goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// The connection is closed as soon as it is there.
    HangsUp,
    /// This is the greeting: `421 4.3.2 busy`.
    Greeting(&'static str),
    /// STARTTLS isn't offered.
    HidesStartTls,
    /// AUTH isn't offered.
    HidesAuth,
    /// Behind the answer to STARTTLS there are more, in the clear.
    InjectsAnswers,
    /// The answer to MAIL FROM.
    Sender(&'static str),
    /// The answer to RCPT TO.
    Recipient(&'static str),
    /// RCPT TO is never answered for this domain.
    StallsFor(&'static str),
    /// The answer to the letter.
    Content(&'static str),
    /// The letter is read and never answered.
    StallsInData,
    /// The answer to EHLO comes without end, a line at a time.
    Dribbles,
    /// The letter is taken, and the connection lost before the answer.
    LosesTheAnswer,
    /// No SMTP.
    Nonsense,
}

/// A mail server on a port of its own, until it is dropped.
#[derive(Debug)]
pub struct MailServer {
    address: SocketAddr,
    setup: Setup,
    certificate: String,
    shared: Arc<Shared>,
    running: JoinHandle<()>,
}

/// What the server and its conversations share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) mailbox: Mailbox,
    fault: Mutex<Fault>,
    connections: Mutex<usize>,
    hang_up: Notify,
}

impl MailServer {
    /// Starts a server.
    pub async fn start(setup: Setup) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
        let made = made.expect("a certificate");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared::default());
        let serving = serve(listener, acceptor, setup.clone(), Arc::clone(&shared));
        Self {
            address,
            setup,
            certificate: made.cert.pem(),
            shared,
            running: tokio::spawn(serving),
        }
    }

    /// What to send letters to. The login is in it.
    pub fn url(&self) -> String {
        let port = self.address.port();
        let login = self.setup.login.as_ref();
        let login = login.map_or_else(String::new, |(user, password)| {
            format!("{user}:{password}@")
        });
        match self.setup.encryption {
            Encryption::None => format!("smtp://{login}localhost:{port}"),
            Encryption::StartTls => format!("smtp://{login}localhost:{port}?starttls=required"),
            Encryption::Wrapped => format!("smtps://{login}localhost:{port}"),
        }
    }

    /// Its certificate, which is its own authority, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// What it has received.
    pub fn mailbox(&self) -> &Mailbox {
        &self.shared.mailbox
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        *self.shared.connections.lock().expect("no panic")
    }

    /// Ends every connection that there is.
    pub fn hang_up(&self) {
        self.shared.hang_up.notify_waiters();
    }

    /// What goes wrong from now on.
    pub fn fails_with(&self, fault: Fault) {
        *self.shared.fault.lock().expect("no panic") = fault;
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl Shared {
    pub(crate) fn fault(&self) -> Fault {
        self.fault.lock().expect("no panic").clone()
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, setup: Setup, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        *shared.connections.lock().expect("no panic") += 1;
        let (acceptor, setup, shared) = (acceptor.clone(), setup.clone(), Arc::clone(&shared));
        tokio::spawn(async move {
            let until = Arc::clone(&shared);
            let holding = conversation::hold(stream, acceptor, setup, shared);
            tokio::select! {
                // How a conversation ends is for whoever began it to notice.
                _ = holding => {}
                () = until.hang_up.notified() => {}
            }
        });
    }
}
