//! A real server that fails for one client because a test wants it to: its fail point `failCommand`, which
//! a server has that was started with `enableTestCommands=1`.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use mongodb::Client;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;

/// A server that fails for whoever connects to [`uri`](Self::uri), and for nobody else.
///
/// A server has one such fail point: whoever wants it next, in this process or another, waits until this is dropped.
pub struct FailPoint {
    /// The server's address for the client that is to see it fail.
    pub uri: String,
    admin: Client,
    app_name: String,
    /// Locked while this lives.
    _turn: File,
}

impl FailPoint {
    /// Waits for the turn to have the server at `uri` fail; nothing where it has no such fail point.
    pub async fn on(uri: &str) -> Option<Self> {
        let options = ClientOptions::parse(uri).await;
        let options = options.expect("the address of a server");
        let lock = lock_of(&options);
        let admin = Client::with_options(options).expect("a client");
        let app_name = format!("failing-{}", ObjectId::new().to_hex());
        let turn = tokio::task::spawn_blocking(move || {
            let file = File::create(lock).expect("a file in the folder for such");
            file.lock().expect("the lock can be waited for");
            file
        });
        let separator = match uri.split_once("://").map(|(_, rest)| rest) {
            Some(rest) if rest.contains('?') => "&",
            Some(rest) if rest.contains('/') => "?",
            _ => "/?",
        };
        let point = Self {
            uri: format!("{uri}{separator}appName={app_name}"),
            admin,
            app_name,
            _turn: turn.await.expect("the lock is waited for"),
        };
        point.set(doc! { "mode": "off" }).await.ok()?;
        Some(point)
    }

    /// From now on these commands fail with this error.
    pub async fn report(&self, commands: &[&str], code: i32) {
        self.fail(commands, "alwaysOn", doc! { "errorCode": code })
            .await;
    }

    /// The next `times` of these commands fail with this error.
    pub async fn report_times(&self, commands: &[&str], code: i32, times: i32) {
        let mode = doc! { "times": times };
        self.fail(commands, mode, doc! { "errorCode": code }).await;
    }

    /// These commands fail by a duplicate key once so many of them were done.
    pub async fn report_duplicates_after(&self, commands: &[&str], done: i32) {
        let details = doc! { "keyPattern": { "a": 1 }, "keyValue": { "a": 1 } };
        let failing = doc! { "errorCode": 11000, "errorExtraInfo": details };
        self.fail(commands, doc! { "skip": done }, failing).await;
    }

    /// From now on these commands fail with this error and its labels.
    pub async fn report_labelled(&self, commands: &[&str], code: i32, labels: &[&str]) {
        let labels = labels.to_vec();
        let failing = doc! { "errorCode": code, "errorLabels": labels };
        self.fail(commands, "alwaysOn", failing).await;
    }

    /// From now on these commands are done, and what they did not confirmed: with this error.
    pub async fn leave_unconfirmed(&self, commands: &[&str], code: i32) {
        let error = doc! { "code": code, "errmsg": "as a test wants it" };
        self.fail(commands, "alwaysOn", doc! { "writeConcernError": error })
            .await;
    }

    /// From now on these commands wait for so long before they are done.
    pub async fn delay(&self, commands: &[&str], wait: Duration) {
        let millis = i64::try_from(wait.as_millis()).expect("some time");
        let blocked = doc! { "blockConnection": true, "blockTimeMS": millis };
        self.fail(commands, "alwaysOn", blocked).await;
    }

    /// Nothing fails any more.
    pub async fn off(&self) {
        let set = self.set(doc! { "mode": "off" }).await;
        set.expect("the server has the fail point");
    }

    async fn fail(&self, commands: &[&str], mode: impl Into<mongodb::bson::Bson>, how: Document) {
        let commands = commands.to_vec();
        let mut data = doc! { "failCommands": commands, "appName": &self.app_name };
        data.extend(how);
        let set = self.set(doc! { "mode": mode.into(), "data": data }).await;
        set.expect("the server has the fail point");
    }

    async fn set(&self, how: Document) -> mongodb::error::Result<()> {
        let mut command = doc! { "configureFailPoint": "failCommand" };
        command.extend(how);
        let admin = self.admin.database("admin");
        admin.run_command(command).await.map(drop)
    }
}

/// The file that whoever wants these servers to fail locks.
fn lock_of(options: &ClientOptions) -> PathBuf {
    let hosts: Vec<_> = options.hosts.iter().map(ToString::to_string).collect();
    let hosts = hosts.join("_").replace(|c: char| !c.is_alphanumeric(), "_");
    std::env::temp_dir().join(format!("portcullis-fail-point-{hosts}"))
}
