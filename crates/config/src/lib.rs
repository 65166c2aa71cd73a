//! The settings of Portcullis: read from flags, the environment, a `.env` file and files of secrets;
//! checked as a whole; given out as typed sections.
//!
//! - Every setting is one constant in [`env_vars`]; `docs/configuration.md` and `.env.example` are
//!   generated from them.
//! - [`Config::load`] reports every fault at once, and reads only: it makes nothing.
//! - [`Config::keys`] makes the secrets that a development set-up lacks, once.
//! - No secret is ever printed, whether by `Debug`, in a fault, or by [`Config::describe`].
//!
//! ```
//! use config::{Config, Flags, Sources};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join(".env"), "JWT_ACCESS_TOKEN_EXPIRES=600\n")?;
//!
//! let config = Config::load(Sources {
//!     env: vec![("PORTCULLIS_REGISTRATION".into(), "closed".into())],
//!     working_dir: folder.path().to_owned(),
//!     flags: Flags { listen: Some("127.0.0.1:9000".into()), ..Flags::default() },
//! })?;
//!
//! assert_eq!(config.tokens.access_expires.as_secs(), 600);
//! assert_eq!(config.server.public_url.as_str(), "http://127.0.0.1:9000");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod describe;
mod development_secrets;
mod dotenv;
pub mod env_vars;
mod fault;
mod files;
mod gather;
mod keys;
mod leftovers;
mod load;
mod origin;
mod planned;
mod reader;
mod redact;
mod reference;
pub mod sections;
mod source;
mod strength;
mod unknown;
mod values;

pub use describe::{Row, render_rows};
pub use development_secrets::DevelopmentSecretsError;
pub use fault::{ConfigError, Fault, Notice};
pub use keys::Keys;
pub use load::Config;
pub use origin::Origin;
pub use reference::{render_env_example, render_reference};
pub use sections::{
    Algorithm, EmailVerification, Forms, Limits, Listening, Log, LogFormat, Mail, Passwords,
    PublicUrl, Registration, SecondFactor, SecretSource, Secrets, Server, Sessions, Storage,
    TlsFiles, Tokens,
};
pub use source::{Flags, Sources};
