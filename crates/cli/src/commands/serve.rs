//! `portcullis serve`

use std::io::IsTerminal as _;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use config::{Config, Keys};
use model::{SystemClock, SystemRng};
use password::HasherConfig;
use server::listener::{Handle, Tls, serve};
use tokio::signal::unix::{SignalKind, signal};

use super::{REFUSED, memory, open_files, prepare};
use crate::arguments::ServeFlags;
use crate::logging::{self, Logging};
use crate::wire::{Built, CLOCK_SKEW, MAIL_DELAY, Prepared, Surroundings, build};

/// How long requests in flight may take to end after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);

/// Starts the server and runs it until it is asked to stop.
#[expect(
    clippy::print_stderr,
    reason = "tells its operator what is wrong with the settings"
)]
pub(super) fn run(flags: ServeFlags) -> anyhow::Result<ExitCode> {
    memory::start_frugally();
    let prepared = match prepare(flags)? {
        Ok(prepared) => prepared,
        Err(error) => {
            eprintln!("{error}");
            return Ok(ExitCode::from(REFUSED));
        }
    };
    let config = &prepared.config;
    let logging = logging::start(&config.log, prepared.filter.clone())?;
    for notice in &config.notices {
        tracing::warn!("{notice}");
    }
    prepared.make_folder()?;
    let keys = config.keys()?;
    if prepared.post.mailer.is_none() {
        tracing::info!("mail is off: nobody can recover a password; set PORTCULLIS_MAIL_URL");
    }

    // Bound before anything else is started, so that a taken port changes nothing.
    let listener = TcpListener::bind(config.server.listen)
        .with_context(|| format!("can't listen on {}", config.server.listen))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve_until_stopped(&prepared, &keys, listener, &logging))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve_until_stopped(
    prepared: &Prepared,
    keys: &Keys,
    listener: TcpListener,
    logging: &Logging,
) -> anyhow::Result<()> {
    let (config, tls) = (&prepared.config, prepared.tls.as_ref());
    let address = listener.local_addr()?;
    let bounds = open_files::bounds();
    let surroundings = Surroundings {
        clock: Arc::new(SystemClock),
        rng: Arc::new(SystemRng),
        hashing: HasherConfig::default(),
        bounds,
        mail_delay: MAIL_DELAY,
        max_clock_difference: Some(CLOCK_SKEW),
        public_url: config.server.public_url_at(address),
        post: prepared.post.clone(),
    };
    let Built {
        app,
        accounts,
        upkeep,
    } = build(config, keys, surroundings).await?;

    let handle = Handle::new();
    let stopping = tokio::spawn(stop_on_signal(handle.clone())?);
    let reloading = tokio::spawn(reload_on_signal(tls.cloned())?);
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "listening");
    logging.started(); // and the greeting comes after the lines before it
    greet(
        config,
        config.server.public_url_at(address).as_str(),
        &accounts.describe_store(),
    );
    serve(listener, app.clone(), bounds, tls, handle).await?;

    app.settled().await;
    stopping.abort();
    reloading.abort();
    upkeep.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Waits for SIGTERM or Ctrl-C, then lets requests in flight end.
fn stop_on_signal(handle: Handle) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!(
            "shutting down: requests in flight have {} s",
            DRAIN.as_secs()
        );
        handle.graceful_shutdown(Some(DRAIN));
    })
}

/// Reads the certificate again at each SIGHUP, which without one does nothing. One that can't be used
/// leaves the present one in place.
fn reload_on_signal(tls: Option<Tls>) -> anyhow::Result<impl Future<Output = ()>> {
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangup.recv().await.is_some() {
            let Some(tls) = &tls else { continue };
            match tls.reload().await {
                Ok(()) => tracing::info!("certificate reloaded"),
                Err(error) => {
                    tracing::error!(%error, "certificate not reloaded, the present one stays in use");
                }
            }
        }
    })
}

/// Tells a person at a terminal where they are.
#[expect(
    clippy::print_stderr,
    reason = "a greeting, for a person at a terminal only"
)]
fn greet(config: &Config, url: &str, store: &str) {
    if !std::io::stderr().is_terminal() {
        return;
    }
    let mut secrets: Vec<String> = config
        .describe()
        .into_iter()
        .filter(|row| ["JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "SECRET_KEY"].contains(&row.name))
        .map(|row| row.source)
        .filter(|source| source != "default") // not set, since it isn't needed
        .collect();
    secrets.sort();
    secrets.dedup();
    let secrets = secrets.join(", ");
    eprintln!("\n  Portcullis {} at {url}", env!("CARGO_PKG_VERSION"));
    eprintln!("  store    {store}");
    eprintln!("  secrets  {secrets}");
    eprintln!("  pages    {url}/");
    eprintln!("  API      {url}/openapi.json\n");
}
