//! Reading the start of a body, and leaving all of it for the handler.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::Error;
use axum_core::body::Body;
use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;

/// The start of a body.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) bytes: Bytes,
    /// Whether that is all of it.
    pub(crate) is_whole: bool,
    /// The body as it was, the start included.
    pub(crate) body: Body,
}

/// Reads `body` up to its end or up to `bound` bytes. Nothing more is held, but for the rest of a
/// chunk that was in memory already.
///
/// # Errors
/// When the body can't be read on: the client is gone, or a limit on it was hit.
pub(crate) async fn read_start(mut body: Body, bound: usize) -> Result<Start, Error> {
    let mut head = BytesMut::new();
    let mut overhang = Bytes::new();
    let mut trailers = None;
    let mut is_whole = false;
    while head.len() < bound && trailers.is_none() {
        match body.frame().await.transpose()?.map(Frame::into_data) {
            None => {
                is_whole = true;
                break;
            }
            Some(Ok(mut data)) => {
                overhang = data.split_off(data.len().min(bound - head.len()));
                head.extend_from_slice(&data);
            }
            Some(Err(other)) => {
                trailers = other.into_trailers().ok();
                is_whole = trailers.is_some();
            }
        }
    }
    let bytes = head.freeze();
    let replay = Replay {
        start: [bytes.clone(), overhang],
        trailers,
        rest: body,
    };
    Ok(Start {
        bytes,
        is_whole,
        body: Body::new(replay),
    })
}

/// What was read, then what wasn't.
struct Replay {
    start: [Bytes; 2],
    trailers: Option<HeaderMap>,
    rest: Body,
}

impl HttpBody for Replay {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        for part in &mut self.start {
            if !part.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(std::mem::take(part)))));
            }
        }
        if let Some(trailers) = self.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        Pin::new(&mut self.rest).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.start.iter().all(Bytes::is_empty)
            && self.trailers.is_none()
            && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let held: u64 = self.start.iter().map(|part| part.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(held));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(held)) {
            hint.set_upper(upper);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::StreamBody;
    use proptest::prelude::*;

    use super::*;

    fn body_of(chunks: Vec<Vec<u8>>) -> Body {
        let frames = chunks
            .into_iter()
            .map(|chunk| Ok::<_, Error>(Frame::data(chunk.into())));
        Body::new(StreamBody::new(stream::iter(frames)))
    }

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(future)
    }

    proptest! {
        #[test]
        fn the_handler_gets_what_was_sent_however_it_was_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
            bound in 1_usize..100,
        ) {
            let sent = chunks.concat();
            block_on(async {
                let start = read_start(body_of(chunks), bound).await.unwrap();
                assert!(start.bytes.len() <= bound);
                assert!(sent.starts_with(&start.bytes));
                assert!(!start.is_whole || start.bytes.len() == sent.len());
                assert!(start.bytes.len() == bound.min(sent.len()));
                let received = start.body.collect().await.unwrap().to_bytes();
                assert_eq!(received, sent);
            });
        }
    }

    #[test]
    fn trailers_are_left_too() {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-checksum", http::HeaderValue::from_static("1"));
        let frames = [
            Frame::data(Bytes::from_static(b"a=b")),
            Frame::trailers(trailers.clone()),
        ];
        let body = Body::new(StreamBody::new(stream::iter(frames.map(Ok::<_, Error>))));
        block_on(async {
            let start = read_start(body, 100).await.unwrap();
            assert!(start.is_whole);
            let received = start.body.collect().await.unwrap();
            assert_eq!(received.trailers(), Some(&trailers));
        });
    }

    #[test]
    fn the_size_stays_known() {
        block_on(async {
            let start = read_start(Body::from("abcdef"), 4).await.unwrap();
            assert_eq!(HttpBody::size_hint(&start.body).exact(), Some(6));
        });
    }
}
