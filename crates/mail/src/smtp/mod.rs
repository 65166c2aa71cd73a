//! Handing letters to a mail server.

mod authorities;
mod line_by_line;
mod refusal;
mod session;

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::compose::Composed;
use crate::error::{SendError, Trouble};
use crate::url::{Encryption, Server};
use session::Session;

pub use authorities::{AuthorityFault, TrustedAuthorities};

/// So many letters are handed over at a time: mail servers count the connections of one client.
const CONNECTIONS: usize = 4;

/// For so long a connection is kept for the next letter.
const IDLE: Duration = Duration::from_secs(10);

/// How long a mail server may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until there is a connection.
    pub connecting: Duration,
    /// For a letter altogether, whatever the server answers in between.
    pub letter: Duration,
}

/// A mail server, and connections to it that wait for the next letter.
pub(crate) struct Smtp {
    settings: Settings,
    idle: Arc<Mutex<Vec<Session>>>,
    room: Semaphore,
    patience: Patience,
}

/// How to get a connection.
struct Settings {
    server: Server,
    hello: ClientId,
    tls: TlsParameters,
    connecting: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connecting: Duration::from_secs(10),
            letter: Duration::from_secs(40),
        }
    }
}

impl Smtp {
    /// `None` where no certificate can be for the host.
    pub(crate) fn new(
        server: Server,
        hello: &str,
        authorities: &TrustedAuthorities,
        patience: Patience,
    ) -> Option<Self> {
        let tls = authorities.for_host(&server.host)?;
        let hello = match hello.trim_matches(['[', ']']).parse() {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => ClientId::Domain(hello.to_owned()),
        };
        Some(Self {
            settings: Settings {
                server,
                hello,
                tls,
                connecting: patience.connecting,
            },
            idle: Arc::default(),
            room: Semaphore::new(CONNECTIONS),
            patience,
        })
    }

    pub(crate) async fn send(&self, letter: &Composed) -> Result<(), SendError> {
        let _room = self.room.acquire().await; // it is never closed
        let sending = timeout(self.patience.letter, self.hand_over(letter));
        let timed_out = Err(SendError::Unavailable(Trouble::Timeout));
        sending.await.unwrap_or(timed_out)
    }

    async fn hand_over(&self, letter: &Composed) -> Result<(), SendError> {
        let mut session = match self.reusable().await {
            Some(session) => session,
            None => Session::open(&self.settings).await?,
        };
        session.hand_over(letter).await?;
        self.keep(session);
        Ok(())
    }

    /// A connection that was kept and still answers.
    async fn reusable(&self) -> Option<Session> {
        loop {
            let mut session = lock(&self.idle).pop()?;
            if session.is_alive().await {
                return Some(session);
            }
        }
    }

    /// Keeps a connection for a while.
    fn keep(&self, session: Session) {
        let oldest = session.number();
        lock(&self.idle).push(session);
        let idle = Arc::downgrade(&self.idle);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            if let Some(session) = take(&idle, oldest) {
                session.close().await;
            }
        });
    }
}

/// The connection with this number, if it has waited since.
fn take(idle: &Weak<Mutex<Vec<Session>>>, number: u64) -> Option<Session> {
    let idle = idle.upgrade()?;
    let mut idle = lock(&idle);
    let place = idle.iter().position(|session| session.number() == number)?;
    Some(idle.swap_remove(place))
}

fn lock(idle: &Mutex<Vec<Session>>) -> std::sync::MutexGuard<'_, Vec<Session>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Display for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.server.fmt(f)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.settings.server)
            .finish_non_exhaustive()
    }
}

impl Settings {
    const fn is_wrapped(&self) -> bool {
        matches!(self.server.encryption, Encryption::Wrapped)
    }
}
