//! What the log says of requests: nothing of one that went well (at `info`), what was wrong with one that was
//! rejected, and the cause of one that failed here.

use std::net::SocketAddr;

use http::{HeaderValue, Method, StatusCode};
use ratelimit::ClientAddress;

use crate::error::Cause;
use crate::route::Route;

/// A request that was answered.
pub(crate) struct Finished<'a> {
    pub(crate) request_id: &'a HeaderValue,
    pub(crate) method: &'a Method,
    pub(crate) route: Option<&'static Route>,
    pub(crate) client: ClientAddress,
    pub(crate) status: StatusCode,
    /// What the answer calls its failure.
    pub(crate) code: Option<&'a str>,
    /// Why a form was refused. It says nothing of what was in it.
    pub(crate) reason: Option<String>,
    /// The limit that refused it.
    pub(crate) limit: Option<&'a str>,
    /// Of what no limit holds back: how many such lines were left out, or that this one is, too.
    pub(crate) left_out: Option<LeftOut>,
    pub(crate) cause: Option<Cause>,
}

/// What becomes of a line that is written once a minute. Whoever is refused by the limits, or before them, goes on as
/// fast as the network lets him.
pub(crate) enum LeftOut {
    Before(u64),
    This,
}

/// Writes the line, if one is due. It names the route's template, never the path or the query: both
/// may hold what no log should.
pub(crate) fn finished(request: &Finished<'_>) {
    let failed = request.status.is_server_error();
    let rejected = request.status.is_client_error();
    if !failed && !rejected && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let (code, limit) = (request.code, request.limit);
    let reason = request.reason.as_deref();
    let request_id = request.request_id.to_str().unwrap_or_default();
    let method = request.method.as_str();
    let route = request.route.map_or("(no route)", |route| route.template);
    let client = request.client;
    let status = request.status.as_u16();
    match &request.cause {
        Some(Cause(cause)) => {
            let cause = chain(&**cause);
            tracing::error!(request_id, method, route, %client, status, code, cause, "request failed");
        }
        None if failed => tracing::warn!(
            request_id,
            method,
            route,
            %client,
            status,
            code,
            "request rejected"
        ),
        None if rejected => {
            let left_out = match request.left_out {
                None => None,
                Some(LeftOut::Before(lines)) => Some(lines),
                Some(LeftOut::This) => {
                    tracing::debug!(request_id, method, route, %client, status, code, reason, limit, "request rejected");
                    return;
                }
            };
            tracing::info!(request_id, method, route, %client, status, code, reason, limit, left_out, "request rejected");
        }
        None => tracing::debug!(request_id, method, route, %client, status, "answered"),
    }
}

/// Writes the line of what could not be read as a request: at `debug`, since anybody can cause any number of them.
pub(crate) fn unreadable(request_id: &HeaderValue, peer: Option<SocketAddr>, status: StatusCode) {
    let request_id = request_id.to_str().unwrap_or_default();
    let client = peer.map(|peer| peer.ip().to_canonical().to_string());
    let status = status.as_u16();
    tracing::debug!(request_id, client, status, "unparsable request");
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
