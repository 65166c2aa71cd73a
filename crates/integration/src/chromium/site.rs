//! The real binary over https, under a name of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use rcgen::PublicKeyData as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use smtp_testing::{MailServer, Received, Setup};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Browser, Profile, Stranger, at_hand};
use crate::PASSWORD;
use crate::process::Server;

/// A browser wants a core and some hundred megabytes for itself.
static SEATS: Semaphore = Semaphore::const_new(2);

/// The accounts' site, and the stranger's beside it.
#[derive(Debug)]
pub struct Site {
    /// The process.
    pub server: Server,
    mail: Option<MailServer>,
    stranger: Stranger,
    pin: String,
    folder: TempDir,
    _seat: SemaphorePermit<'static>,
}

/// An answer, as curl saw it.
#[derive(Debug)]
pub struct Fetched {
    /// Its status.
    pub status: u16,
    /// Its headers, with their names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: String,
}

impl Fetched {
    /// The first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(there, _)| there == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A text at the top of a JSON body.
    #[track_caller]
    pub fn text(&self, member: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).expect("the body is JSON");
        let value = body[member].as_str();
        value
            .unwrap_or_else(|| panic!("no {member} in {body}"))
            .to_owned()
    }
}

impl Site {
    /// The name under which a browser reaches the accounts.
    pub const HOST: &'static str = "accounts.test";

    /// A site with these settings; `None` where there is no browser to look at it with.
    pub async fn start(settings: &[(&str, &str)]) -> Option<Self> {
        if !(at_hand("chromedriver") && at_hand("chromium") && at_hand("curl")) {
            return None;
        }
        let seat = SEATS.acquire().await.expect("it is never closed");
        let folder = tempfile::tempdir().expect("a folder for the test");
        let names = [Self::HOST, Stranger::HOST, Stranger::NEIGHBOUR].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
        let pin = Sha256::digest(made.signing_key.subject_public_key_info());
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        std::fs::write(folder.path().join("cert.pem"), certificate).expect("it is ours");
        std::fs::write(folder.path().join("key.pem"), key).expect("it is ours");
        let server = serve(folder.path(), settings).await;
        let stranger = Stranger::start(folder.path()).await;
        Some(Self {
            server,
            mail: None,
            stranger,
            pin: base64::engine::general_purpose::STANDARD.encode(pin),
            folder,
            _seat: seat,
        })
    }

    /// A site with these settings that sends mail.
    pub async fn with_mail(settings: &[(&str, &str)]) -> Option<Self> {
        let mail = MailServer::start(Setup::default()).await;
        let site = Self::start(&posting(&mail.url(), settings)).await?;
        Some(Self {
            mail: Some(mail),
            ..site
        })
    }

    /// The site that sends mail, with its accounts and these settings in place of those before. Browsers of before don't find
    /// it.
    pub async fn restart_with(self, settings: &[(&str, &str)]) -> Self {
        let mail = self.mail.as_ref().expect("it sends mail").url();
        self.server.stop().await;
        let server = serve(self.folder.path(), &posting(&mail, settings)).await;
        Self { server, ..self }
    }

    /// The next letter to this address whose link leads to the page at `path`.
    pub async fn letter(&self, to: &str, path: &str) -> Received {
        let mail = self.mail.as_ref().expect("it sends mail");
        let page = self.url(&format!("{path}?token="));
        loop {
            let letter = mail.mailbox().wait_for(to).await;
            if letter.text().contains(&page) {
                return letter;
            }
        }
    }

    /// The URL of a page.
    pub fn url(&self, path: &str) -> String {
        format!("https://{}{path}", Self::HOST)
    }

    /// What serves the attacker's pages.
    pub fn stranger(&self) -> &Stranger {
        &self.stranger
    }

    /// A browser with a fresh profile.
    pub async fn browser(&self) -> Browser {
        self.browser_as(Profile::default()).await
    }

    /// A browser with a fresh profile of this kind.
    pub async fn browser_as(&self, profile: Profile) -> Browser {
        Browser::start(self, profile).await
    }

    /// The digest of the only key that browsers shall trust without knowing who signed it.
    pub fn pin(&self) -> &str {
        &self.pin
    }

    /// Which name is served where.
    pub(super) fn names(&self) -> [(&'static str, SocketAddr); 3] {
        [
            (Self::HOST, self.server.address),
            (Stranger::HOST, self.stranger.address),
            (Stranger::NEIGHBOUR, self.stranger.address),
        ]
    }

    /// Asks with curl, as a client that is no browser.
    pub async fn fetch(&self, path: &str, options: &[&str]) -> Fetched {
        let target = format!("{}:443:{}", Self::HOST, self.server.address);
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--include", "--noproxy", "*"])
            .args(["--max-time", "60", "--connect-to", &target, "--cacert"])
            .arg(self.certificate())
            .args(options)
            .arg(self.url(path))
            .output()
            .await
            .expect("curl runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{path}: {complaint}");
        parse(&String::from_utf8_lossy(&output.stdout))
    }

    /// Posts JSON to the interface for programs.
    pub async fn post(&self, path: &str, body: &Value) -> Fetched {
        let kind = "content-type: application/json";
        let path = format!("/api/v1{path}");
        self.fetch(&path, &["--header", kind, "--data", &body.to_string()])
            .await
    }

    /// Makes an account.
    pub async fn has_account(&self, name: &str) {
        let email = format!("{name}@example.org");
        let body = json!({"username": name, "email": email, "password": PASSWORD});
        let made = self.post("/register", &body).await;
        assert_eq!(made.status, 201, "{made:?}");
    }

    /// Tries to sign in for a session of its own.
    pub async fn login(&self, name: &str, password: &str) -> Fetched {
        let body = json!({"username": name, "password": password});
        self.post("/login", &body).await
    }

    /// Whether an access token still opens its session.
    pub async fn lives(&self, access: &str) -> bool {
        let bearer = format!("authorization: Bearer {access}");
        let answer = self.fetch("/api/v1/me", &["--header", &bearer]).await;
        match answer.status {
            200 => true,
            401 => false,
            _ => panic!("{answer:?}"),
        }
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }
}

/// A server in `folder`, where its certificate is.
async fn serve(folder: &Path, settings: &[(&str, &str)]) -> Server {
    let mut env = vec![
        ("PORTCULLIS_TLS_CERT", "cert.pem"),
        ("PORTCULLIS_TLS_KEY", "key.pem"),
        ("PORTCULLIS_PUBLIC_URL", "https://accounts.test"),
    ];
    env.extend_from_slice(settings); // the later one wins
    Server::start(folder, &env).await
}

/// These settings, with those by which mail goes to the server at `url`.
fn posting<'a>(url: &'a str, settings: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("PORTCULLIS_MAIL_URL", url),
        ("PORTCULLIS_MAIL_FROM", "Accounts <accounts@example.org>"),
    ];
    all.extend_from_slice(settings);
    all
}

/// Takes head and body apart.
fn parse(answer: &str) -> Fetched {
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let first = lines.next().expect("a status line");
    let status = first.split(' ').nth(1).and_then(|text| text.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    Fetched {
        status: status.unwrap_or_else(|| panic!("no status in {first}")),
        headers: headers
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect(),
        body: body.to_owned(),
    }
}
