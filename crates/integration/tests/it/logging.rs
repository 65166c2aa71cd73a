//! The log of the binary: nobody fills it, and nobody who doesn't read it stops the server.

use std::time::Duration;

use integration::process::Server;
use integration::raw;
use integration::raw::http2;

#[tokio::test]
async fn what_clients_have_a_dependency_warn_of_does_not_fill_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    // The answer to a PING that was never sent.
    let pong = http2::frame(http2::PING, http2::ACK, 0, &[7; 8]);
    for _ in 0..10 {
        let mut connection = http2::Connection::open(server.address).await;
        let request = http2::get(1, "/livez");
        assert!(connection.send(&[pong.repeat(10), request].concat()).await);
        assert!(connection.until(http2::HEADERS).await);
    }
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0), "{log}");
    let warned = log.matches("recv PING ack that we never sent").count();
    assert!((1..=20).contains(&warned), "ten in each minute: {log}");
    assert!(log.contains("lines of a dependency were left out"), "{log}");
}

/// Has the server log several times what fits into a pipe and into its memory, and gets every answer.
async fn asked_very_often(server: &Server) {
    const OFTEN: usize = 10_000;

    let request = "GET /livez HTTP/1.1\r\nhost: x\r\n\r\n".repeat(OFTEN - 1);
    let last = "GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let requests = request + last;
    let asked = raw::exchange(server.address, requests.as_bytes());
    let answers = tokio::time::timeout(Duration::from_mins(1), asked).await;
    let answers = answers.expect("it answers");
    assert_eq!(answers.matches("HTTP/1.1 200").count(), OFTEN);
}

#[tokio::test]
async fn a_log_that_nobody_reads_stops_no_request_and_no_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[("PORTCULLIS_LOG", "trace")]).await;
    asked_very_often(&server).await;
    server.signal("TERM").await;
    let ended = tokio::time::timeout(Duration::from_mins(1), server.child.wait()).await;
    assert_eq!(ended.expect("it ends").unwrap().code(), Some(0));
}

#[tokio::test]
async fn lines_that_nobody_read_are_counted_and_the_last_ones_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &[("PORTCULLIS_LOG", "trace")]).await;
    asked_very_often(&server).await;
    server
        .until_logged("lines were lost: nobody read the log")
        .await;
    let (code, log) = server.stop().await;
    assert_eq!(code, Some(0));
    assert!(log.lines().last().unwrap().contains("stopped"), "{log}");
}
