//! Why a request's input was refused.

use std::fmt;

use http::StatusCode;
use http::header::{ACCEPT, ACCEPT_ENCODING, HeaderValue};

use crate::{Faults, Input, MalformedJson, Problem};

/// Why the input of a request was refused. It becomes a [`Problem`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// 415: the body is of another type than `expected`.
    UnsupportedMediaType {
        /// The type that is read here.
        expected: &'static str,
    },
    /// 415: the body is encoded (compressed).
    UnsupportedCoding,
    /// 413: the body has more bytes than are read here.
    BodyTooLarge {
        /// The most bytes that are read.
        limit: usize,
    },
    /// 400: the body ended early, or came too slowly.
    BodyUnreadable,
    /// 400: the body is no JSON that is read here.
    MalformedJson(MalformedJson),
    /// 400: the form, the query or the path is no percent-encoded UTF-8, or names something twice.
    MalformedRequest(&'static str),
    /// 404: the path names nothing that could exist.
    NoSuchPath,
    /// 422: the input was read, and has these faults.
    Invalid(Faults),
    /// 500: the extractor and the route don't fit together.
    Misused(&'static str),
}

/// Reads an input from JSON text.
///
/// # Errors
/// [`Rejection::MalformedJson`] or [`Rejection::Invalid`].
pub fn read<T: Input>(json: &[u8]) -> Result<T, Rejection> {
    let value = crate::json::parse_json(json).map_err(Rejection::MalformedJson)?;
    crate::input::from_value(value).map_err(Rejection::Invalid)
}

impl From<Faults> for Rejection {
    fn from(faults: Faults) -> Self {
        Self::Invalid(faults)
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::UnsupportedMediaType { expected } => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                format!("Send the body as {expected}, in UTF-8."),
            )
            .with_header(ACCEPT, HeaderValue::from_static(expected)),
            // RFC 9110 §15.5.16: what it may be encoded with is named, to tell this 415 from the one above.
            Rejection::UnsupportedCoding => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "Send the body uncompressed, without Content-Encoding.",
            )
            .with_header(ACCEPT_ENCODING, HeaderValue::from_static("identity")),
            Rejection::BodyTooLarge { limit } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body_too_large",
                format!("Send at most {limit} bytes."),
            ),
            Rejection::BodyUnreadable => Self::new(
                StatusCode::BAD_REQUEST,
                "malformed_request",
                "The body did not arrive completely. Send it again.",
            ),
            Rejection::MalformedJson(error) => {
                Self::new(StatusCode::BAD_REQUEST, "malformed_json", error.to_string())
            }
            Rejection::MalformedRequest(what) => {
                Self::new(StatusCode::BAD_REQUEST, "malformed_request", what)
            }
            Rejection::NoSuchPath => Self::of_status(StatusCode::NOT_FOUND),
            Rejection::Invalid(faults) => Self::invalid(faults),
            Rejection::Misused(_) => Self::internal(),
        }
    }
}

impl std::error::Error for Rejection {}

impl fmt::Display for Rejection {
    /// For logs and tests: pointers and codes, not a word of the input but unknown names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedMediaType { .. } => f.write_str("unsupported media type"),
            Self::UnsupportedCoding => f.write_str("unsupported content coding"),
            Self::BodyTooLarge { limit } => write!(f, "body of more than {limit} bytes"),
            Self::BodyUnreadable => f.write_str("unreadable body"),
            Self::MalformedJson(_) => f.write_str("malformed JSON"),
            Self::MalformedRequest(what) | Self::Misused(what) => f.write_str(what),
            Self::NoSuchPath => f.write_str("no such path"),
            Self::Invalid(faults) => {
                for (position, fault) in faults.iter().enumerate() {
                    let comma = if position == 0 { "" } else { ", " };
                    write!(f, "{comma}{} {}", fault.pointer(), fault.code())?;
                }
                Ok(())
            }
        }
    }
}
