//! Every setting there is: one documented constant per environment variable.
//!
//! The doc comment of a constant is the text of the reference, so the two can't differ: see
//! [`render_reference`](crate::render_reference).

pub mod accounts;
pub mod forms;
pub mod limits;
pub mod mail;
pub mod operation;
pub mod planned;
pub mod server;
pub mod tokens;

/// One setting: how it is called, what it takes, what holds without it.
#[derive(Debug)]
pub struct EnvVar {
    /// The name of the environment variable, `JWT_SECRET_KEY`.
    pub name: &'static str,
    /// The part of the server that the setting belongs to; the reference has a section for each.
    pub area: Area,
    /// What a value looks like, and its bounds.
    pub kind: Kind,
    /// What holds when the variable isn't set.
    pub default: Fallback,
    /// The flag of `portcullis serve` that goes over the variable, `--listen`.
    pub flag: Option<&'static str>,
    /// Whether this version does what the setting says.
    pub status: Status,
    /// What the setting does, in Markdown.
    pub doc: &'static str,
}

/// A part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Where the server listens and how it is reached.
    Server,
    /// The application's secrets.
    Secrets,
    /// Access and refresh tokens.
    Tokens,
    /// Sessions and how fast their end is felt.
    Sessions,
    /// Accounts and their passwords.
    Accounts,
    /// Mail, and what people read.
    Mail,
    /// Where accounts are kept.
    Storage,
    /// What is logged, and how.
    Logging,
    /// Limits on the number of requests.
    Limits,
    /// Protection of forms.
    Forms,
}

/// What the value of a setting looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An address and port to listen on.
    Address,
    /// A folder or file.
    Path,
    /// An http or https address without path.
    PublicUrl,
    /// Whole seconds within these bounds, both included.
    Seconds {
        /// The least that is taken.
        min: u64,
        /// The most that is taken.
        max: u64,
    },
    /// A whole number within these bounds, both included.
    Number {
        /// The least that is taken.
        min: u64,
        /// The most that is taken.
        max: u64,
    },
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Free text.
    Text,
    /// A time, as RFC 3339 writes it.
    Time,
    /// Networks, separated by commas.
    Networks,
    /// Addresses of scheme, host and port, separated by commas.
    Origins,
    /// Limits in Flask-Limiter's notation: an amount and a time, several with `;` between them.
    Limits,
    /// Which events are logged.
    LogFilter,
    /// A random secret of at least 32 bytes.
    Secret,
    /// A secret that another application chose, taken as it is.
    ForeignSecret,
    /// A private key in PEM.
    PrivateKey,
    /// A public key in PEM.
    PublicKey,
    /// The address of a store, which may hold a password.
    StoreUri,
    /// The address of a mail server, which may hold a password, or of a folder.
    MailUrl,
}

/// What holds when a variable isn't set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This value, read like any other.
    Value(&'static str),
    /// Something that depends on other settings, in words; or nothing.
    Described(&'static str),
}

/// Whether this version does what a setting says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Active,
    /// Not yet, and starting without would mislead: set, it stops the start.
    PlannedRefused,
    /// Not yet: set, it is answered by a notice at the start.
    PlannedNotice,
}

impl EnvVar {
    /// The name of the variable that holds the path of a file with the value, where there is one:
    /// `JWT_SECRET_KEY_FILE`.
    pub fn file_variable(&self) -> Option<String> {
        self.kind
            .may_be_in_a_file()
            .then(|| format!("{}_FILE", self.name))
    }
}

impl Kind {
    /// Whether no part of the value may ever be shown.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::ForeignSecret | Self::PrivateKey)
    }

    /// Whether whoever reads the value learns a secret.
    pub const fn holds_secrets(self) -> bool {
        self.is_secret() || matches!(self, Self::StoreUri | Self::MailUrl)
    }

    /// Whether `NAME_FILE` may name a file that holds the value.
    pub const fn may_be_in_a_file(self) -> bool {
        matches!(
            self,
            Self::Secret
                | Self::ForeignSecret
                | Self::PrivateKey
                | Self::PublicKey
                | Self::StoreUri
                | Self::MailUrl
        )
    }
}

impl Area {
    /// All areas, in the order of the reference.
    pub const ALL: [Self; 10] = [
        Self::Server,
        Self::Secrets,
        Self::Tokens,
        Self::Sessions,
        Self::Accounts,
        Self::Mail,
        Self::Storage,
        Self::Logging,
        Self::Limits,
        Self::Forms,
    ];

    /// The heading of the area's section in the reference.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Server => "Server",
            Self::Secrets => "Secrets",
            Self::Tokens => "Tokens",
            Self::Sessions => "Sessions",
            Self::Accounts => "Accounts and passwords",
            Self::Mail => "Mail and texts",
            Self::Storage => "Storage",
            Self::Logging => "Logging",
            Self::Limits => "Rate limits",
            Self::Forms => "Forms",
        }
    }
}

/// Every setting, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static EnvVar> {
    Area::ALL
        .into_iter()
        .flat_map(|area| unordered().filter(move |var| var.area == area))
}

/// Every setting, file by file.
fn unordered() -> impl Iterator<Item = &'static EnvVar> {
    [
        server::ALL,
        tokens::ALL,
        accounts::ALL,
        mail::ALL,
        forms::ALL,
        limits::ALL,
        operation::ALL,
        planned::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Declares constants of type [`EnvVar`] and the list `ALL` of them: the doc comment of each becomes
/// its `doc`.
macro_rules! env_vars {
    ($(
        $(#[doc = $doc:literal])+
        $constant:ident = $name:literal, $area:ident, $kind:expr, $default:expr
        $(, flag $flag:literal)? $(, status $status:ident)?;
    )+) => {
        $(
            $(#[doc = $doc])+
            pub static $constant: $crate::env_vars::EnvVar = $crate::env_vars::EnvVar {
                name: $name,
                area: $crate::env_vars::Area::$area,
                kind: $kind,
                default: $default,
                flag: $crate::env_vars::env_vars!(@flag $($flag)?),
                status: $crate::env_vars::env_vars!(@status $($status)?),
                doc: concat!($($doc, "\n"),+),
            };
        )+
        /// The settings of this file.
        pub(super) static ALL: &[&$crate::env_vars::EnvVar] = &[$(&$constant),+];
    };
    (@flag) => { None };
    (@flag $flag:literal) => { Some($flag) };
    (@status) => { $crate::env_vars::Status::Active };
    (@status $status:ident) => { $crate::env_vars::Status::$status };
}
use env_vars;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_name_stands_for_one_setting() {
        let mut names = BTreeSet::new();
        for var in all() {
            assert!(names.insert(var.name.to_owned()), "{} twice", var.name);
            if let Some(file) = var.file_variable() {
                assert!(names.insert(file), "{}_FILE twice", var.name);
            }
        }
    }

    #[test]
    fn every_area_is_listed() {
        assert_eq!(all().count(), unordered().count());
        for area in Area::ALL {
            assert!(all().any(|var| var.area == area), "{area:?} is empty");
        }
    }
}
