//! What a message of MongoDB's wire protocol says, as far as a network that fails looks at it.

use std::io;

use mongodb::bson::Document;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What every message begins with: its length, its number, the number of what it answers, its operation.
const HEADER: usize = 16;

/// MongoDB's own bound.
const LONGEST: usize = 48_000_000;

/// The operation of every command and answer since MongoDB 3.6.
const OP_MSG: u32 = 2013;

/// Flags, and the kind of the first section: what stands between the header and the document.
const BEFORE_DOCUMENT: usize = 5;

/// A command: its name, and what it is for (a collection, with most).
#[derive(Clone, Debug)]
pub(crate) struct Command {
    /// Such as `insert`.
    pub(crate) name: String,
    /// Such as `users`; empty where the command is for no collection.
    pub(crate) collection: String,
    /// All of it, but for documents that are sent beside it.
    pub(crate) document: Document,
}

/// The next message, whole.
pub(crate) async fn read(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = vec![0; HEADER];
    from.read_exact(&mut message).await?;
    let length = number(&message, 0).unwrap_or_default() as usize;
    if !(HEADER..=LONGEST).contains(&length) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    message.resize(length, 0);
    from.read_exact(&mut message[HEADER..]).await?;
    Ok(message)
}

/// The command in a message. The first element of its document is its name and what it is for.
pub(crate) fn command(message: &[u8]) -> Option<Command> {
    if number(message, 12)? != OP_MSG {
        return None;
    }
    let document = Document::from_reader(message.get(HEADER + BEFORE_DOCUMENT..)?).ok()?;
    let (name, of) = document.iter().next()?;
    Some(Command {
        name: name.clone(),
        collection: of.as_str().unwrap_or_default().to_owned(),
        document,
    })
}

/// Moves the time that a server tells in its answer to `hello`.
pub(crate) fn move_clock(message: &mut [u8], by_millis: i64) {
    const FIELD: &[u8] = b"\x09localTime\0"; // a date of that name
    let Some(found) = message.windows(FIELD.len()).position(|part| part == FIELD) else {
        return;
    };
    let at = found + FIELD.len();
    if let Some(bytes) = message.get_mut(at..at + 8) {
        let told = i64::from_le_bytes(bytes.try_into().expect("eight bytes"));
        bytes.copy_from_slice(&(told + by_millis).to_le_bytes());
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(four.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, doc};

    use super::*;

    fn message(document: &Document) -> Vec<u8> {
        let body = document.to_vec().unwrap();
        let length = u32::try_from(HEADER + BEFORE_DOCUMENT + body.len()).unwrap();
        let mut message = length.to_le_bytes().to_vec();
        message.extend([0; 8]);
        message.extend(OP_MSG.to_le_bytes());
        message.extend([0; BEFORE_DOCUMENT]);
        message.extend(body);
        message
    }

    #[tokio::test]
    async fn a_message_is_read_whole_and_tells_its_command() {
        let first = message(&doc! { "insert": "portcullis_feed", "ordered": true });
        let second = message(&doc! { "hello": 1 });
        let wire = [first.clone(), second.clone()].concat();
        let mut wire = &wire[..];
        assert_eq!(read(&mut wire).await.unwrap(), first);
        let insert = command(&first).unwrap();
        assert_eq!(insert.name, "insert");
        assert_eq!(insert.collection, "portcullis_feed");
        assert!(insert.document.get_bool("ordered").unwrap());
        assert_eq!(read(&mut wire).await.unwrap(), second);
        assert_eq!(command(&second).unwrap().collection, "");
        assert!(read(&mut wire).await.is_err());
    }

    #[test]
    fn the_clock_of_a_server_is_moved_and_nothing_else() {
        let hello = |millis| message(&doc! { "localTime": DateTime::from_millis(millis), "ok": 1 });
        let mut moved = hello(1_800_000_000_000);
        move_clock(&mut moved, -3_600_000);
        assert_eq!(moved, hello(1_799_996_400_000));
        let mut other = message(&doc! { "ok": 1 });
        move_clock(&mut other, 5);
        assert_eq!(other, message(&doc! { "ok": 1 }));
    }

    #[test]
    fn what_is_no_command_is_none() {
        for bytes in [&[][..], &[0; 16], &[0; 40]] {
            assert!(command(bytes).is_none());
        }
    }
}
