//! Letters as files in a folder: for development, and for a mail system that picks them up.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use model::Timestamp;

use crate::error::{SendError, Trouble};
use crate::outgoing::MessageId;

/// A folder of letters, one file each: `20260131T081530.250Z-ID.eml`, for its owner only.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Writes a letter, in place of the one with the same id if there is one.
    pub(crate) async fn send(
        &self,
        letter: Vec<u8>,
        id: MessageId,
        date: Timestamp,
    ) -> Result<(), SendError> {
        let folder = self.0.clone();
        let writing = tokio::task::spawn_blocking(move || write(&folder, &letter, &id, date));
        let written = match writing.await {
            Ok(written) => written,
            Err(error) => Err(error.to_string()),
        };
        written.map_err(|error| SendError::Unavailable(Trouble::Folder(error)))
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "file://{}", self.0.display())
    }
}

fn write(folder: &Path, letter: &[u8], id: &MessageId, date: Timestamp) -> Result<(), String> {
    private_files::make_folder(folder).map_err(|refusal| refusal.to_string())?;
    replace(folder, letter, id, date).map_err(|error| error.to_string())
}

fn replace(folder: &Path, letter: &[u8], id: &MessageId, date: Timestamp) -> io::Result<()> {
    let ending = format!("-{}.eml", id.as_str());
    let name = match existing(folder, &ending)? {
        Some(name) => name,
        None => date.to_string().replace(['-', ':'], "") + &ending,
    };
    let unfinished = folder.join(format!(".{}.unfinished", id.as_str()));
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Err(_) | Ok(()) => {} // of a process that was stopped
    }
    let mut file = private_files::create(&unfinished)?;
    file.write_all(letter)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    private_files::sync_folder(folder)
}

fn existing(folder: &Path, ending: &str) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.ends_with(ending)) {
            return Ok(Some(name.to_owned()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[tokio::test]
    async fn a_letter_is_a_file_that_only_its_owner_reads() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("letters");
        let folder = Folder::new(path.clone());
        let send = async |text: &str, id: &str, millis| {
            let id = MessageId::parse(id).unwrap();
            let date = Timestamp::from_millis(millis);
            folder.send(text.into(), id, date).await.unwrap();
        };
        send("second", "a", 1_769_847_330_250).await;
        send("first", "b", 1_769_847_330_249).await;
        let first = "20260131T081530.249Z-b.eml";
        assert_eq!(names(&path), [first, "20260131T081530.250Z-a.eml"]);
        let mode = fs::metadata(path.join(first)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        fs::write(path.join(".b.unfinished"), "left over").unwrap();
        send("first again", "b", 1_800_000_000_000).await;
        assert_eq!(
            names(&path).len(),
            2,
            "a letter that is sent again replaces itself"
        );
        assert_eq!(fs::read_to_string(path.join(first)).unwrap(), "first again");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_used_is_trouble() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("file");
        fs::write(&path, "").unwrap();
        let id = MessageId::parse("a").unwrap();
        let folder = Folder::new(path);
        let sent = folder.send(Vec::new(), id, Timestamp::from_seconds(0));
        let refused = sent.await;
        assert!(
            matches!(refused, Err(SendError::Unavailable(Trouble::Folder(_)))),
            "{refused:?}"
        );
    }
}
