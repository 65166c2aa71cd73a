//! A network before MongoDB that fails when a test wants it to: it goes away, says nothing, loses
//! answers, takes its time, or stops one command on its way, so that a server can be killed between
//! two of its writes.
//!
//! ```text
//! let proxy = Proxy::before(&uri).await?;   // a server connects to `proxy.uri`
//! proxy.set(Network::Silent);               // from now on
//! let held = proxy.hold("insert", "portcullis_feed");
//! held.caught().await;                      // the first such command is here, and goes no further
//! ```

mod message;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use message::Command;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It works.
    Works,
    /// Every connection breaks at once.
    Gone,
    /// Nothing gets through, and no connection breaks.
    Silent,
    /// Requests arrive; their answers are lost, and the connection with them.
    LosesAnswers,
    /// Every answer comes this much later.
    Slow(Duration),
}

/// A network that can fail.
pub struct Proxy {
    /// The server's address by way of this proxy.
    pub uri: String,
    shared: Arc<Shared>,
}

/// A command that is stopped.
pub struct Held(watch::Receiver<bool>);

struct Shared {
    network: watch::Sender<Network>,
    /// How far ahead the server's clock seems to be, in milliseconds.
    ahead: watch::Sender<i64>,
    /// Whether anybody's credentials are taken here, for a server that asks for none.
    takes_credentials: AtomicBool,
    holds: Mutex<Vec<(Command, watch::Sender<bool>)>>,
    seen: Mutex<Vec<Command>>,
}

impl Proxy {
    /// A proxy before the server at `uri`; nothing when that is none that one connection reaches.
    pub async fn before(uri: &str) -> Option<Self> {
        let options = mongodb::options::ClientOptions::parse(uri).await;
        let options = options.expect("the address of a server");
        let server = options.hosts.first()?.to_string();
        if !uri.contains(&server) || options.tls.is_some() {
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
        let uri = uri.replacen(&hosts.join(","), &address, 1);
        let separator = if uri.contains('?') { '&' } else { '?' };
        let shared = Arc::new(Shared {
            network: watch::Sender::new(Network::Works),
            ahead: watch::Sender::new(0),
            takes_credentials: AtomicBool::new(false),
            holds: Mutex::default(),
            seen: Mutex::default(),
        });
        let proxy = Self {
            uri: format!("{uri}{separator}directConnection=true"),
            shared: Arc::clone(&shared),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let wire = Wire {
                    network: shared.network.subscribe(),
                    signing_in: Arc::default(),
                    shared: Arc::clone(&shared),
                };
                let server = server.clone();
                tokio::spawn(async move { wire.carry(client, &server).await });
            }
        });
        Some(proxy)
    }

    /// From now on the network does this.
    pub fn set(&self, network: Network) {
        self.shared.network.send_replace(network);
    }

    /// From now on the server's clock seems to be this much ahead, or behind.
    pub fn set_clock_ahead(&self, millis: i64) {
        self.shared.ahead.send_replace(millis);
    }

    /// From now on any credentials are taken (by the mechanism `PLAIN`), for a server that asks for none.
    pub fn take_any_credentials(&self) {
        self.shared.takes_credentials.store(true, Ordering::SeqCst);
    }

    /// From now on this command for this collection arrives here and goes no further.
    pub fn hold(&self, command: &str, collection: &str) -> Held {
        let (caught, held) = watch::channel(false);
        let command = Command {
            name: command.to_owned(),
            collection: collection.to_owned(),
        };
        lock(&self.shared.holds).push((command, caught));
        Held(held)
    }

    /// How many commands for this collection came by so far.
    pub fn commands_for(&self, collection: &str) -> usize {
        let seen = lock(&self.shared.seen);
        let of = |command: &&Command| command.collection == collection;
        seen.iter().filter(of).count()
    }
}

impl Held {
    /// Waits until such a command has come.
    pub async fn caught(mut self) {
        let caught = self.0.wait_for(|caught| *caught).await;
        caught.expect("the proxy is there as long as its test");
    }
}

#[derive(Clone)]
struct Wire {
    network: watch::Receiver<Network>,
    /// Whether the next answer is to credentials.
    signing_in: Arc<AtomicBool>,
    shared: Arc<Shared>,
}

impl Wire {
    fn is(&self, network: Network) -> bool {
        *self.network.borrow() == network
    }

    async fn carry(self, client: TcpStream, server: &str) {
        if self.is(Network::Gone) {
            return;
        }
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = self.clone().ask(from_client, to_server) => {}
            () = self.clone().answer(from_server, to_client) => {}
            () = self.clone().broken() => {}
        }
    }

    async fn ask(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        while let Ok(message) = message::read(&mut from).await {
            if let Some(command) = message::command(&message) {
                if self.holds(&command) {
                    return std::future::pending().await;
                }
                let signs_in = command.name == "saslStart";
                self.signing_in.store(signs_in, Ordering::SeqCst);
                lock(&self.shared.seen).push(command);
            }
            if self.silence_ends().await.is_none() || to.write_all(&message).await.is_err() {
                return;
            }
        }
    }

    async fn answer(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
        while let Ok(mut message) = message::read(&mut from).await {
            if self.is(Network::LosesAnswers) {
                return;
            }
            let network = *self.network.borrow();
            if let Network::Slow(delay) = network {
                tokio::time::sleep(delay).await;
            }
            let signing_in = self.signing_in.swap(false, Ordering::SeqCst);
            if signing_in && self.shared.takes_credentials.load(Ordering::SeqCst) {
                message::accept_credentials(&mut message);
            }
            message::move_clock(&mut message, *self.shared.ahead.borrow());
            if self.silence_ends().await.is_none() || to.write_all(&message).await.is_err() {
                return;
            }
        }
    }

    /// Whether this command is stopped here, of which it is told.
    fn holds(&self, command: &Command) -> bool {
        let holds = lock(&self.shared.holds);
        let of_it = holds.iter().find(|(held, _)| held == command);
        of_it.is_some_and(|(_, caught)| {
            caught.send_replace(true);
            true
        })
    }

    async fn silence_ends(&mut self) -> Option<()> {
        let heard = self.network.wait_for(|now| *now != Network::Silent).await;
        heard.is_ok().then_some(())
    }

    async fn broken(mut self) {
        let broken = self.network.wait_for(|now| *now == Network::Gone).await;
        drop(broken);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in there is whole after each step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").finish_non_exhaustive()
    }
}
