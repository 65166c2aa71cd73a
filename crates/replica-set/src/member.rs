//! One member: a `mongod` of its own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::{Document, doc};
use mongodb::error::{Error, Result};
use mongodb::options::{ClientOptions, ServerAddress};
use rustix::process::{Pid, Signal, kill_process};

use crate::{NAME, PATIENCE};

/// How often a port is tried that was free and then wasn't.
const TRIES: usize = 5;

/// How long a member that runs may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Between two looks at what a member does.
pub(crate) const LOOK: Duration = Duration::from_millis(50);

/// A server, running or not. It is killed with this value.
#[derive(Debug)]
pub(crate) struct Member {
    binary: PathBuf,
    data: PathBuf,
    port: u16,
    process: Option<Child>,
    frozen: bool,
}

impl Member {
    /// Starts one on a port that is free, with its data in a folder of its own.
    pub(crate) async fn start(binary: &Path, data: PathBuf) -> Self {
        std::fs::create_dir(&data).expect("a folder for the data");
        for _ in 0..TRIES {
            let mut member = Self {
                binary: binary.to_owned(),
                data: data.clone(),
                port: free_port(),
                process: None,
                frozen: false,
            };
            member.run();
            if member.until_it_answers().await {
                return member;
            }
        }
        let log = std::fs::read_to_string(log_of(&data)).unwrap_or_default();
        panic!("mongod does not start: {:?}", log.lines().last());
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Whether its process is there and not frozen.
    pub(crate) fn runs(&self) -> bool {
        self.process.is_some() && !self.frozen
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen
    }

    pub(crate) fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        self.frozen = false;
        // Both fail only when it has ended by itself.
        let _ = process.kill();
        let _ = process.wait();
    }

    pub(crate) async fn restart(&mut self) {
        self.kill();
        self.run();
        assert!(self.until_it_answers().await, "it starts again");
    }

    pub(crate) fn freeze(&mut self) {
        self.signal(Signal::STOP);
        self.frozen = true;
    }

    pub(crate) fn thaw(&mut self) {
        self.signal(Signal::CONT);
        self.frozen = false;
    }

    /// Runs a command, on a connection of its own: none that broke meanwhile stands in its way.
    pub(crate) async fn command(&self, database: &str, command: Document) -> Result<Document> {
        let mut options = ClientOptions::default();
        options.hosts = vec![ServerAddress::parse(self.host())?];
        options.direct_connection = Some(true);
        options.server_selection_timeout = Some(ANSWER);
        options.connect_timeout = Some(ANSWER);
        let database = Client::with_options(options)?.database(database);
        let answer = tokio::time::timeout(ANSWER, database.run_command(command)).await;
        answer.unwrap_or_else(|_| Err(Error::custom("no answer")))
    }

    fn run(&mut self) {
        let port = self.port.to_string();
        let process = Command::new(&self.binary)
            .args(["--replSet", NAME, "--port", &*port])
            .args(["--bind_ip", "127.0.0.1", "--nounixsocket"])
            .args(["--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "128"])
            .args(["--setParameter", "enableTestCommands=1"])
            .args(["--setParameter", "diagnosticDataCollectionEnabled=false"])
            .arg("--dbpath")
            .arg(&self.data)
            .arg("--logpath")
            .arg(log_of(&self.data))
            .arg("--logappend")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary of MongoDB runs");
        self.process = Some(process);
    }

    /// Waits until it answers; false when it ends instead.
    async fn until_it_answers(&mut self) -> bool {
        let answers = async {
            loop {
                let process = self.process.as_mut().expect("it was started");
                if process.try_wait().expect("it is ours").is_some() {
                    return false;
                }
                let listens = tokio::net::TcpStream::connect(self.host()).await.is_ok();
                if listens && self.is_ours().await {
                    return true;
                }
                tokio::time::sleep(LOOK).await;
            }
        };
        let answered = tokio::time::timeout(PATIENCE, answers).await;
        answered.expect("a member answers or ends")
    }

    /// Whether what listens has our data. Somebody else may have taken the port, whose server answers before ours ends.
    async fn is_ours(&self) -> bool {
        let started = self.command("admin", doc! { "getCmdLineOpts": 1 }).await;
        let started = started.ok();
        let options = started
            .as_ref()
            .and_then(|it| it.get_document("parsed").ok());
        let storage = options.and_then(|options| options.get_document("storage").ok());
        let data = storage.and_then(|storage| storage.get_str("dbPath").ok());
        data.is_some_and(|data| Path::new(data) == self.data)
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        kill_process(Pid::from_child(process), signal).expect("it is ours");
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.kill();
    }
}

fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

/// A port that nothing listens on, below those that the system gives to whoever asks for any: a member
/// that is restarted must find its own one free.
fn free_port() -> u16 {
    const LOWEST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that test at the same time begin at different places.
    let begin = u16::try_from(std::process::id() % u32::from(COUNT)).expect("less than COUNT");
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(7);
        let port = LOWEST + begin.wrapping_add(step) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}
