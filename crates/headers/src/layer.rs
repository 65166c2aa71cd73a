//! The policy as a tower layer.

use std::sync::Arc;

use tower_layer::Layer;

use crate::{Policy, Scheme, SecurityHeaders};

/// Gives every response of a service the headers of a [`Policy`].
///
/// Make it the outermost layer, outside whatever turns a panic into a response, so that nothing
/// answers without it. Whether the client spoke https is the [`Scheme`] in the request's
/// extensions; without one it is http, or what [`connection`](Self::connection) says.
#[derive(Clone, Debug)]
pub struct SecurityHeadersLayer {
    policy: Arc<Policy>,
    connection: Scheme,
}

impl SecurityHeadersLayer {
    /// A layer that applies `policy`.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy: Arc::new(policy),
            connection: Scheme::Http,
        }
    }

    /// The scheme of requests without a [`Scheme`] in their extensions: https for a server that
    /// ends TLS itself.
    #[must_use]
    pub const fn connection(mut self, scheme: Scheme) -> Self {
        self.connection = scheme;
        self
    }
}

impl<S> Layer<S> for SecurityHeadersLayer {
    type Service = SecurityHeaders<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SecurityHeaders::new(inner, Arc::clone(&self.policy), self.connection)
    }
}
