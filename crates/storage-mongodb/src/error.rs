//! What the driver reports, in the words of [`storage`].
//!
//! The driver's own texts stay here: they quote the server, which quotes the values of a unique
//! index, and so names people.

use std::fmt;

use mongodb::error::{Error as DriverError, ErrorKind, WriteFailure};
use storage::Error;

use crate::passing;
use crate::uri::UriFault;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The connection string.
    #[error(transparent)]
    Uri(#[from] UriFault),
    /// A later version wrote what is there.
    #[error(
        "the database has layout version {found}, this portcullis knows up to {known}: start the newer version that wrote it"
    )]
    NewerLayout {
        /// The version that it has.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// No server has made anything of it.
    #[error("no portcullis server has run on this database yet: start one first")]
    NeverServed,
    /// The servers of the database don't have the key yet that replaces theirs.
    #[error(
        "{0} is newer than the one that the servers of this database have: start one of them with it first"
    )]
    NewerKey(&'static str),
    /// The other nodes of the database have another key.
    #[error(
        "{0} is not the one that the other servers of this database have: set the same, or, to replace it, set the old one as {0}_PREVIOUS (after a leak leave that unset, stop every server, and run `portcullis keys replace`)"
    )]
    OtherKey(&'static str),
    /// Anything else.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// How an operation ended that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A unique index has the value already. Which one, not every server says.
    Duplicate,
    /// Anything else.
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for Error {
    /// Where no index should have had anything to say.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Duplicate => Self::Backend(Box::new(Reported {
                code: DUPLICATE_KEY,
                name: "DuplicateKey".to_owned(),
            })),
            Failure::Other(error) => error,
        }
    }
}

/// An error of the server, without what it quotes.
#[derive(Debug)]
struct Reported {
    code: i32,
    name: String,
}

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MongoDB reports error {} ({})", self.code, self.name)
    }
}

impl std::error::Error for Reported {}

/// An error of the driver, without what it quotes.
#[derive(Debug, thiserror::Error)]
#[error("the MongoDB driver reports: {0}")]
struct Driver(&'static str);

/// Two accounts that were made here have the same key, which their unique index would not have let in.
#[derive(Debug, thiserror::Error)]
#[error(
    "the accounts {one} and {other} (their `_id`s in `users`) have the same {field}, and neither was imported: delete one of them, or set its `portcullis_imported` to true, after which it is found by its exact name only"
)]
struct SharedKey {
    field: String,
    one: String,
    other: String,
}

/// The error that accounts share a key of which none may lose it.
pub(crate) fn shared_key(field: &str, one: String, other: String) -> Error {
    let field = field.to_owned();
    Error::Backend(Box::new(SharedKey { field, one, other }))
}

const DUPLICATE_KEY: i32 = 11000;
const OUT_OF_DISK_SPACE: i32 = 14031;

/// An error of the driver during an operation on `table`.
pub(crate) fn from_driver(table: &'static str, error: &DriverError) -> Failure {
    let unavailable = |reason: String| Failure::Other(Error::Unavailable(reason));
    let labelled = passing::is_labelled(error.labels());
    match &*error.kind {
        ErrorKind::Command(error) => reported(error.code, &error.code_name, labelled),
        ErrorKind::Write(WriteFailure::WriteError(error)) => {
            let name = error.code_name.as_deref().unwrap_or_default();
            reported(error.code, name, labelled)
        }
        ErrorKind::Write(WriteFailure::WriteConcernError(error)) => unavailable(format!(
            "a write was not confirmed by a majority (error {}, {})",
            error.code, error.code_name
        )),
        ErrorKind::Io(error) => unavailable(format!("the connection failed ({})", error.kind())),
        ErrorKind::ConnectionPoolCleared { .. } => unavailable("the connection failed".to_owned()),
        ErrorKind::ServerSelection { .. } => {
            unavailable("no server that takes writes can be reached".to_owned())
        }
        ErrorKind::DnsResolve { .. } => unavailable("its name can't be looked up".to_owned()),
        ErrorKind::Authentication { .. } => unavailable("it refuses the credentials".to_owned()),
        ErrorKind::Shutdown => Failure::Other(closed()),
        ErrorKind::Bson(_) | ErrorKind::InvalidResponse { .. } => {
            Failure::Other(Error::Unreadable {
                table,
                reason: "not well-formed".to_owned(),
            })
        }
        ErrorKind::IncompatibleServer { .. } => driver("the server is too old or too new"),
        ErrorKind::InvalidTlsConfig { .. } => driver("TLS can't be set up"),
        _ => driver("an internal error"),
    }
}

/// An error of one of the statements of a command, which the driver hands on as it is.
pub(crate) fn from_statement(code: i32) -> Failure {
    reported(code, "", false)
}

/// What the server reported by `code`, whose `name` it may leave out; `labelled` when it said besides that this
/// passes.
fn reported(code: i32, name: &str, labelled: bool) -> Failure {
    let passing = passing::name(code);
    let name = match passing {
        Some(known) if name.is_empty() => known,
        _ => name,
    };
    match code {
        DUPLICATE_KEY => Failure::Duplicate,
        OUT_OF_DISK_SPACE => Failure::Other(Error::Full),
        code if labelled || passing.is_some() => Failure::Other(Error::Unavailable(format!(
            "the server reports error {code} ({name})"
        ))),
        code => Failure::Other(Error::Backend(Box::new(Reported {
            code,
            name: name.to_owned(),
        }))),
    }
}

/// Whether a reading of several batches failed because the server has let go of it in between.
pub(crate) fn has_lost_its_place(error: &DriverError) -> bool {
    matches!(&*error.kind, ErrorKind::Command(error) if passing::has_lost_its_place(error.code))
}

fn driver(what: &'static str) -> Failure {
    Failure::Other(Error::Backend(Box::new(Driver(what))))
}

/// The error after which a closed store answers nothing more.
pub(crate) fn closed() -> Error {
    Error::Unavailable("it was closed".to_owned())
}

/// The error of an operation that was not answered within its deadline: it may have been done.
pub(crate) fn late() -> Error {
    Error::Unavailable("it did not answer in time".to_owned())
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Document, deserialize_from_document, doc};

    use super::*;
    use crate::PASSING;

    /// What comes of an answer of the server.
    fn answered(answer: Document) -> Failure {
        let command = ErrorKind::Command(deserialize_from_document(answer).unwrap());
        from_driver("users", &command.into())
    }

    fn written(answer: Document) -> Failure {
        let error = WriteFailure::WriteError(deserialize_from_document(answer).unwrap());
        from_driver("users", &ErrorKind::Write(error).into())
    }

    #[test]
    fn what_passes_by_itself_is_unavailable_whoever_says_its_name() {
        for (code, name) in PASSING {
            let expected = format!("the server reports error {code} ({name})");
            for failure in [
                answered(doc! { "code": code, "codeName": name }),
                answered(doc! { "code": code }),
                written(doc! { "code": code }),
            ] {
                let Failure::Other(Error::Unavailable(reason)) = failure else {
                    panic!("{code}: {failure:?}");
                };
                assert_eq!(reason, expected);
            }
        }
    }

    #[test]
    fn a_duplicate_a_full_disk_and_a_fault_are_told_apart() {
        let duplicate = doc! { "code": DUPLICATE_KEY, "codeName": "DuplicateKey" };
        assert!(matches!(written(duplicate), Failure::Duplicate));
        let full = answered(doc! { "code": OUT_OF_DISK_SPACE });
        assert!(matches!(full, Failure::Other(Error::Full)));
        let fault = answered(doc! { "code": 13, "codeName": "Unauthorized" });
        assert!(matches!(fault, Failure::Other(Error::Backend(_))));
    }
}
