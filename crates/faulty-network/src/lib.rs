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
//!
//! [`FailPoint`] has the server itself report errors, or wait.

mod fail_point;
mod message;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub use fail_point::FailPoint;

use message::Command;

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
    holds: Mutex<Vec<Hold>>,
    seen: Mutex<Vec<Command>>,
}

/// Commands that go no further.
struct Hold {
    name: String,
    collection: String,
    caught: watch::Sender<bool>,
    go_on: watch::Sender<bool>,
}

impl Proxy {
    /// A proxy before the server at `uri`, or before the primary of that replica set; nothing when no plain
    /// connection leads there.
    pub async fn before(uri: &str) -> Option<Self> {
        let options = mongodb::options::ClientOptions::parse(uri).await;
        let options = options.expect("the address of a server");
        if !uri.contains(&options.hosts.first()?.to_string()) || options.tls.is_some() {
            return None;
        }
        let server = primary(uri)
            .await
            .unwrap_or_else(|| options.hosts[0].to_string());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
        let uri = uri.replacen(&hosts.join(","), &address, 1);
        let separator = if uri.contains('?') { '&' } else { '?' };
        let shared = Arc::new(Shared {
            network: watch::Sender::new(Network::Works),
            ahead: watch::Sender::new(0),
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

    /// From now on this command for this collection arrives here and goes no further.
    pub fn hold(&self, command: &str, collection: &str) -> Held {
        let (caught, held) = watch::channel(false);
        let (go_on, _) = watch::channel(false);
        lock(&self.shared.holds).push(Hold {
            name: command.to_owned(),
            collection: collection.to_owned(),
            caught,
            go_on,
        });
        Held(held)
    }

    /// What is held goes on, and nothing is held any more.
    pub fn let_go(&self) {
        for hold in lock(&self.shared.holds).drain(..) {
            hold.go_on.send_replace(true);
        }
    }

    /// How many commands for this collection came by so far.
    pub fn commands_for(&self, collection: &str) -> usize {
        let seen = lock(&self.shared.seen);
        let of = |command: &&Command| command.collection == collection;
        seen.iter().filter(of).count()
    }

    /// The commands of this name for this collection that came by so far.
    pub fn commands(&self, name: &str, collection: &str) -> Vec<Document> {
        let seen = lock(&self.shared.seen);
        let of = |command: &&Command| command.name == name && command.collection == collection;
        let documents = seen.iter().filter(of);
        documents.map(|command| command.document.clone()).collect()
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
                if let Some(mut held) = self.holds(&command)
                    && held.wait_for(|go_on| *go_on).await.is_err()
                {
                    return std::future::pending().await;
                }
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
            message::move_clock(&mut message, *self.shared.ahead.borrow());
            if self.silence_ends().await.is_none() || to.write_all(&message).await.is_err() {
                return;
            }
        }
    }

    /// What this command waits for, if it is stopped here, of which whoever stops it is told.
    fn holds(&self, command: &Command) -> Option<watch::Receiver<bool>> {
        let holds = lock(&self.shared.holds);
        let of_it =
            |hold: &&Hold| hold.name == command.name && hold.collection == command.collection;
        holds.iter().find(of_it).map(|hold| {
            hold.caught.send_replace(true);
            hold.go_on.subscribe()
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

/// Where the primary is, if the servers at `uri` are a replica set.
async fn primary(uri: &str) -> Option<String> {
    let client = Client::with_uri_str(uri)
        .await
        .expect("the address of a server");
    let hello = client
        .database("admin")
        .run_command(doc! { "hello": 1 })
        .await;
    let hello = hello.expect("a server answers");
    hello.get_str("primary").ok().map(str::to_owned)
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
