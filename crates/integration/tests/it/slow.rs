//! Clients that are slow, or hold on to what they have. The bounds are short here; the rules are the
//! same as with the long ones.

use std::time::Duration;

use integration::{TestApp, raw};
use server::listener::Bounds;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Short enough for a test, long enough for a busy machine to answer an honest client.
const SHORT: Duration = Duration::from_millis(300);

/// What comes until the server closes; it must close within a minute.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let closed =
        tokio::time::timeout(Duration::from_mins(1), stream.read_to_end(&mut answer)).await;
    assert!(closed.is_ok(), "the server doesn't close");
    String::from_utf8_lossy(&answer).into_owned()
}

fn short() -> Bounds {
    Bounds {
        head_time: SHORT,
        body_time: SHORT,
        stalled_write: SHORT,
        ..Bounds::default()
    }
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let app = TestApp::with_bounds(short()).await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    assert_eq!(until_closed(&mut stream).await, "");
}

#[tokio::test]
async fn headers_that_drip_are_cut_off() {
    let app = TestApp::with_bounds(short()).await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let (mut reader, mut writer) = stream.split();
    let mut answer = Vec::new();
    tokio::select! {
        closed = reader.read_to_end(&mut answer) => { let _ = closed; }
        () = async {
            let mut ticks = tokio::time::interval(SHORT / 5);
            loop {
                ticks.tick().await;
                let _ = writer.write_all(b"x-more: y\r\n").await;
            }
        } => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let app = TestApp::with_bounds(short()).await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let answer = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_malformed() {
    let app = TestApp::with_bounds(short()).await;
    let request = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    let answer = raw::exchange(app.address(), request).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(
        answer.contains(r#""code":"malformed_request""#)
            || answer.contains(r#""code":"request_timeout""#),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_never_reads_its_answers_is_let_go() {
    let app = TestApp::with_bounds(short()).await;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let request = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    // The buffers of both sides fill, then the server's write stalls, and ours fails.
    let ended = tokio::time::timeout(Duration::from_mins(1), async {
        while stream.write_all(request).await.is_ok() {}
    });
    assert!(
        ended.await.is_ok(),
        "the server goes on writing to a client that doesn't read"
    );
}

#[tokio::test]
async fn a_body_that_takes_longer_than_a_request_may_is_the_clients_own_affair() {
    let app = TestApp::with(&[("PORTCULLIS_REQUEST_TIMEOUT", "1")]).await;
    let body = br#"{"username": "nobody", "password": "correct horse"}"#;
    let mut stream = TcpStream::connect(app.address()).await.unwrap();
    let head = format!(
        "POST /api/v1/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut ticks = tokio::time::interval(Duration::from_millis(300));
    for part in body.chunks(10) {
        ticks.tick().await;
        stream.write_all(part).await.unwrap();
    }
    let answer = until_closed(&mut stream).await;
    assert!(
        answer.contains(r#""code":"invalid_credentials""#),
        "{answer}"
    );
}
