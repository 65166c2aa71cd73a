//! Starting a browser, and making sure that it ends.

use std::path::Path;
use std::process::Stdio;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{PATIENCE, Site};

/// Where a browser puts what it downloads, in its folder.
pub(super) const DOWNLOADS: &str = "downloads";

/// How the browser of a person is set up.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// Whether pages may run scripts.
    pub scripts: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self { scripts: true }
    }
}

/// A browser with a profile of its own.
#[derive(Debug)]
pub struct Browser {
    pub(super) client: Client,
    _driver: Driver,
    pub(super) folder: TempDir,
}

impl Browser {
    pub(super) async fn start(site: &Site, profile: Profile) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the profile");
        let driver = Driver::start(folder.path()).await;
        let capabilities = capabilities(site, profile, folder.path());
        let Value::Object(capabilities) = capabilities else {
            unreachable!("it is written as an object");
        };
        let address = format!("http://127.0.0.1:{}", driver.port);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let builder = builder.capabilities(capabilities);
        let started = tokio::time::timeout(PATIENCE, builder.connect(&address));
        let client = started.await.expect("the browser starts in time");
        Self {
            client: client.expect("the browser starts"),
            _driver: driver,
            folder,
        }
    }
}

/// What is asked of the browser: nothing but the test's own servers, and their certificate.
fn capabilities(site: &Site, profile: Profile, folder: &Path) -> Value {
    let names = site.names();
    let rules = names.map(|(name, address)| format!("MAP {name} {address}"));
    let rules = format!("{},MAP * ~NOTFOUND,EXCLUDE 127.0.0.1", rules.join(","));
    json!({
        "browserName": "chrome",
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {
            "args": [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--no-proxy-server",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--lang=en",
                format!("--user-data-dir={}", folder.join("profile").display()),
                format!("--ignore-certificate-errors-spki-list={}", site.pin()),
                format!("--host-resolver-rules={rules}"),
            ],
            "prefs": {
                "credentials_enable_service": false,
                "download.default_directory": folder.join(DOWNLOADS),
                "profile.password_manager_leak_detection": false,
                "profile.managed_default_content_settings.javascript":
                    if profile.scripts { 1 } else { 2 },
            },
        },
    })
}

/// How often it is started before it is given up.
const TRIES: u32 = 5;

/// The process that starts browsers: WebDriver on a port of loopback.
#[derive(Debug)]
struct Driver {
    port: u16,
    child: Child,
    _lines: Lines<BufReader<ChildStdout>>, // closed, its next word would be its last
}

impl Driver {
    /// Starts it. The port that it finds free on one kind of loopback address may be taken on the other: then
    /// it ends, and another is tried.
    async fn start(folder: &Path) -> Self {
        for _ in 0..TRIES {
            if let Some(driver) = Self::try_start(folder).await {
                return driver;
            }
        }
        panic!("chromedriver does not say where it listens");
    }

    /// Starts it in a process group of its own, where its browsers are, too.
    async fn try_start(folder: &Path) -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .env("TMPDIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver starts");
        let stdout = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(stdout).lines();
        let told = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    return port.trim_end_matches('.').parse().ok();
                }
            }
            None
        });
        let port = told.await.ok().flatten()?;
        Some(Self {
            port,
            child,
            _lines: lines,
        })
    }
}

impl Drop for Driver {
    /// Ends the whole group: a browser outlives the driver that started it.
    fn drop(&mut self) {
        let id = self.child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
