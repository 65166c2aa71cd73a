//! Reading a body within a bound.

use axum::RequestExt as _;
use axum::extract::Request;
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use zeroize::Zeroizing;

use crate::Rejection;

/// The most bytes of a body that the extractors of this crate read: 64 KiB unless this stands in
/// the request's extensions (`Router::layer(Extension(BodyLimit(4096)))`).
///
/// A limit set with axum's `DefaultBodyLimit` holds as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimit(pub usize);

impl Default for BodyLimit {
    fn default() -> Self {
        Self(64 * 1024)
    }
}

/// Reads the whole body, which may hold a password: the copy here is wiped when dropped.
pub(super) async fn read(request: Request) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    let BodyLimit(limit) = request.extensions().get().copied().unwrap_or_default();
    let too_large = || Rejection::BodyTooLarge { limit };
    let body = request.with_limited_body().into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(too_large());
    }

    let mut body = Limited::new(body, limit);
    // Room for all of it at once: growing would leave unwiped copies behind.
    let known = body
        .size_hint()
        .exact()
        .and_then(|size| usize::try_from(size).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(known.unwrap_or(0).min(limit)));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if is_over_limit(&*error) {
                too_large()
            } else {
                Rejection::BodyUnreadable
            }
        })?;
        if let Ok(data) = frame.into_data() {
            append(&mut bytes, &data);
        }
    }
    Ok(bytes)
}

/// Appends `data`; when the room is too small, moves to a larger one and wipes the old.
fn append(bytes: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    if bytes.capacity() - bytes.len() < data.len() {
        let room = (bytes.len() + data.len()).max(bytes.capacity() * 2);
        let mut larger = Zeroizing::new(Vec::with_capacity(room));
        larger.extend_from_slice(bytes);
        *bytes = larger;
    }
    bytes.extend_from_slice(data);
}

fn is_over_limit(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source())
        .any(<dyn std::error::Error>::is::<LengthLimitError>)
}
