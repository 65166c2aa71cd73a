//! A telephone: its camera is `zbarimg`, its authenticator app `oathtool`. Neither shares a line with the server.

use std::process::{Command, Stdio};

use super::{Browser, at_hand};

/// An authenticator app that has scanned a code.
#[derive(Debug)]
pub struct App {
    /// What was scanned.
    pub uri: url::Url,
    secret: String,
}

impl App {
    /// Whether the running test has what it needs for one.
    pub fn is_at_hand() -> bool {
        at_hand("zbarimg") && at_hand("oathtool")
    }

    /// One that has scanned the page, as it is to be seen.
    pub async fn scans(browser: &Browser) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the picture");
        let file = folder.path().join("page.png");
        std::fs::write(&file, browser.picture().await).expect("it is ours");
        let mut camera = Command::new("zbarimg");
        let camera = camera.args(["--quiet", "--raw", "--nodbus"]).arg(&file);
        let uri = printed(camera).trim().to_owned();
        let uri = url::Url::parse(&uri).unwrap_or_else(|error| panic!("{uri:?}: {error}"));
        let secret = uri.query_pairs().find(|(name, _)| name == "secret");
        let (_, secret) = secret.expect("a secret");
        let secret = secret.into_owned();
        Self { uri, secret }
    }

    /// The code that it shows now.
    pub fn shows(&self) -> String {
        self.shows_at("now")
    }

    /// The code that it shows next: good already, and another one, so that nobody waits for it.
    pub fn shows_next(&self) -> String {
        self.shows_at("now + 30 seconds")
    }

    fn shows_at(&self, time: &str) -> String {
        let mut app = Command::new("oathtool");
        let app = app.args(["--totp", "--base32", "--now", time, &self.secret]);
        printed(app).trim().to_owned()
    }
}

fn printed(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("it prints text")
}
