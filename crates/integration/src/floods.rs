//! Floods as one address can send them, and the memory that they take of a server.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::Server;
use crate::raw::http2::{self, ACK, DATA, PING, SETTINGS, WINDOW_UPDATE};

/// What a server may take under any of them.
pub const BOUND: u64 = 64 << 20;

/// How long what was sent is held.
const HELD: Duration = Duration::from_millis(500);

/// A flood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flood {
    /// Refreshes without a header, whose bodies almost arrive.
    RefreshBodies,
    /// The same by HTTP/2, a hundred on each connection.
    RefreshBodiesByHttp2,
    /// Sign-ins whose bodies almost arrive.
    LoginBodies,
    /// Connections that send nothing.
    Connections,
    /// Requests whose heads almost arrive.
    Heads,
    /// Requests that break HTTP: nobody is charged for them.
    Malformed,
    /// Answers that nobody takes, by HTTP/2.
    UnreadAnswers,
    /// `PING`s.
    Pings,
    /// Answers to `PING`s that nobody sent, each of which a dependency warns of.
    Pongs,
    /// `SETTINGS`.
    Settings,
    /// `WINDOW_UPDATE`s.
    WindowUpdates,
}

impl Flood {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::RefreshBodies,
        Self::RefreshBodiesByHttp2,
        Self::LoginBodies,
        Self::Connections,
        Self::Heads,
        Self::Malformed,
        Self::UnreadAnswers,
        Self::Pings,
        Self::Pongs,
        Self::Settings,
        Self::WindowUpdates,
    ];

    /// Sends it to a server of its own in `folder`, over so many connections, and gives the most memory that
    /// the server took, in bytes. Afterwards the server must still answer and stop.
    pub async fn measure(self, folder: &Path, connections: usize) -> u64 {
        // As they are without a setting: what an address may ask bounds a flood, too.
        let limits = [
            ("RATELIMIT_DEFAULT", "200 per day;20 per hour"),
            ("PORTCULLIS_RATELIMIT_USER", "600 per minute"),
            ("PORTCULLIS_RATELIMIT_HASHING", "20 per 15 minutes"),
            ("PORTCULLIS_RATELIMIT_SIGNIN", "60 per hour"),
            ("PORTCULLIS_RATELIMIT_PAGES", "600 per minute"),
        ];
        let server = Server::start(folder, &limits).await;
        self.send(server.address, connections).await;
        let answer = reqwest::get(format!("{}/livez", server.url())).await;
        assert_eq!(answer.expect("it answers").status(), 200, "{self:?}");
        let peak = peak(&server);
        let (code, log) = server.stop().await;
        assert_eq!(code, Some(0), "{self:?}: {log}");
        let lines = log.lines().count();
        assert!(
            lines < 50,
            "{self:?} fills the log with {lines} lines: {log}"
        );
        peak
    }

    async fn send(self, address: SocketAddr, connections: usize) {
        let mut sending = JoinSet::new();
        for _ in 0..connections {
            sending.spawn(self.send_on_one(address));
        }
        while sending.join_next().await.is_some() {}
    }

    async fn send_on_one(self, address: SocketAddr) {
        match self {
            Self::RefreshBodies => hold(address, &unfinished("/api/v1/refresh")).await,
            Self::LoginBodies => hold(address, &unfinished("/api/v1/login")).await,
            Self::Connections => hold(address, b"").await,
            Self::Heads => {
                let head = format!(
                    "GET / HTTP/1.1\r\nhost: x\r\nx-long: {}",
                    "x".repeat(60_000)
                );
                hold(address, head.as_bytes()).await;
            }
            Self::Malformed => hold(address, &b"GET / HTTP/1.1\r\n\r\n".repeat(1000)).await,
            Self::RefreshBodiesByHttp2 => {
                let requests = (0..100).flat_map(|number| {
                    let stream = 2 * number + 1;
                    let part = http2::frame(DATA, 0, stream, &[b' '; 16_000]);
                    [http2::post(stream, "/api/v1/refresh"), part.repeat(4)].concat()
                });
                hold_http2(address, requests.collect()).await;
            }
            Self::UnreadAnswers => {
                let no_window = http2::frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
                let requests =
                    (0..100).flat_map(|number| http2::get(2 * number + 1, "/openapi.json"));
                hold_http2(address, no_window.into_iter().chain(requests).collect()).await;
            }
            Self::Pings => again_and_again(address, &http2::frame(PING, 0, 0, &[0; 8])).await,
            Self::Pongs => again_and_again(address, &http2::frame(PING, ACK, 0, &[7; 8])).await,
            Self::Settings => again_and_again(address, &http2::frame(SETTINGS, 0, 0, &[])).await,
            Self::WindowUpdates => {
                let update = http2::frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]);
                again_and_again(address, &update).await;
            }
        }
    }
}

/// A request whose body lacks its end.
fn unfinished(path: &str) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 65536\r\n\r\n"
    );
    [head.as_bytes(), &b" ".repeat(65_000)].concat()
}

async fn hold(address: SocketAddr, bytes: &[u8]) {
    let Ok(mut stream) = TcpStream::connect(address).await else {
        return;
    };
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        let _ = writer.write_all(bytes).await; // it may be closed before
        let mut chunk = [0; 1024];
        while let Ok(1..) = reader.read(&mut chunk).await {}
    };
    let _ = tokio::time::timeout(HELD, sending).await;
}

async fn hold_http2(address: SocketAddr, bytes: Vec<u8>) {
    let sending = async {
        let Some(mut connection) = http2::Connection::try_open(address).await else {
            return;
        };
        // What comes back is not read: a client that floods doesn't either.
        connection.send(&bytes).await;
        std::future::pending::<()>().await;
    };
    let _ = tokio::time::timeout(HELD, sending).await;
}

async fn again_and_again(address: SocketAddr, frame: &[u8]) {
    let many = frame.repeat(1000);
    let flooding = async {
        loop {
            let Some(mut connection) = http2::Connection::try_open(address).await else {
                continue;
            };
            while connection.send(&many).await {}
        }
    };
    let _ = tokio::time::timeout(HELD, flooding).await;
}

/// The most memory that a server has taken, in bytes.
fn peak(server: &Server) -> u64 {
    let id = server.child.id().expect("it runs");
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.expect("Linux tells") * 1024
}
