//! The redirect as a tower layer.

use tower_layer::Layer;

use super::{HttpsRedirect, HttpsRedirectService};
use crate::Scheme;

/// Puts [`HttpsRedirect`] before a service. The scheme is the [`Scheme`] in the request's
/// extensions; without one it is http, or what [`connection`](Self::connection) says.
#[derive(Clone, Debug)]
pub struct HttpsRedirectLayer {
    redirect: HttpsRedirect,
    connection: Scheme,
}

impl HttpsRedirectLayer {
    /// A layer that asks `redirect`.
    pub const fn new(redirect: HttpsRedirect) -> Self {
        Self {
            redirect,
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

impl<S> Layer<S> for HttpsRedirectLayer {
    type Service = HttpsRedirectService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        HttpsRedirectService::new(inner, self.redirect.clone(), self.connection)
    }
}
