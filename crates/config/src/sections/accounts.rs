//! Sessions, sign-up and passwords.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secret::Secret;

use crate::{
    env_vars::accounts::{
        BCRYPT_PEPPER, BCRYPT_TRUNCATE, BREACHED_FILE, DELETION_GRACE, EVENTS_DAYS, HASH_UPGRADE,
        MFA, MFA_GRACE, MFA_REMEMBER, PASSWORD_MIN_LENGTH, REFRESH_GRACE, REGISTRATION,
        REVOCATION_MAX_STALENESS, SESSION_MAX_AGE,
    },
    reader::Reader,
};

/// How long sessions last and how fast their end is felt.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// For how long a used refresh token gets the same answer again.
    pub refresh_grace: Duration,
    /// How long a session lasts at most.
    pub max_age: Duration,
    /// For how long tokens are accepted without word from the store.
    pub revocation_max_staleness: Duration,
}

/// What is asked of passwords, and what becomes of old hashes.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// The least number of characters of a new password.
    pub min_length: usize,
    /// The list of passwords that are known from breaches.
    pub breached_file: Option<PathBuf>,
    /// Whether hashes are ours: an outdated one is replaced at the next login, and a new one is
    /// Argon2id. Otherwise they are left, and written, as Werkzeug reads them.
    pub upgrade: bool,
    /// Whether bcrypt sees the first 72 bytes of a longer password, which else doesn't match.
    pub truncate_bcrypt: bool,
    /// What stands behind every password that bcrypt sees.
    pub bcrypt_pepper: Option<Secret<String>>,
}

/// The longest pepper, in bytes. Behind the 72nd byte bcrypt sees nothing of it.
const MAX_PEPPER_BYTES: usize = 1024;

/// Who may create an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Anyone.
    #[default]
    Open,
    /// Nobody.
    Closed,
}

/// Who must have a second factor, and how often it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactor {
    /// Whether every account must have one.
    pub required: bool,
    /// How long an account may do without one from when it was first asked for it.
    pub grace: Duration,
    /// How long a device may be remembered that has shown it; zero: none is.
    pub remember: Duration,
}

/// For how long a change of the address can be taken back.
const UNDO: Duration = Duration::from_hours(7 * 24);

/// How long an account waits whose owner deletes it.
pub(crate) fn deletion_grace(reader: &mut Reader) -> Duration {
    let grace = reader.seconds(&DELETION_GRACE);
    if !grace.is_zero() && grace < UNDO {
        reader.notice(
            &DELETION_GRACE,
            "is less than seven days: an account can be gone before its owner reads of the deletion, or takes back a \
             change of the address that somebody else made",
        );
    }
    grace
}

/// How long the store keeps what happened to accounts; `None` where it doesn't.
pub(crate) fn events_kept(reader: &mut Reader) -> Option<Duration> {
    let days: u64 = reader.number(&EVENTS_DAYS);
    (days > 0).then(|| Duration::from_hours(24 * days))
}

impl SecondFactor {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let required = reader.choice(&MFA, &[("optional", false), ("required", true)]);
        let mut days = |var| Duration::from_hours(24 * reader.number(var));
        let (grace, remember) = (days(&MFA_GRACE), days(&MFA_REMEMBER));
        if !grace.is_zero() && !required {
            reader.notice(&MFA_GRACE, "does nothing while PORTCULLIS_MFA is optional");
        }
        Self {
            required,
            grace,
            remember,
        }
    }
}

impl Sessions {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        Self {
            refresh_grace: reader.seconds(&REFRESH_GRACE),
            max_age: reader.seconds(&SESSION_MAX_AGE),
            revocation_max_staleness: reader.seconds(&REVOCATION_MAX_STALENESS),
        }
    }
}

impl Passwords {
    pub(crate) fn read(reader: &mut Reader, working_dir: &Path) -> Self {
        Self {
            breached_file: reader.optional(&BREACHED_FILE, |text| match text {
                "" => Err("names no file"),
                text => Ok(working_dir.join(text)),
            }),
            min_length: usize::try_from(reader.number(&PASSWORD_MIN_LENGTH)).unwrap_or(usize::MAX),
            upgrade: reader.switch(&HASH_UPGRADE),
            truncate_bcrypt: reader.switch(&BCRYPT_TRUNCATE),
            bcrypt_pepper: reader.optional(&BCRYPT_PEPPER, |text| match text.len() {
                1..=MAX_PEPPER_BYTES if !text.contains('\0') => Ok(Secret::from(text)),
                _ => Err(format!(
                    "must be 1 to {MAX_PEPPER_BYTES} bytes, none of them zero"
                )),
            }),
        }
    }
}

impl Registration {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        reader.choice(
            &REGISTRATION,
            &[("open", Self::Open), ("closed", Self::Closed)],
        )
    }

    /// Whether anyone may create an account.
    pub fn is_open(self) -> bool {
        self == Self::Open
    }
}
