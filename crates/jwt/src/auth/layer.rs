//! The layer.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::Auth;
use crate::Authority;

/// The time in Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Puts an [`Authentication`](super::Authentication) into every request's extensions. It refuses no
/// request: that is for the extractors.
#[derive(Clone)]
pub struct AuthLayer {
    authority: Authority,
    clock: Clock,
}

impl AuthLayer {
    /// A layer that asks `authority`, at the time that `clock` tells.
    pub fn new(authority: Authority, clock: Clock) -> Self {
        Self { authority, clock }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth::new(inner, self.authority.clone(), Arc::clone(&self.clock))
    }
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer")
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}
