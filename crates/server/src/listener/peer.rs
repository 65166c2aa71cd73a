//! The application, as the client of one connection meets it.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_server::ConnectionShutdown;
use headers::Scheme;
use http::{Request, Version};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::place::{Place, Underway};
use crate::stack::{Answering, Stack};

/// Makes the service of each connection.
pub(super) struct PerConnection {
    pub(super) stack: Stack,
    pub(super) scheme: Scheme,
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
