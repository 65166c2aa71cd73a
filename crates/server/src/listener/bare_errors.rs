//! Answers to what is no HTTP request.
//!
//! A request line or header block that can't be parsed never reaches the router: hyper answers with a
//! status and an empty body. Here such an answer gets the body that every other failure has.

use crate::code::Code;
use crate::error::ApiError;

/// How each answer of hyper's parser begins: a client error of HTTP/1.1.
const CLIENT_ERROR: &[u8] = b"HTTP/1.1 4";

/// What none of our own answers holds together with the above: each has a body.
const EMPTY: &[u8] = b"content-length: 0\r\n";

/// The answer to send in place of `head`, when that is an error without a body.
pub(super) fn replacement(head: &[u8]) -> Option<Vec<u8>> {
    if !head.starts_with(CLIENT_ERROR) || !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    head.windows(EMPTY.len()).find(|window| *window == EMPTY)?;
    let status: u16 = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
    let code = match status {
        408 => Code::RequestTimeout,
        414 => Code::UriTooLong,
        431 => Code::HeadersTooLarge,
        _ => Code::MalformedRequest,
    };
    let body = ApiError::new(code).into_problem().to_json();
    let line_end = head.windows(2).position(|window| window == b"\r\n")?;
    let mut answer = head[..line_end].to_vec();
    answer.extend_from_slice(
        format!(
            "\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        )
        .as_bytes(),
    );
    answer.extend_from_slice(&body);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_error_gets_a_body_that_says_what_to_mend() {
        let head = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let answer = String::from_utf8(replacement(head).unwrap()).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"),
            "{answer}"
        );
        assert!(answer.contains(r#""code":"headers_too_large""#), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{answer}"
        );
    }

    #[test]
    fn every_other_answer_stays_as_it_is() {
        for head in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 120\r\n\r\n",
            b"HTTP/1.1 431 x\r\ncontent-length: 0\r\n",
            b"",
        ] {
            assert!(replacement(head).is_none());
        }
    }
}
