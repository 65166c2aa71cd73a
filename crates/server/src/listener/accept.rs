//! What happens to a connection before it speaks HTTP.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;

use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::bounds::Bounds;
use super::connection::Connection;

/// Puts our [`Connection`] around each stream, while there is room for it.
#[derive(Clone)]
pub(super) struct Guard {
    bounds: Bounds,
    room: Arc<Semaphore>,
}

impl Guard {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            room: Arc::new(Semaphore::new(bounds.connections)),
        }
    }

    /// Guards a stream, or refuses it when there are too many.
    fn admit<S>(&self, stream: S) -> io::Result<Connection<S>> {
        let permit = Arc::clone(&self.room)
            .try_acquire_owned()
            .map_err(|_| io::Error::other("too many connections"))?;
        Ok(Connection::new(stream, self.bounds.stalled_write, permit))
    }
}

impl<S> Accept<TcpStream, S> for Guard {
    type Stream = Connection<TcpStream>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // Answers are small: waiting to fill a packet would only delay them.
        let accepted = stream.set_nodelay(true).and_then(|()| self.admit(stream));
        ready(accepted.map(|connection| (connection, service)))
    }
}
