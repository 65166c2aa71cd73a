//! Serving connections until the last has ended.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use headers::Scheme;
use hyper_util::rt::TokioExecutor;
use hyper_util::server::conn::auto::Builder;

use super::accept::{Guard, TlsGuard};
use super::bounds::{Bounds, MAX_HEAD, MAX_HEADERS, MAX_PENDING_RESETS, MAX_STREAMS, WINDOW};
use super::peer::PerConnection;
use super::room::Room;
use super::tls::Tls;
use crate::stack::Stack;

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
                    tracing::debug!(%error, "connection rejected");
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
