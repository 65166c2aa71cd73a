//! A network that can fail: a proxy before the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Network {
    /// It works.
    Works,
    /// Every connection breaks at once.
    Gone,
    /// Nothing gets through, and no connection breaks.
    Silent,
    /// Requests arrive; their answers are lost, and the connection with them.
    LosesAnswers,
}

pub(crate) struct Proxy {
    /// The server's address by way of this proxy.
    pub(crate) uri: String,
    state: Arc<AtomicU8>,
    changed: watch::Sender<()>,
}

impl Proxy {
    /// A proxy before the server at `uri`; nothing when that is none that one connection reaches.
    pub(crate) async fn before(uri: &str) -> Option<Self> {
        let options = mongodb::options::ClientOptions::parse(uri).await.unwrap();
        let server = options.hosts.first()?.to_string();
        if !uri.contains(&server) || options.tls.is_some() {
            return None;
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
        let uri = uri.replacen(&hosts.join(","), &address, 1);
        let separator = if uri.contains('?') { '&' } else { '?' };
        let state = Arc::new(AtomicU8::new(Network::Works as u8));
        let changed = watch::Sender::new(());
        let proxy = Self {
            uri: format!("{uri}{separator}directConnection=true"),
            state: Arc::clone(&state),
            changed: changed.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let wire = Wire {
                    state: Arc::clone(&state),
                    changed: changed.subscribe(),
                };
                let server = server.clone();
                tokio::spawn(async move { wire.carry(client, &server).await });
            }
        });
        Some(proxy)
    }

    /// From now on the network does this.
    pub(crate) fn set(&self, network: Network) {
        self.state.store(network as u8, Ordering::SeqCst);
        self.changed.send_replace(());
    }
}

#[derive(Clone)]
struct Wire {
    state: Arc<AtomicU8>,
    changed: watch::Receiver<()>,
}

impl Wire {
    fn is(&self, network: Network) -> bool {
        self.state.load(Ordering::SeqCst) == network as u8
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
            () = self.clone().copy(from_client, to_server, false) => {}
            () = self.clone().copy(from_server, to_client, true) => {}
            () = self.clone().broken() => {}
        }
    }

    async fn copy(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, answers: bool) {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let Ok(length @ 1..) = from.read(&mut buffer).await else {
                return;
            };
            if answers && self.is(Network::LosesAnswers) {
                return;
            }
            while self.is(Network::Silent) {
                if self.changed.changed().await.is_err() {
                    return;
                }
            }
            if to.write_all(&buffer[..length]).await.is_err() {
                return;
            }
        }
    }

    async fn broken(mut self) {
        while !self.is(Network::Gone) {
            if self.changed.changed().await.is_err() {
                return;
            }
        }
    }
}
