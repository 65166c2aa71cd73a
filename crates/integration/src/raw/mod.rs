//! Bytes on a socket, for what no HTTP client would send.

pub mod http2;

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Answer;

/// Sends `bytes` and reads the answer.
pub async fn answer(address: SocketAddr, bytes: &[u8]) -> Answer {
    read(&exchange(address, bytes).await)
}

/// Reads an answer of HTTP/1.1 that is all there.
pub fn read(answer: &str) -> Answer {
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12));
    let status = status.and_then(|status| status.parse().ok());
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").expect("a header");
        (
            HeaderName::from_bytes(name.as_bytes()).expect("its name"),
            HeaderValue::from_str(value).expect("its value"),
        )
    });
    Answer {
        status: status.unwrap_or_else(|| panic!("no status: {answer}")),
        headers: headers.collect(),
        body: body.as_bytes().to_vec(),
    }
}

/// Sends `bytes` and reads the answer until the server closes.
///
/// The server may answer and close before everything was sent: that is no failure here.
pub async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address)
        .await
        .expect("the server listens");
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        let _ = writer.write_all(bytes).await;
    };
    let receiving = async {
        let mut answer = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(Ok(read @ 1..)) =
            tokio::time::timeout(Duration::from_secs(20), reader.read(&mut chunk)).await
        {
            answer.extend_from_slice(&chunk[..read]);
        }
        answer
    };
    let ((), answer) = tokio::join!(sending, receiving);
    String::from_utf8_lossy(&answer).into_owned()
}
