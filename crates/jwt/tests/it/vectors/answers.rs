//! What the recorded application's routes would answer, by our extractors.

use std::sync::Arc;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use http::Request;
use http::header::AUTHORIZATION;
use http::request::Parts;
use jwt::{Access, AuthRejection, Authority, FreshAccess, Refresh, Verified};

/// A token, or its absence where that is allowed.
pub(crate) type Answer = Result<Option<Arc<Verified>>, AuthRejection>;

/// A request with an `Authorization` header.
pub(crate) struct Asked(Parts);

impl Asked {
    /// `None` where no such header can be sent (RFC 9110 §5.5).
    pub(crate) fn new(
        authority: &Authority,
        authorization: Option<&str>,
        now: f64,
    ) -> Option<Self> {
        let mut request = Request::builder();
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        let (mut parts, ()) = request.body(()).ok()?.into_parts();
        // Our clock has whole seconds. A half one is the earlier for expiry; for freshness, which
        // lasts through its last second, it is the later.
        let mut authentication = authority.authenticate(&parts.headers, seconds(now.floor()));
        authentication.at = seconds(now.ceil());
        parts.extensions.insert(authentication);
        Some(Self(parts))
    }

    /// The answer of `route`, by its recorded name or path.
    pub(crate) async fn answer(&mut self, route: &str) -> Answer {
        let parts = &mut self.0;
        match route.trim_start_matches('/') {
            "protected" => required::<Access>(parts).await.map(|token| Some(token.0)),
            "refresh-only" => required::<Refresh>(parts).await.map(|token| Some(token.0)),
            "fresh-only" => required::<FreshAccess>(parts)
                .await
                .map(|token| Some(token.0)),
            "optional" => {
                let token =
                    <Access as OptionalFromRequestParts<()>>::from_request_parts(parts, &());
                Ok(token.await?.map(|token| token.0))
            }
            other => panic!("a route called {other}?"),
        }
    }
}

async fn required<T>(parts: &mut Parts) -> Result<T, AuthRejection>
where
    T: FromRequestParts<(), Rejection = AuthRejection>,
{
    T::from_request_parts(parts, &()).await
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "recorded times are positive and small"
)]
fn seconds(time: f64) -> u64 {
    time as u64
}
