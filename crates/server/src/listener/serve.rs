//! Serving connections until the last has ended.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::task::{Context, Poll};

use headers::Scheme;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;
use tower_service::Service;

use super::accept::{Guard, TlsGuard};
use super::bounds::{Bounds, MAX_HEAD, MAX_HEADERS, MAX_PENDING_RESETS, MAX_STREAMS};
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
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle)
        .first_request_timeout(bounds.head_time);
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
    match tls {
        Some(tls) => {
            server
                .acceptor(TlsGuard::new(bounds, stack, tls))
                .serve(connections)
                .await
        }
        None => {
            server
                .acceptor(Guard::new(bounds, stack))
                .serve(connections)
                .await
        }
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
        .keep_alive_interval(bounds.head_time)
        .keep_alive_timeout(bounds.head_time);
}

/// Makes the service of each connection.
struct PerConnection {
    stack: Stack,
    scheme: Scheme,
}

/// The application, as the client of one connection meets it.
#[derive(Clone)]
struct ForPeer {
    stack: Stack,
    peer: SocketAddr,
    scheme: Scheme,
}

impl Service<SocketAddr> for PerConnection {
    type Response = ForPeer;
    type Error = Infallible;
    type Future = Ready<Result<ForPeer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, peer: SocketAddr) -> Self::Future {
        ready(Ok(ForPeer {
            stack: self.stack.clone(),
            peer,
            scheme: self.scheme,
        }))
    }
}

impl Service<Request<Incoming>> for ForPeer {
    type Response = axum::response::Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        self.stack.answer(request, self.peer, self.scheme)
    }
}
