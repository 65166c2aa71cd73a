//! Secrets for development: made once, kept in the data folder.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use private_files::Refusal;
use secret::Secret;

use crate::{
    dotenv,
    env_vars::{
        EnvVar,
        tokens::{JWT_SECRET_KEY, SECRET_KEY},
    },
    files, strength,
};

/// The file in the data folder.
const FILE: &str = "development-secrets.env";
/// Random bytes in each secret: 256 bits, as 64 hexadecimal digits.
const BYTES: usize = 32;

/// Fills a buffer with unpredictable bytes, or fails.
pub(crate) type Fill<'a> = &'a mut dyn FnMut(&mut [u8]) -> io::Result<()>;

/// Why there are no secrets for development.
#[derive(Debug, thiserror::Error)]
pub enum DevelopmentSecretsError {
    /// The operating system gave no random bytes.
    #[error("no random bytes for secrets")]
    Random(#[source] io::Error),
    /// The file couldn't be written.
    #[error("can't write secrets to {}; set JWT_SECRET_KEY and SECRET_KEY to do without", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file is there and of no use.
    #[error("{}: {message}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong and how to mend it.
        message: String,
    },
}

/// The secrets of the file.
#[derive(Clone, Debug)]
pub(crate) struct DevelopmentSecrets {
    pub(crate) jwt_secret_key: Secret<String>,
    pub(crate) secret_key: Secret<String>,
}

/// What a look into the data folder found.
#[derive(Debug)]
pub(crate) enum Found {
    /// They aren't wanted: other machines can reach the server.
    NotUsed,
    /// There are none yet.
    Absent { path: PathBuf },
    /// There they are.
    Present {
        path: PathBuf,
        secrets: DevelopmentSecrets,
    },
    /// Something is wrong with where they are; that has been said.
    Faulty,
}

/// Where the secrets of a data folder are.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join(FILE)
}

impl DevelopmentSecrets {
    /// The secret that stands in for a setting.
    pub(crate) fn of(&self, var: &EnvVar) -> &Secret<String> {
        if var.name == JWT_SECRET_KEY.name {
            &self.jwt_secret_key
        } else {
            &self.secret_key
        }
    }

    /// Reads the secrets of a data folder; `None` where there are none yet. The error is a sentence
    /// that follows the name of the file.
    pub(crate) fn read(data_dir: &Path) -> Result<Option<Self>, String> {
        let path = path(data_dir);
        let file = match private_files::open_strict(&path) {
            Ok(file) => file,
            Err(refusal) if refusal.is_not_found() => return Ok(None),
            Err(refusal) => return Err(unusable(&refusal, &path)),
        };
        let text = files::read(file, 4096).map_err(|error| format!("can't be read: {error}"))?;
        let file = dotenv::read(text.expose(), |_| None);
        let secret = |var: &EnvVar| {
            file.assignments
                .iter()
                .find(|assignment| assignment.name == var.name)
                .and_then(|assignment| assignment.value.clone())
                .filter(|value| strength::check(value.expose(), BYTES * 2).is_ok())
                .ok_or_else(|| {
                    format!(
                        "holds no usable {}: delete the file to have new secrets made",
                        var.name
                    )
                })
        };
        Ok(Some(Self {
            jwt_secret_key: secret(&JWT_SECRET_KEY)?,
            secret_key: secret(&SECRET_KEY)?,
        }))
    }

    /// Reads the secrets of a data folder, and makes them first if there are none.
    ///
    /// Of several processes that do this at once one wins, and all have its secrets.
    pub(crate) fn read_or_create(
        data_dir: &Path,
        fill: Fill<'_>,
    ) -> Result<Self, DevelopmentSecretsError> {
        let unusable = |message| DevelopmentSecretsError::Unusable {
            path: path(data_dir),
            message,
        };
        if let Some(secrets) = Self::read(data_dir).map_err(unusable)? {
            return Ok(secrets);
        }
        Self::random(fill)
            .and_then(|made| Ok((made, random_hex(fill, 8)?)))
            .map_err(DevelopmentSecretsError::Random)
            .and_then(|(made, suffix)| {
                made.publish(data_dir, suffix.expose()).map_err(|source| {
                    DevelopmentSecretsError::Write {
                        path: path(data_dir),
                        source,
                    }
                })
            })?;
        // read anew, because another process may have been first
        Self::read(data_dir)
            .and_then(|secrets| {
                secrets.ok_or_else(|| "vanished as it was made: start again".to_owned())
            })
            .map_err(unusable)
    }

    fn random(fill: Fill<'_>) -> io::Result<Self> {
        Ok(Self {
            jwt_secret_key: random_hex(fill, BYTES)?,
            secret_key: random_hex(fill, BYTES)?,
        })
    }

    /// Writes the file under a name of its own, makes it durable, and only then gives it its name:
    /// nobody ever reads half of it. A file that has the name already stays.
    fn publish(&self, data_dir: &Path, suffix: &str) -> io::Result<()> {
        private_files::make_folder(data_dir).map_err(io::Error::other)?;
        let draft = data_dir.join(format!("{FILE}.{suffix}"));
        let published =
            self.write(&draft)
                .and_then(|()| match fs::hard_link(&draft, path(data_dir)) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                    linked => linked,
                });
        let removed = fs::remove_file(&draft);
        published
            .and(removed)
            .and_then(|()| private_files::sync_folder(data_dir))
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let text = Secret::new(format!(
            "# Made for development. Whoever reads this can sign in as anyone.\n{}={}\n{}={}\n",
            JWT_SECRET_KEY.name,
            self.jwt_secret_key.expose(),
            SECRET_KEY.name,
            self.secret_key.expose(),
        ));
        let mut file = private_files::create(path)?;
        file.write_all(text.expose().as_bytes())?;
        file.sync_all()
    }
}

fn random_hex(fill: Fill<'_>, length: usize) -> io::Result<Secret<String>> {
    let mut bytes = vec![0; length];
    fill(&mut bytes)?;
    let bytes = Secret::new(bytes);
    let mut hex = String::with_capacity(2 * length); // it never grows, so it leaves no copy behind
    for byte in bytes.expose() {
        let _ = write!(hex, "{byte:02x}"); // writing to a string can't fail
    }
    Ok(Secret::new(hex))
}

/// Why the file isn't used, and what to do about it. Keys that others may know are not put right by another mode.
fn unusable(refusal: &Refusal, path: &Path) -> String {
    match refusal {
        Refusal::Link | Refusal::NotAFile => format!("{refusal}: remove it to have secrets made"),
        Refusal::Open { .. } | Refusal::Writable { .. } => format!(
            "{refusal}: delete it to have new secrets made, or, if nobody has read it, run `chmod 600 {}`",
            path.display()
        ),
        _ => refusal.to_string(),
    }
}
