//! The Flask application that Portcullis replaces, as a process of its own on the same database.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use scratch_database::Database;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

/// How long the application may take to listen, on the busiest of machines.
const PATIENCE: Duration = Duration::from_mins(1);

/// The application, which ends with its value.
#[derive(Debug)]
pub struct Flask {
    /// Where it listens.
    pub url: String,
    process: Child,
    /// Kept open: it would stumble over a closed one.
    log: Lines<BufReader<ChildStderr>>,
}

impl Flask {
    /// Starts it on `database`, with limits that don't stand in the way; nothing where its virtual
    /// environment is missing, which is said aloud and, in continuous integration, is a failure.
    pub async fn start(database: &Database, env: &[(&str, &str)]) -> Option<Self> {
        let python = python()?;
        let mut process = Command::new(python)
            .args(["-m", "gunicorn", "--bind", "127.0.0.1:0"])
            .args(["--worker-class", "gthread", "--threads", "4"])
            .args(["--no-control-socket", "app:app"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/flask"))
            .env_clear()
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("MONGO_URI", &database.uri)
            .env("MONGO_DB", database.name())
            .env("FORCE_HTTPS", "0")
            .env("RATELIMIT_ENABLED", "0")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let stderr = process.stderr.take().expect("it is piped");
        let mut flask = Self {
            url: String::new(),
            process,
            log: BufReader::new(stderr).lines(),
        };
        flask.url = flask.until_it_listens().await;
        Some(flask)
    }

    /// Where it says that it listens, once its worker can answer.
    async fn until_it_listens(&mut self) -> String {
        let mut said = Vec::new();
        let listening = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.log.next_line().await {
                let at = line.split_once("Listening at: ").map(|(_, at)| at);
                if let Some(url) = at.and_then(|at| at.split_whitespace().next()) {
                    return Some(url.to_owned());
                }
                said.push(line);
            }
            None
        });
        let url = listening.await.ok().flatten();
        url.unwrap_or_else(|| panic!("it doesn't say where it listens: {said:?}"))
    }
}

impl Drop for Flask {
    /// Asks it to end: gunicorn then ends its worker, which it couldn't if it were killed.
    fn drop(&mut self) {
        let id = self.process.id().and_then(|id| id.try_into().ok());
        if let Some(id) = id.and_then(Pid::from_raw) {
            let _ = kill_process(id, Signal::TERM);
        }
    }
}

/// The interpreter that `scripts/flask` puts into the target folder.
fn python() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("a test has a path");
    let mut folders = test.ancestors().map(|folder| folder.join("flask"));
    let folder = folders.find(|folder| folder.join("requirements.txt").exists());
    if folder.is_none() {
        let needed = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!needed, "Flask is missing: scripts/flask installs it");
        let test = std::thread::current();
        let test = test.name().unwrap_or("a test");
        // Past the test harness, which keeps what passing tests print to itself.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED {test}: Flask is missing, scripts/flask installs it"
        );
    }
    Some(folder?.join("bin/python"))
}
