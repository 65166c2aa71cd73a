//! The settings by subject, typed: one struct per section.

mod accounts;
mod forms;
mod limits;
mod log;
mod mail;
mod secrets;
mod server;
mod storage;
mod tokens;

pub use accounts::{Passwords, Registration, SecondFactor, Sessions};
pub(crate) use accounts::{deletion_grace, events_kept};
pub use forms::Forms;
pub use limits::Limits;
pub use log::{Log, LogFormat};
pub use mail::{EmailVerification, Mail};
pub(crate) use secrets::check_distinct;
pub use secrets::{SecretSource, Secrets};
pub use server::{Listening, PublicUrl, Server, TlsFiles};
pub use storage::Storage;
pub use tokens::{Algorithm, Tokens};
