//! Bytes on a socket, for what no HTTP client would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
