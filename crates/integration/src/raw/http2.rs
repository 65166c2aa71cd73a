//! Frames of HTTP/2 (RFC 9113), for what no client would send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// `DATA`
pub const DATA: u8 = 0;
/// `HEADERS`
pub const HEADERS: u8 = 1;
/// `SETTINGS`
pub const SETTINGS: u8 = 4;
/// `PING`
pub const PING: u8 = 6;
/// `GOAWAY`
pub const GOAWAY: u8 = 7;
/// `WINDOW_UPDATE`
pub const WINDOW_UPDATE: u8 = 8;

/// No more frames of this stream come.
pub const END_STREAM: u8 = 1;
/// All headers are there.
pub const END_HEADERS: u8 = 4;
/// The answer to a `SETTINGS` or a `PING`.
pub const ACK: u8 = 1;

/// A frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("it is short");
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A request for `path` without a body.
pub fn get(stream: u32, path: &str) -> Vec<u8> {
    let block = block(b"\x82", path, &[]);
    frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
}

/// The head of a request that sends JSON to `path`.
pub fn post(stream: u32, path: &str) -> Vec<u8> {
    let block = block(b"\x83", path, &[("content-type", "application/json")]);
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// Headers, none of them compressed but by the static table (RFC 7541 §6).
fn block(method: &[u8], path: &str, others: &[(&str, &str)]) -> Vec<u8> {
    let text = |text: &str| {
        let length = u8::try_from(text.len()).ok().filter(|length| *length < 127);
        let mut bytes = vec![length.expect("it is short")];
        bytes.extend(text.as_bytes());
        bytes
    };
    let mut block = method.to_vec();
    block.push(0x86); // :scheme http
    block.push(0x04);
    block.extend(text(path));
    block.push(0x01); // :authority
    block.extend(text("x"));
    for (name, value) in others {
        block.push(0);
        block.extend(text(name));
        block.extend(text(value));
    }
    block
}

/// A connection that speaks HTTP/2.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Connects and says what it has to say first.
    pub async fn open(address: SocketAddr) -> Self {
        Self::try_open(address).await.expect("the server listens")
    }

    /// The same; nothing when the server has no room.
    pub async fn try_open(address: SocketAddr) -> Option<Self> {
        let mut connection = Self(TcpStream::connect(address).await.ok()?);
        let begun = connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await
            && connection.send(&frame(SETTINGS, 0, 0, &[])).await;
        begun.then_some(connection)
    }

    /// Sends bytes; `false` when the server has closed.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).await.is_ok()
    }

    /// The kind and the flags of the next frame; nothing when the server has closed.
    pub async fn next(&mut self) -> Option<(u8, u8)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).ok()?];
        self.0.read_exact(&mut payload).await.ok()?;
        Some((head[3], head[4]))
    }

    /// Answers `PING`s and `SETTINGS` as an honest client does, until a frame of `kind`; `false` when the
    /// server closes before.
    pub async fn until(&mut self, kind: u8) -> bool {
        while let Some((got, flags)) = self.next().await {
            if got == kind {
                return true;
            }
            if matches!(got, PING | SETTINGS) && flags & ACK == 0 {
                let payload: &[u8] = if got == PING { &[0; 8] } else { &[] };
                self.send(&frame(got, ACK, 0, payload)).await;
            }
        }
        false
    }

    /// Sends `bytes` again and again, and reads nothing but that the server has closed, within a minute.
    pub async fn flood_until_closed(&mut self, bytes: &[u8], pause: Duration) -> bool {
        let (mut reader, mut writer) = self.0.split();
        let flooding = async {
            loop {
                if writer.write_all(bytes).await.is_err() {
                    return;
                }
                tokio::time::sleep(pause).await;
            }
        };
        let reading = async {
            let mut chunk = [0; 4096];
            while let Ok(1..) = reader.read(&mut chunk).await {}
        };
        let closed = async {
            tokio::select! {
                () = flooding => {}
                () = reading => {}
            }
        };
        tokio::time::timeout(Duration::from_mins(1), closed)
            .await
            .is_ok()
    }
}
