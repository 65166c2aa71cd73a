//! What happens to a connection before it speaks HTTP.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use headers::Scheme;
use tokio::net::TcpStream;

use super::bare_errors::BareErrors;
use super::bounds::Bounds;
use super::connection::Connection;
use super::peer::ForPeer;
use super::room::{Room, Seat};
use super::tls::Tls;
use crate::stack::Stack;

/// Puts our [`Connection`] around each stream, if there is room for it.
#[derive(Clone)]
pub(super) struct Guard {
    bounds: Bounds,
    room: Arc<Room>,
    stack: Stack,
}

/// The same around the decrypted stream of TLS.
#[derive(Clone)]
pub(super) struct TlsGuard {
    guard: Guard,
    tls: RustlsAcceptor,
}

impl Guard {
    pub(super) const fn new(bounds: Bounds, room: Arc<Room>, stack: Stack) -> Self {
        Self {
            bounds,
            room,
            stack,
        }
    }

    /// A place among the connections, or an error when there is none.
    fn admit(&self, stream: &TcpStream) -> io::Result<Seat> {
        // Answers are small: waiting to fill a packet would only delay them.
        stream.set_nodelay(true)?;
        self.room
            .admit(stream.peer_addr()?.ip())
            .ok_or_else(|| io::Error::other("too many connections"))
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
    pub(super) fn new(guard: Guard, tls: &Tls) -> Self {
        let time = guard.bounds.head_time;
        let tls = RustlsAcceptor::new(tls.rustls()).handshake_timeout(time);
        Self { guard, tls }
    }
}

impl Accept<TcpStream, ForPeer> for Guard {
    type Stream = Connection<TcpStream>;
    type Service = ForPeer;
    type Future = Ready<io::Result<(Self::Stream, ForPeer)>>;

    fn accept(&self, stream: TcpStream, service: ForPeer) -> Self::Future {
        let seat = self.admit(&stream);
        let bare = self.bare_errors(&stream, Scheme::Http);
        ready(seat.map(|seat| {
            let service = service.seated(seat.place());
            let connection = Connection::new(stream, self.bounds, bare, seat);
            (connection, service)
        }))
    }
}

type TlsStream = <RustlsAcceptor as Accept<TcpStream, ForPeer>>::Stream;
type TlsService = <RustlsAcceptor as Accept<TcpStream, ForPeer>>::Service;
type Accepted = io::Result<(Connection<TlsStream>, TlsService)>;

impl Accept<TcpStream, ForPeer> for TlsGuard {
    type Stream = Connection<TlsStream>;
    type Service = TlsService;
    type Future = Pin<Box<dyn Future<Output = Accepted> + Send>>;

    fn accept(&self, stream: TcpStream, service: ForPeer) -> Self::Future {
        let seat = self.guard.admit(&stream);
        let bare = self.guard.bare_errors(&stream, Scheme::Https);
        let (bounds, tls) = (self.guard.bounds, self.tls.clone());
        Box::pin(async move {
            let seat = seat?;
            let service = service.seated(seat.place());
            let (stream, service) = tokio::select! {
                biased;
                () = seat.place().evicted() => return Err(io::ErrorKind::ConnectionAborted.into()),
                shaken = tls.accept(stream, service) => shaken?,
            };
            Ok((Connection::new(stream, bounds, bare, seat), service))
        })
    }
}
