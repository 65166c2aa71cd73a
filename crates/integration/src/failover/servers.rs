//! Servers on one database, whose logs are read while they run.

use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::Plan;
use crate::process::Server;

/// Some servers. They are killed with this value.
#[derive(Debug)]
pub(super) struct Servers {
    pub(super) urls: Vec<String>,
    running: JoinSet<()>,
    folder: TempDir,
}

impl Servers {
    pub(super) async fn start(plan: &Plan, mongo_uri: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let seconds = |time: Duration| time.as_secs().to_string();
        let (grace, staleness) = (seconds(plan.grace), seconds(plan.staleness));
        let env = [
            ("JWT_SECRET_KEY", "4b1f6ad09c72e85b3f0d9a6c1e47b2d85c90fe36"),
            ("SECRET_KEY", "d27c5e90b1f84a3663e0c8f7a9d1542bb86f03ce"),
            ("JWT_ENCODE_ISSUER", "https://accounts.example.org"),
            ("MONGO_URI", mongo_uri),
            ("PORTCULLIS_REFRESH_GRACE", &*grace),
            ("PORTCULLIS_REVOCATION_MAX_STALENESS", &*staleness),
        ];
        let (mut urls, mut running) = (Vec::new(), JoinSet::new());
        for number in 0..plan.servers {
            let server = Server::start(folder.path(), &env).await;
            urls.push(server.url());
            running.spawn(server.log_into(folder.path().join(format!("server{number}.log"))));
        }
        Self {
            urls,
            running,
            folder,
        }
    }

    /// Ends them, and leaves their logs where they are.
    pub(super) fn keep_logs(self) {
        drop(self.running);
        eprintln!("the servers' logs are in {}", self.folder.keep().display());
    }
}
