//! Answers to what is no HTTP request.
//!
//! A request line or header block that can't be parsed never reaches the router: hyper answers with a
//! status and an empty body. Here such an answer gets the body and the headers that every other failure
//! has.
//!
//! It is JSON, for a browser too: what can't be parsed has no `Accept` that could be read. And it is
//! made for the scheme of the listener: a proxy's word about another can't be read either.

use std::net::SocketAddr;

use headers::Scheme;
use http::HeaderMap;
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, HeaderValue};

use crate::code::Code;
use crate::stack::Stack;

/// How each answer of hyper's parser begins: a client error of HTTP/1.1.
const CLIENT_ERROR: &[u8] = b"HTTP/1.1 4";

/// What none of our own answers holds together with the above: each has a body.
const EMPTY: &[u8] = b"content-length: 0\r\n";

/// Makes these answers, for one connection.
pub(super) struct BareErrors {
    pub(super) stack: Stack,
    pub(super) peer: Option<SocketAddr>,
    pub(super) scheme: Scheme,
}

impl BareErrors {
    /// The answer to send in place of `head`, when that is an error without a body.
    pub(super) fn replacement(&self, head: &[u8]) -> Option<Vec<u8>> {
        let code = bare_error(head)?;
        let (mut headers, body) = self.stack.answer_unreadable(code, self.peer, self.scheme);
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        if let Some(date) = date_of(head) {
            headers.insert(DATE, date);
        }
        let line_end = head.windows(2).position(|window| window == b"\r\n")?;
        Some(written(&head[..line_end], &headers, &body))
    }
}

/// What `head` says, when it is an error without a body.
fn bare_error(head: &[u8]) -> Option<Code> {
    if !head.starts_with(CLIENT_ERROR) || !head.ends_with(b"\r\n\r\n") {
        return None;
    }
    head.windows(EMPTY.len()).find(|window| *window == EMPTY)?;
    let status: u16 = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
    Some(match status {
        408 => Code::RequestTimeout,
        414 => Code::UriTooLong,
        431 => Code::HeadersTooLarge,
        _ => Code::MalformedRequest,
    })
}

/// hyper's own `Date` (RFC 9110 §6.6.1).
fn date_of(head: &[u8]) -> Option<HeaderValue> {
    let mut lines = head.split(|&byte| byte == b'\n');
    let date = lines.find_map(|line| line.strip_prefix(b"date: "))?;
    HeaderValue::from_bytes(date.trim_ascii()).ok()
}

fn written(status_line: &[u8], headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut answer = status_line.to_vec();
    for (name, value) in headers {
        answer.extend_from_slice(b"\r\n");
        answer.extend_from_slice(name.as_str().as_bytes());
        answer.extend_from_slice(b": ");
        answer.extend_from_slice(value.as_bytes());
    }
    answer.extend_from_slice(b"\r\n\r\n");
    answer.extend_from_slice(body);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_error_is_told_by_its_status() {
        for (line, code) in [
            ("400 Bad Request", Code::MalformedRequest),
            ("408 Request Timeout", Code::RequestTimeout),
            ("414 URI Too Long", Code::UriTooLong),
            ("431 Request Header Fields Too Large", Code::HeadersTooLarge),
        ] {
            let head = format!("HTTP/1.1 {line}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
            assert_eq!(bare_error(head.as_bytes()), Some(code), "{line}");
        }
    }

    #[test]
    fn every_other_answer_stays_as_it_is() {
        for head in [
            &b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"[..],
            b"HTTP/1.1 404 Not Found\r\ncontent-length: 120\r\n\r\n",
            b"HTTP/1.1 431 x\r\ncontent-length: 0\r\n",
            b"",
        ] {
            assert_eq!(bare_error(head), None);
        }
    }

    #[test]
    fn an_answer_is_written_as_http() {
        let head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Fri, 15 Jan 2027 08:00:00 GMT\r\n\r\n";
        assert_eq!(date_of(head).unwrap(), "Fri, 15 Jan 2027 08:00:00 GMT");
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("2"));
        assert_eq!(
            written(b"HTTP/1.1 400 Bad Request", &headers, b"{}"),
            b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}"
        );
    }
}
