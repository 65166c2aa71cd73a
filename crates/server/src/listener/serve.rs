//! Serving connections until the last has ended.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_server::ConnectionShutdown;
use headers::Scheme;
use http::{Request, Version};
use hyper::body::Incoming;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::accept::{Guard, TlsGuard};
use super::bounds::{Bounds, MAX_HEAD, MAX_HEADERS, MAX_PENDING_RESETS, MAX_STREAMS, WINDOW};
use super::place::{Place, Underway};
use super::room::Room;
use super::tls::Tls;
use crate::stack::{Answering, Stack};

/// Stops a server, and tells how many connections it has.
pub type Handle = axum_server::Handle<SocketAddr>;

/// Serves `stack` on `listener`, within `bounds`, until `handle` is told to stop and every connection
/// has ended; with `tls`, over https only.
///
/// # Errors
/// When the listener fails for good.
pub async fn serve(
    listener: TcpListener,
    stack: Stack,
    bounds: Bounds,
    tls: Option<&Tls>,
    handle: Handle,
) -> io::Result<()> {
    let room = Room::new(bounds, stack.clone());
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .first_request_timeout(bounds.head_time)
        .accept_error_handler({
            let room = Arc::clone(&room);
            move |peer, error| {
                if peer.is_some() {
                    tracing::debug!(%error, "a connection was not taken in");
                } else {
                    room.failed(error);
                }
            }
        });
    bound_http(server.http_builder(), bounds);
    let scheme = if tls.is_some() {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let connections = PerConnection {
        stack: stack.clone(),
        scheme,
    };
    let guard = Guard::new(bounds, room, stack);
    match tls {
        Some(tls) => {
            let guard = TlsGuard::new(guard, tls);
            server.acceptor(guard).serve(connections).await
        }
        None => server.acceptor(guard).serve(connections).await,
    }
}

fn bound_http(http: &mut Builder<TokioExecutor>, bounds: Bounds) {
    http.http1()
        .header_read_timeout(bounds.head_time)
        .max_headers(MAX_HEADERS)
        .max_buf_size(usize::try_from(MAX_HEAD).unwrap_or(usize::MAX)); // it fits
    http.http2()
        .max_header_list_size(MAX_HEAD)
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .keep_alive_interval(bounds.head_time)
        .keep_alive_timeout(bounds.head_time);
}

/// Makes the service of each connection.
struct PerConnection {
    stack: Stack,
    scheme: Scheme,
}

/// The application, as the client of one connection meets it. It is cloned for every request: one count goes up.
#[derive(Clone)]
pub(super) struct ForPeer(Arc<Met>);

#[derive(Clone)]
struct Met {
    stack: Stack,
    peer: SocketAddr,
    scheme: Scheme,
    /// The connection, once it has been taken in.
    place: Option<Arc<Place>>,
}

pin_project! {
    /// An answer to come, on a connection that isn't idle until it is there.
    pub(super) struct Answer {
        #[pin]
        answering: Answering,
        underway: Option<Underway>,
    }
}

impl ForPeer {
    /// The same, on a connection that was taken in.
    pub(super) fn seated(self, place: &Arc<Place>) -> Self {
        Self(Arc::new(Met {
            place: Some(Arc::clone(place)),
            ..Arc::unwrap_or_clone(self.0)
        }))
    }
}

impl Service<SocketAddr> for PerConnection {
    type Response = ForPeer;
    type Error = Infallible;
    type Future = Ready<Result<ForPeer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, peer: SocketAddr) -> Self::Future {
        ready(Ok(ForPeer(Arc::new(Met {
            stack: self.stack.clone(),
            peer,
            scheme: self.scheme,
            place: None,
        }))))
    }
}

impl Service<Request<Incoming>> for ForPeer {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let met = &*self.0;
        let underway = met.place.as_ref().map(|place| {
            if request.version() == Version::HTTP_2 {
                place.ends_by(request.extensions().get::<ConnectionShutdown>());
            }
            place.begin()
        });
        Answer {
            answering: met.stack.answer(request, met.peer, met.scheme),
            underway,
        }
    }
}

impl Future for Answer {
    type Output = Result<axum::response::Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().answering.poll(cx)
    }
}
