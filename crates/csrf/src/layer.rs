//! Both defences as one tower layer.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use http::request::Parts;
use tower_layer::Layer;

use crate::service::CsrfProtection;
use crate::{Credentials, FormTokens, PublicOrigin};

/// Bytes of a form that are searched for the token unless told otherwise.
const DEFAULT_BODY_BOUND: usize = 64 * 1024;

/// Tells the time, in seconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Refuses forged requests: those that change something and ride on a cookie must pass the origin
/// check **and** bring a form token of their session.
///
/// The token is looked for in the field `csrf_token` of a url-encoded or multipart form, then in
/// any field whose name ends so, then in the headers `X-CSRFToken` and `X-CSRF-Token`; never in the
/// query, which ends up in logs.
#[derive(Clone)]
pub struct CsrfLayer {
    shared: Arc<Shared>,
}

/// What the layer, its services and the extractor share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) tokens: FormTokens,
    pub(crate) origin: PublicOrigin,
    pub(crate) credentials: Arc<dyn Credentials>,
    pub(crate) clock: Clock,
    pub(crate) field_name: Box<str>,
    pub(crate) header_names: Arc<[HeaderName]>,
    pub(crate) body_bound: usize,
    pub(crate) exemption: Option<Arc<Exemption>>,
}

type Exemption = dyn Fn(&Parts) -> bool + Send + Sync;

impl CsrfLayer {
    /// A layer for the application at `origin`.
    pub fn new(
        tokens: FormTokens,
        origin: PublicOrigin,
        credentials: impl Credentials + 'static,
        clock: Clock,
    ) -> Self {
        let header_names = [
            HeaderName::from_static("x-csrftoken"),
            HeaderName::from_static("x-csrf-token"),
        ];
        Self {
            shared: Arc::new(Shared {
                tokens,
                origin,
                credentials: Arc::new(credentials),
                clock,
                field_name: "csrf_token".into(),
                header_names: Arc::new(header_names),
                body_bound: DEFAULT_BODY_BOUND,
                exemption: None,
            }),
        }
    }

    /// The form field, by default `csrf_token`.
    #[must_use]
    pub fn field_name(self, name: &str) -> Self {
        self.with(|shared| shared.field_name = name.into())
    }

    /// The headers, the first that is sent counts; by default `X-CSRFToken` and `X-CSRF-Token`.
    #[must_use]
    pub fn header_names(self, names: impl IntoIterator<Item = HeaderName>) -> Self {
        self.with(|shared| shared.header_names = names.into_iter().collect())
    }

    /// How many bytes of a form are held to search them for the token, by default 65,536. Longer
    /// forms must have it within these: put the field first.
    #[must_use]
    pub fn body_bound(self, bytes: usize) -> Self {
        self.with(|shared| shared.body_bound = bytes)
    }

    /// Checks nothing where `predicate` is true: any site can then send such a request in a
    /// visitor's name. For routes that check by other means, such as a webhook's signature.
    #[must_use]
    pub fn with_insecure_exemption(
        self,
        predicate: impl Fn(&Parts) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.with(|shared| shared.exemption = Some(Arc::new(predicate)))
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(Arc::make_mut(&mut self.shared));
        self
    }
}

impl<S: Clone> Layer<S> for CsrfLayer {
    type Service = CsrfProtection<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CsrfProtection::new(inner, Arc::clone(&self.shared))
    }
}

impl fmt::Debug for CsrfLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfLayer")
            .field("tokens", &self.tokens)
            .field("origin", &self.origin)
            .field("field_name", &self.field_name)
            .field("header_names", &self.header_names)
            .field("body_bound", &self.body_bound)
            .field("exemption", &self.exemption.is_some())
            .finish_non_exhaustive()
    }
}
