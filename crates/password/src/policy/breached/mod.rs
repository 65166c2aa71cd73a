//! Passwords that are known from breaches: a list on disk, of which a check reads one block.
//!
//! # The file
//! Numbers are little-endian, hashes as they are.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `PCBREACH` |
//! | 8 | the version, 1 |
//! | 8 | how many entries there are |
//! | 65,537 · 8 | for each pair of first bytes the number of the first entry that has it, and how many there are |
//! | 32 | SHA-256 of all before it |
//! | 8 each | the first 8 bytes of the SHA-1 of each password, sorted, each once |
//!
//! Of a billion passwords it is 8 GB, and a check reads some 120 KB of it. That another password has the same first 8 bytes
//! happens once in twenty billion checks.
//!
//! SHA-1 is what the lists that there are consist of. It protects nothing here: the passwords in them are known.

mod build;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use secret::Secret;
use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;

pub use build::{BuildListError, ListBuilder};

const MAGIC: &[u8; 8] = b"PCBREACH";
const VERSION: u64 = 1;

/// The pairs of first bytes.
const BUCKETS: usize = 1 << 16;

/// What stands before the index.
const HEAD_BYTES: usize = 24;
const INDEX_BYTES: usize = (BUCKETS + 1) * 8;
const CHECKSUM_BYTES: usize = 32;

/// What stands before the entries.
const START_BYTES: usize = HEAD_BYTES + INDEX_BYTES + CHECKSUM_BYTES;

/// The bytes of an entry.
const ENTRY_BYTES: usize = 8;

/// The most entries of one pair of first bytes, hence the most that a check reads, 16 MB: hashes are spread evenly, so
/// no list of fewer than a hundred billion has so many.
const MOST_IN_A_BUCKET: u64 = 1 << 21;

/// The first bytes of the SHA-1 of a password.
type Entry = [u8; ENTRY_BYTES];

/// A list of passwords that are known from breaches. Of the file only the index is in memory, half a megabyte.
pub struct BreachedList {
    file: File,
    /// By first two bytes the number of the first entry, and behind the last pair how many there are.
    index: Box<[u64]>,
}

/// Why a file is no list that can be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenListError {
    /// It can't be read.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else, or was damaged.
    #[error("is no list that `portcullis passwords build-list` has made")]
    Foreign,
    /// It ends too early, or goes on.
    #[error("is not as long as it was made: copy or build it again")]
    Truncated,
    /// It was made by a later version.
    #[error("has version {0}, which this version does not know: build it again")]
    Version(u64),
}

impl BreachedList {
    /// Opens a list, and reads its index.
    ///
    /// # Errors
    /// When it is none, or not whole.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenListError> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(OpenListError::Foreign);
        }
        let mut start = vec![0; START_BYTES];
        file.read_exact(&mut start[..HEAD_BYTES])
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => OpenListError::Foreign,
                _ => error.into(),
            })?;
        if !start.starts_with(MAGIC) {
            return Err(OpenListError::Foreign);
        }
        let version = number(&start, 8);
        if version != VERSION {
            return Err(OpenListError::Version(version));
        }
        file.read_exact(&mut start[HEAD_BYTES..])
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => OpenListError::Truncated,
                _ => error.into(),
            })?;
        let (told, checksum) = start.split_at(START_BYTES - CHECKSUM_BYTES);
        if Sha256::digest(told).as_slice() != checksum {
            return Err(OpenListError::Foreign);
        }
        let count = number(told, 16);
        let expected = count.checked_mul(ENTRY_BYTES as u64);
        let expected = expected.and_then(|bytes| bytes.checked_add(START_BYTES as u64));
        if expected != Some(metadata.len()) {
            return Err(OpenListError::Truncated);
        }
        let index = told[HEAD_BYTES..]
            .chunks_exact(8)
            .map(|bytes| number(bytes, 0));
        let index: Box<[u64]> = index.collect();
        let rises = index
            .windows(2)
            .all(|pair| pair[0] <= pair[1] && pair[1] - pair[0] <= MOST_IN_A_BUCKET);
        if !rises || index[0] != 0 || index[BUCKETS] != count {
            return Err(OpenListError::Foreign);
        }
        Ok(Self { file, index })
    }

    /// How many passwords are on it.
    pub fn count(&self) -> u64 {
        self.index[BUCKETS]
    }

    /// Whether `password` is on it, in the form that is hashed (NFC).
    ///
    /// Reads the file: on a server, from a thread that may wait.
    ///
    /// # Errors
    /// When the file can't be read: nothing is known of the password then.
    pub fn contains(&self, password: &Secret<String>) -> io::Result<bool> {
        let password = Secret::new(password.expose().nfc().collect::<String>());
        let hash = Sha1::digest(password.expose());
        let (wanted, _) = hash.split_at(ENTRY_BYTES);
        let bucket = usize::from(u16::from_be_bytes([hash[0], hash[1]]));
        let (first, end) = (self.index[bucket], self.index[bucket + 1]);
        let bytes = usize::try_from((end - first) * ENTRY_BYTES as u64);
        let mut block = vec![0; bytes.map_err(io::Error::other)?];
        let place = START_BYTES as u64 + first * ENTRY_BYTES as u64;
        self.file.read_exact_at(&mut block, place)?;
        let (entries, _) = block.as_chunks::<ENTRY_BYTES>();
        Ok(entries
            .binary_search_by(|entry| entry.as_slice().cmp(wanted))
            .is_ok())
    }
}

impl fmt::Debug for BreachedList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreachedList")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

/// The number at a place, of which there are 8 bytes.
fn number(bytes: &[u8], place: usize) -> u64 {
    let bytes = bytes[place..].first_chunk().copied();
    u64::from_le_bytes(bytes.unwrap_or_default())
}
