//! What happens to a connection before it speaks HTTP.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use headers::Scheme;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::bare_errors::BareErrors;
use super::bounds::Bounds;
use super::connection::Connection;
use super::tls::Tls;
use crate::stack::Stack;

/// Puts our [`Connection`] around each stream, while there is room for it.
#[derive(Clone)]
pub(super) struct Guard {
    bounds: Bounds,
    room: Arc<Semaphore>,
    stack: Stack,
}

/// The same around the decrypted stream of TLS.
#[derive(Clone)]
pub(super) struct TlsGuard {
    guard: Guard,
    tls: RustlsAcceptor,
}

impl Guard {
    pub(super) fn new(bounds: Bounds, stack: Stack) -> Self {
        Self {
            bounds,
            room: Arc::new(Semaphore::new(bounds.connections)),
            stack,
        }
    }

    /// A place among the connections, or an error when there is none.
    fn admit(&self, stream: &TcpStream) -> io::Result<OwnedSemaphorePermit> {
        // Answers are small: waiting to fill a packet would only delay them.
        stream.set_nodelay(true)?;
        Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| io::Error::other("too many connections"))
    }

    fn bare_errors(&self, stream: &TcpStream, scheme: Scheme) -> BareErrors {
        BareErrors {
            stack: self.stack.clone(),
            peer: stream.peer_addr().ok(), // none: it is gone already
            scheme,
        }
    }
}

impl TlsGuard {
    /// The handshake must be done within the time that a request's head has.
    pub(super) fn new(bounds: Bounds, stack: Stack, tls: &Tls) -> Self {
        let tls = RustlsAcceptor::new(tls.rustls()).handshake_timeout(bounds.head_time);
        Self {
            guard: Guard::new(bounds, stack),
            tls,
        }
    }
}

impl<S> Accept<TcpStream, S> for Guard {
    type Stream = Connection<TcpStream>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let permit = self.admit(&stream);
        let bare = self.bare_errors(&stream, Scheme::Http);
        let stalled_write = self.bounds.stalled_write;
        ready(permit.map(|permit| {
            (
                Connection::new(stream, stalled_write, bare, permit),
                service,
            )
        }))
    }
}

type TlsStream<S> = <RustlsAcceptor as Accept<TcpStream, S>>::Stream;
type TlsService<S> = <RustlsAcceptor as Accept<TcpStream, S>>::Service;
type Accepted<S> = io::Result<(Connection<TlsStream<S>>, TlsService<S>)>;

impl<S: Send + 'static> Accept<TcpStream, S> for TlsGuard {
    type Stream = Connection<TlsStream<S>>;
    type Service = TlsService<S>;
    type Future = Pin<Box<dyn Future<Output = Accepted<S>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let permit = self.guard.admit(&stream);
        let bare = self.guard.bare_errors(&stream, Scheme::Https);
        let stalled_write = self.guard.bounds.stalled_write;
        let tls = self.tls.clone();
        Box::pin(async move {
            let permit = permit?;
            let (stream, service) = tls.accept(stream, service).await?;
            Ok((
                Connection::new(stream, stalled_write, bare, permit),
                service,
            ))
        })
    }
}
