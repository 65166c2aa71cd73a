//! Building a list from what others publish.
//!
//! The hashes are first distributed to a file for each first byte, beside the list; then each of these is sorted in memory.
//! Of a billion each has 31 MB. What is sorted, or comes twice, need not be known.

use std::fs::{self, File};
use std::io::{self, BufRead, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::{
    BUCKETS, CHECKSUM_BYTES, ENTRY_BYTES, Entry, HEAD_BYTES, INDEX_BYTES, MAGIC, MOST_IN_A_BUCKET,
    START_BYTES, VERSION,
};

/// The longest line: a hash, a colon, the largest number and the end of the line, with blanks to spare.
const LONGEST_LINE: u64 = 128;

/// The digits of a hash.
const HASH_DIGITS: usize = 40;

/// The digits that name a file of a range.
const RANGE_DIGITS: usize = 5;

/// Lines that are no entries before reading on is of no use.
const MOST_MALFORMED: u64 = 1000;

/// The most that is sorted in memory at once. Hashes are spread evenly: eight billion have less.
const MOST_SORTED_BYTES: u64 = 256 << 20;

/// How often it is said how far it is, in lines.
const TOLD_EVERY: u64 = 1 << 18;

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum BuildListError {
    /// Some lines are no hash and a count.
    #[error(
        "{source_name}: line {first} is not a SHA-1 hash in hexadecimal, a colon and a count{}",
        others(*.count)
    )]
    Malformed {
        /// Where they stand.
        source_name: String,
        /// The number of the first of them.
        first: u64,
        /// How many there are: all, or those up to which it was read.
        count: u64,
    },
    /// A file in a folder of ranges is none.
    #[error("{} is not a file of a range: five hexadecimal digits, and .txt or nothing", .0.display())]
    NoRange(PathBuf),
    /// Nothing is left of what was read.
    #[error("no password has the count that is asked for: the list would be empty")]
    Empty,
    /// What was read are no hashes, or the same ones again and again.
    #[error("too many hashes begin with {0:02x}: these are no SHA-1 hashes of passwords")]
    Uneven(u8),
    /// A file can't be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

fn others(count: u64) -> String {
    match count {
        0 | 1 => String::new(),
        MOST_MALFORMED.. => format!(", nor are {} others, and more", count - 1),
        2 => ", nor is one other".to_owned(),
        count => format!(", nor are {} others", count - 1),
    }
}

/// Collects hashes, and makes a list of them. What it writes meanwhile goes with it.
pub struct ListBuilder<'a> {
    /// Where the list will be.
    target: PathBuf,
    folder: PathBuf,
    buckets: Vec<BufWriter<File>>,
    min_count: u64,
    lines: u64,
    progress: &'a mut dyn FnMut(u64),
}

impl<'a> ListBuilder<'a> {
    /// Begins a list at `target`, of the hashes that were counted `min_count` times or more. `progress` hears now and then
    /// how many lines were read.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn new(
        target: &Path,
        min_count: u64,
        progress: &'a mut dyn FnMut(u64),
    ) -> Result<Self, BuildListError> {
        let mut folder = target.as_os_str().to_owned();
        folder.push(format!(".building-{}", std::process::id()));
        let folder = PathBuf::from(folder);
        fs::create_dir(&folder).map_err(at(&folder))?;
        let mut builder = Self {
            target: target.to_owned(),
            folder,
            buckets: Vec::with_capacity(256),
            min_count: min_count.max(1), // published ranges are padded with hashes that nobody has
            lines: 0,
            progress,
        };
        for number in 0..=u8::MAX {
            let path = builder.bucket(number);
            let file = File::create_new(&path).map_err(at(&path))?;
            builder
                .buckets
                .push(BufWriter::with_capacity(1 << 15, file));
        }
        Ok(builder)
    }

    /// Adds what stands in a file of `HASH:COUNT`, or in every file of a folder that are ranges: named by the first five
    /// digits of the hashes, with the other 35 in each line.
    ///
    /// # Errors
    /// When something is not as it should be, or can't be read.
    pub fn add(&mut self, source: &Path) -> Result<(), BuildListError> {
        let open = |path: &Path| File::open(path).map_err(at(path));
        if !source.is_dir() {
            let name = source.display().to_string();
            return self.add_lines(
                io::BufReader::with_capacity(1 << 20, open(source)?),
                &name,
                "",
            );
        }
        let mut ranges = Vec::new();
        for entry in fs::read_dir(source).map_err(at(source))? {
            let path = entry.map_err(at(source))?.path();
            let digits = range_of(&path).ok_or_else(|| BuildListError::NoRange(path.clone()))?;
            ranges.push((digits, path));
        }
        ranges.sort();
        for (digits, path) in ranges {
            let name = path.display().to_string();
            self.add_lines(
                io::BufReader::with_capacity(1 << 16, open(&path)?),
                &name,
                &digits,
            )?;
        }
        Ok(())
    }

    /// Adds lines whose hashes begin with `digits` and go on in each line. `name` is where they come from.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn add_lines(
        &mut self,
        mut lines: impl BufRead,
        name: &str,
        digits: &str,
    ) -> Result<(), BuildListError> {
        let failed = |error| BuildListError::Io {
            path: PathBuf::from(name),
            error,
        };
        let (mut number, mut malformed, mut first) = (0_u64, 0_u64, 0_u64);
        let mut line = Vec::with_capacity(2 * HASH_DIGITS);
        while malformed < MOST_MALFORMED {
            line.clear();
            line.extend_from_slice(digits.as_bytes());
            let mut bounded = lines.by_ref().take(LONGEST_LINE);
            if bounded.read_until(b'\n', &mut line).map_err(failed)? == 0 {
                break;
            }
            number += 1;
            self.count_line();
            let is_cut = bounded.limit() == 0 && line.last() != Some(&b'\n');
            if is_cut {
                skip_line(&mut lines).map_err(failed)?;
            }
            let text = line.trim_ascii_end();
            if text.len() == digits.len() && !is_cut {
                continue; // an empty line
            }
            match entry_of(text).filter(|_| !is_cut) {
                Some((entry, count)) if count >= self.min_count => {
                    let bucket = &mut self.buckets[usize::from(entry[0])];
                    let written = bucket.write_all(&entry);
                    written.map_err(at(&self.folder))?;
                }
                Some(_) => {}
                None => {
                    first = if malformed == 0 { number } else { first };
                    malformed += 1;
                }
            }
        }
        if malformed > 0 {
            return Err(BuildListError::Malformed {
                source_name: name.to_owned(),
                first,
                count: malformed,
            });
        }
        Ok(())
    }

    /// Sorts what was added, and puts the list where it belongs, in one step: whoever opens it meanwhile has the one before.
    /// How many passwords are on it.
    ///
    /// # Errors
    /// When there are none, or it can't be written.
    pub fn finish(mut self) -> Result<u64, BuildListError> {
        for bucket in &mut self.buckets {
            bucket.flush().map_err(at(&self.folder))?;
        }
        self.buckets.clear();
        let path = self.folder.join("list");
        let file = File::create_new(&path).map_err(at(&path))?;
        let mut list = BufWriter::with_capacity(1 << 20, file);
        let failed = at(&path);
        list.write_all(&vec![0; START_BYTES]).map_err(&failed)?;
        let mut counts = vec![0_u64; BUCKETS];
        for number in 0..=u8::MAX {
            for entry in self.sorted(number)? {
                list.write_all(&entry).map_err(&failed)?;
                counts[usize::from(u16::from_be_bytes([entry[0], entry[1]]))] += 1;
            }
        }
        let uneven = counts.iter().position(|count| *count > MOST_IN_A_BUCKET);
        if let Some(bucket) = uneven {
            return Err(BuildListError::Uneven(
                u8::try_from(bucket >> 8).unwrap_or_default(),
            ));
        }
        let (start, count) = start(&counts);
        if count == 0 {
            return Err(BuildListError::Empty);
        }
        list.seek(SeekFrom::Start(0)).map_err(&failed)?;
        list.write_all(&start).map_err(&failed)?;
        let file = list.into_inner().map_err(io::IntoInnerError::into_error);
        file.and_then(|file| file.sync_all()).map_err(&failed)?;
        fs::rename(&path, &self.target).map_err(at(&self.target))?;
        let folder = self.target.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(at(folder))?;
        Ok(count)
    }

    /// What begins with a byte, sorted, each once.
    fn sorted(&self, number: u8) -> Result<Vec<Entry>, BuildListError> {
        let path = self.bucket(number);
        let length = fs::metadata(&path).map_err(at(&path))?.len();
        if length > MOST_SORTED_BYTES {
            return Err(BuildListError::Uneven(number));
        }
        let bytes = fs::read(&path).map_err(at(&path))?;
        let mut entries = bytes.as_chunks::<ENTRY_BYTES>().0.to_vec();
        drop(bytes);
        entries.sort_unstable();
        entries.dedup();
        fs::remove_file(&path).map_err(at(&path))?; // so that the disk holds little more than the list
        Ok(entries)
    }

    fn bucket(&self, number: u8) -> PathBuf {
        self.folder.join(format!("{number:02x}"))
    }

    fn count_line(&mut self) {
        self.lines += 1;
        if self.lines.is_multiple_of(TOLD_EVERY) {
            (self.progress)(self.lines);
        }
    }
}

impl Drop for ListBuilder<'_> {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // what is left of it does no harm
    }
}

impl std::fmt::Debug for ListBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListBuilder")
            .field("target", &self.target)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// What stands before the entries, and how many there are.
fn start(counts: &[u64]) -> (Vec<u8>, u64) {
    let count: u64 = counts.iter().sum();
    let mut start = Vec::with_capacity(START_BYTES);
    start.extend_from_slice(MAGIC);
    start.extend_from_slice(&VERSION.to_le_bytes());
    start.extend_from_slice(&count.to_le_bytes());
    let mut before = 0_u64;
    for count in counts {
        start.extend_from_slice(&before.to_le_bytes());
        before += count;
    }
    start.extend_from_slice(&before.to_le_bytes());
    debug_assert_eq!(start.len(), HEAD_BYTES + INDEX_BYTES);
    let checksum: [u8; CHECKSUM_BYTES] = Sha256::digest(&start).into();
    start.extend_from_slice(&checksum);
    (start, count)
}

/// The digits that a file of a range is named by.
fn range_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let digits = name.strip_suffix(".txt").unwrap_or(name);
    let is_one = digits.len() == RANGE_DIGITS && digits.bytes().all(|it| it.is_ascii_hexdigit());
    (is_one && path.is_file()).then(|| digits.to_owned())
}

/// The entry of `HASH:COUNT`, and the count.
fn entry_of(line: &[u8]) -> Option<(Entry, u64)> {
    let (hash, rest) = line.split_at_checked(HASH_DIGITS)?;
    let count = std::str::from_utf8(rest.strip_prefix(b":")?).ok()?;
    if count.is_empty() || !count.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut entry = Entry::default();
    for (place, pair) in hash.chunks_exact(2).enumerate() {
        let byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
        if let Some(kept) = entry.get_mut(place) {
            *kept = byte;
        }
    }
    Some((entry, count.parse().ok()?))
}

/// Reads to the end of a line that is too long.
fn skip_line(lines: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffered = lines.fill_buf()?;
        if buffered.is_empty() {
            return Ok(());
        }
        let end = buffered.iter().position(|byte| *byte == b'\n');
        let read = end.map_or(buffered.len(), |end| end + 1);
        lines.consume(read);
        if end.is_some() {
            return Ok(());
        }
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> BuildListError {
    let path = path.to_owned();
    move |error| BuildListError::Io {
        path: path.clone(),
        error,
    }
}
