//! The real binary, as a process of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// How long a server may take to say where it listens, on the busiest of machines.
const PATIENCE: Duration = Duration::from_mins(1);

/// The binary: what `PORTCULLIS_TEST_BINARY` names, or what these sources give, built if it isn't.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(built) = std::env::var_os("PORTCULLIS_TEST_BINARY") {
            return PathBuf::from(built);
        }
        // …/target/debug/deps/it-0123 and …/dist/examples/x → …/portcullis
        let test = std::env::current_exe().expect("a test has a path");
        let folder = test
            .parent()
            .and_then(Path::parent)
            .expect("tests lie in target/*/deps");
        // Cargo names the folder after the profile, but for one.
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(profile) => profile,
        };
        let built = std::process::Command::new(env!("CARGO"))
            .args([
                "build",
                "--quiet",
                "--locked",
                // With the features that the tests are built with: alone it would need most packages anew.
                "--workspace",
                "--bin",
                "portcullis",
                "--profile",
                profile,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("cargo runs");
        assert!(built.success(), "the binary builds");
        folder.join("portcullis")
    })
}

/// The binary of the version before, where `PORTCULLIS_TEST_BINARY_BEFORE` names it.
pub fn binary_before() -> Option<PathBuf> {
    std::env::var_os("PORTCULLIS_TEST_BINARY_BEFORE").map(PathBuf::from)
}

/// A command of the binary in `folder`, with nothing of this process's environment but the PATH.
pub fn command(folder: &Path) -> Command {
    prepared(Command::new(binary()), folder)
}

fn prepared(mut command: Command, folder: &Path) -> Command {
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .kill_on_drop(true);
    command
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// Runs a command of the binary to its end.
pub async fn run(folder: &Path, arguments: &[&str], env: &[(&str, &str)], input: &str) -> Ran {
    use tokio::io::AsyncWriteExt as _;

    let mut child = command(folder)
        .args(arguments)
        .envs(env.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    let _ = stdin.write_all(input.as_bytes()).await; // it may end before it has read all
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A server of its own.
#[derive(Debug)]
pub struct Server {
    /// The process: that of the tracer, when it runs under one.
    pub child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// What it logged before it listened, and what was read of its log since.
    pub said: Vec<String>,
    lines: tokio::io::Lines<BufReader<tokio::process::ChildStderr>>,
}

impl Server {
    /// Starts a server in `folder`.
    pub async fn start(folder: &Path, env: &[(&str, &str)]) -> Self {
        Self::listening(command(folder), env).await
    }

    /// Starts a server of the version `before` in `folder`.
    pub async fn start_before(before: &Path, folder: &Path, env: &[(&str, &str)]) -> Self {
        Self::listening(prepared(Command::new(before), folder), env).await
    }

    /// Starts a server in `folder` that may have so many files open.
    pub async fn start_with_files(folder: &Path, files: u32) -> Self {
        let mut command = prepared(Command::new("sh"), folder);
        let limited = format!("ulimit -n {files} && exec \"$0\"");
        command.arg("-c").arg(limited).arg(binary());
        Self::listening(command, &[]).await
    }

    /// Starts a server under `strace`, which writes what it sees to `trace`.
    pub async fn start_traced(folder: &Path, trace: &Path) -> Self {
        let mut command = prepared(Command::new("strace"), folder);
        command
            .args([
                "-f",
                "-yy",
                "-s",
                "48",
                "-e",
                "trace=fsync,fdatasync,read,recvfrom,write,pwrite64,writev,sendto,sendmsg",
                "-o",
            ])
            .arg(trace)
            .arg(binary());
        Self::listening(command, &[]).await
    }

    /// Starts a server that may leave an image of its memory, as far as its limits go, when it crashes.
    pub async fn start_with_core_dumps(folder: &Path) -> Self {
        let mut command = prepared(Command::new("sh"), folder);
        command
            .args(["-c", "ulimit -c unlimited; exec \"$0\""])
            .arg(binary());
        Self::listening(command, &[]).await
    }

    async fn listening(mut command: Command, env: &[(&str, &str)]) -> Self {
        let mut child = command
            .env("PORTCULLIS_LISTEN", "127.0.0.1:0")
            // Counted as ever, and out of the way of tests of other things.
            .env("RATELIMIT_DEFAULT", "1000000 per hour")
            .env("PORTCULLIS_RATELIMIT_USER", "1000000 per hour")
            .env("PORTCULLIS_RATELIMIT_HASHING", "1000000 per hour")
            .env("PORTCULLIS_RATELIMIT_SIGNIN", "1000000 per hour")
            .env("PORTCULLIS_RATELIMIT_PAGES", "1000000 per hour")
            .env("PORTCULLIS_RATELIMIT_TAKEN", "1000000 per hour")
            // For a machine that does much else.
            .env("PORTCULLIS_REQUEST_TIMEOUT", "30")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let stderr = child.stderr.take().expect("it is piped");
        let mut lines = BufReader::new(stderr).lines();
        let mut said = Vec::new();
        let address = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = lines.next_line().await {
                let told = serde_json::from_str::<serde_json::Value>(&line)
                    .ok()
                    .and_then(|line| line["address"].as_str().and_then(|text| text.parse().ok()));
                if told.is_some() {
                    return told;
                }
                said.push(line);
            }
            None
        })
        .await
        .ok()
        .flatten();
        let address =
            address.unwrap_or_else(|| panic!("it doesn't say where it listens: {said:?}"));
        Self {
            child,
            address,
            said,
            lines,
        }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sends it a signal, such as `HUP`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status()
            .await;
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for a log line that contains `text`.
    pub async fn until_logged(&mut self, text: &str) {
        let logged = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                if line.contains(text) {
                    return true;
                }
            }
            false
        });
        assert!(logged.await.unwrap_or(false), "it never says {text:?}");
    }

    /// Waits for a log line that contains all of `parts`, whether it was logged before or is yet to come.
    pub async fn until_said(&mut self, parts: &[&str]) {
        let says = |line: &String| parts.iter().all(|part| line.contains(part));
        if self.said.iter().any(says) {
            return;
        }
        let logged = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                let found = says(&line);
                self.said.push(line);
                if found {
                    return true;
                }
            }
            false
        });
        let logged = logged.await.unwrap_or(false);
        assert!(logged, "it never says {parts:?}: {:?}", self.said);
    }

    /// Runs on for as long as it is waited for, and writes its log into a file: a server whose log nobody
    /// reads loses lines.
    pub async fn log_into(mut self, file: PathBuf) {
        use tokio::io::AsyncWriteExt as _;

        let file = tokio::fs::File::create(file).await;
        let mut file = tokio::io::BufWriter::new(file.expect("a file for the log"));
        while let Ok(Some(line)) = self.lines.next_line().await {
            let _ = file.write_all(format!("{line}\n").as_bytes()).await;
            let _ = file.flush().await;
        }
    }

    /// Ends it as a power cut would.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is ours to end");
    }

    /// Ends it as a crash would, and gives how it ended.
    pub async fn crash(mut self) -> ExitStatus {
        self.signal("QUIT").await;
        self.child.wait().await.expect("it ends")
    }

    /// Asks a traced server to stop, and waits for its tracer to have written everything.
    pub async fn stop_traced(mut self) {
        let tracer = self.child.id().expect("it runs");
        let children = std::fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"));
        let child = children.expect("Linux tells the children of a process");
        let sent = Command::new("kill")
            .args(["-TERM", child.trim()])
            .status()
            .await;
        assert!(sent.expect("kill runs").success());
        self.child.wait().await.expect("it ends");
    }

    /// Asks it to stop (SIGTERM), and gives its exit code and the rest of its log.
    pub async fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM").await;
        let mut log = String::new();
        while let Ok(Some(line)) = self.lines.next_line().await {
            log.push_str(&line);
            log.push('\n');
        }
        (self.child.wait().await.expect("it ends").code(), log)
    }
}
