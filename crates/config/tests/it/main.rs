//! Configurations read from real folders.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what supports tests fails as they do"
)]

mod described;
mod development;
mod faults;
mod files;
mod flask;
mod generated_files;
mod leftovers;
mod limits;
mod listening;
mod logging;
mod mail;
mod secrecy;
mod sources;
mod tokens;

use std::path::Path;

use config::{Config, ConfigError, Flags, Sources};
use tempfile::TempDir;

/// Two good secrets.
const JWT_KEY: &str = "9f1c0e7ab25d4836f0a1c2e3d4b5968778695a4b3c2d1e0fa9b8c7d6e5f40312";
const APP_KEY: &str = "b7e2d94c1a6f8035e4d2c1b0a9f8e7d65c4b3a29180f7e6d5c4b3a2918076f5e";

/// A folder with a `.env`, an environment and flags.
struct Setup {
    folder: TempDir,
    env: Vec<(String, String)>,
    flags: Flags,
}

impl Setup {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            env: Vec::new(),
            flags: Flags::default(),
        }
    }

    fn dotenv(text: &str) -> Self {
        Self::new().file(".env", text)
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self.mode(name, 0o600)
    }

    fn mode(self, name: &str, mode: u32) -> Self {
        use std::os::unix::fs::PermissionsExt as _;

        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.folder.path().join(name), mode).unwrap();
        self
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn listen(mut self, address: &str) -> Self {
        self.flags.listen = Some(address.to_owned());
        self
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn sources(&self) -> Sources {
        Sources {
            env: self
                .env
                .iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            working_dir: self.path().to_owned(),
            flags: self.flags.clone(),
        }
    }

    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(self.sources())
    }

    /// The configuration, which must be good.
    #[track_caller]
    fn good(&self) -> Config {
        self.load().unwrap_or_else(|error| panic!("{error}"))
    }

    /// The notices of the configuration, which must be good.
    #[track_caller]
    fn notices(&self) -> Vec<String> {
        let notices = self.good().notices;
        notices.iter().map(ToString::to_string).collect()
    }

    /// The names and messages of the faults, of which there must be some.
    #[track_caller]
    fn faults(&self) -> Vec<(String, String)> {
        let faults = self.load().expect_err("there are no faults").faults;
        faults
            .into_iter()
            .map(|fault| (fault.name, fault.message))
            .collect()
    }

    /// The one fault, as it is printed.
    #[track_caller]
    fn fault(&self) -> String {
        let faults = self.load().expect_err("there are no faults").faults;
        assert_eq!(faults.len(), 1, "{faults:?}");
        faults[0].to_string()
    }
}
