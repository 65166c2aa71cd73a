//! Where accounts are kept.

use std::path::{Path, PathBuf};

use private_files::{Mended, Refusal};
use secret::Secret;

use crate::{
    env_vars::operation::{DATA_DIR, MONGO_URI},
    reader::{Reader, quoted},
};

/// Where accounts are kept.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The folder with the database. It may not exist yet.
    pub data_dir: PathBuf,
    /// The MongoDB to keep accounts in, instead of a file in that folder.
    pub mongo_uri: Option<Secret<String>>,
}

impl Storage {
    pub(crate) fn read(reader: &mut Reader, working_dir: &Path) -> Self {
        let data_dir = reader.required(&DATA_DIR, |text| {
            let path = Path::new(text);
            // without the `./` of the default, for the paths that people see
            let path = working_dir.join(path.strip_prefix(".").unwrap_or(path));
            if text.contains('\0') || path.exists() && !path.is_dir() {
                return Err(format!("{} is not a folder", quoted(text)));
            }
            Ok(path)
        });
        let mongo_uri = reader.optional(&MONGO_URI, |text| {
            if text.starts_with("mongodb://") || text.starts_with("mongodb+srv://") {
                Ok(Secret::from(text))
            } else {
                // Nothing of it is quoted: it may hold a password.
                Err("must begin with mongodb:// or mongodb+srv://")
            }
        });
        Self {
            data_dir,
            mongo_uri,
        }
    }

    /// Creates the data folder, for its owner only (0700), or sees to it that nobody else writes to it.
    ///
    /// # Errors
    /// When it belongs to another user or everyone writes to it, and those of the file system.
    pub fn create_data_dir(&self) -> Result<Option<Mended>, Refusal> {
        private_files::make_folder(&self.data_dir)
    }

    /// Whether [`create_data_dir`](Self::create_data_dir) would succeed, without making or changing anything.
    ///
    /// # Errors
    /// Why it wouldn't.
    pub fn check_data_dir(&self) -> Result<(), Refusal> {
        private_files::check_folder(&self.data_dir)
    }
}
