//! `portcullis healthcheck`

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use config::{Listening, TlsFiles};
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::{REFUSED, pinned, sources};
use crate::arguments::ServeFlags;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the server of these settings whether it is ready. No secret is needed for that, nor read.
#[expect(clippy::print_stderr, reason = "says why it isn't")]
pub(super) fn run(flags: ServeFlags) -> anyhow::Result<ExitCode> {
    let listening = Listening::load(&sources(flags)?)?;
    let address = reachable(listening.address);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let status = runtime.block_on(async {
        tokio::time::timeout(PATIENCE, ask(address, listening.tls.as_ref()))
            .await
            .context("no answer in time")?
    });
    match status {
        Ok(StatusCode::OK) => Ok(ExitCode::SUCCESS),
        Ok(status) => {
            eprintln!("portcullis: {address} is not ready: {status}");
            Ok(ExitCode::from(REFUSED))
        }
        Err(error) => {
            eprintln!("portcullis: {address} does not answer: {error:#}");
            Ok(ExitCode::from(REFUSED))
        }
    }
}

/// From here a server that listens everywhere is reached by the loopback address.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn ask(address: SocketAddr, tls: Option<&TlsFiles>) -> anyhow::Result<StatusCode> {
    let stream = TcpStream::connect(address).await?;
    match tls {
        Some(files) => {
            ready(
                pinned::connect(stream, address, &files.certificate).await?,
                address,
            )
            .await
        }
        None => ready(stream, address).await,
    }
}

async fn ready<S>(stream: S, address: SocketAddr) -> anyhow::Result<StatusCode>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/readyz")
        .header(http::header::HOST, address.to_string())
        .body(Empty::<&[u8]>::new())?;
    Ok(sender.send_request(request).await?.status())
}
