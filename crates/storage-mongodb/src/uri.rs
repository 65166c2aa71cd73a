//! The address of the servers, which carries a password: only the driver sees it whole.

use std::fmt;

use mongodb::options::{ClientOptions, ServerAddress};
use secret::Secret;

/// The database that is used when the URI names none.
const DATABASE: &str = "portcullis";

/// A connection string (`mongodb://user:password@host/database`, also `mongodb+srv://`).
///
/// It prints without its credentials and its options.
#[derive(Clone)]
pub struct MongoUri(Secret<String>);

/// The text is no address of a MongoDB. It says nothing of the text, a part of which is a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriFault {
    /// Another scheme, no host, or a password whose special characters are not encoded.
    #[error(
        "not a MongoDB connection string: mongodb://user:password@host/database, where /, :, @ and % in the password are percent-encoded"
    )]
    Malformed,
    /// A file for TLS that can't be read.
    #[error("a file that the connection string names for TLS can't be used")]
    Tls,
    /// `mongodb+srv://` asks DNS for the servers.
    #[error("the servers behind the mongodb+srv address can't be looked up")]
    Lookup,
    /// Options that contradict each other, or that this driver does not know.
    #[error("the options of the connection string can't be used")]
    Options,
}

impl MongoUri {
    /// Reads a connection string. The rest of it is checked when the store is opened.
    ///
    /// # Errors
    /// [`UriFault::Malformed`] when it has another scheme.
    pub fn parse(text: impl Into<String>) -> Result<Self, UriFault> {
        let text = Secret::new(text.into());
        let known = ["mongodb://", "mongodb+srv://"];
        if known.iter().any(|scheme| text.expose().starts_with(scheme)) {
            Ok(Self(text))
        } else {
            Err(UriFault::Malformed)
        }
    }

    /// What the driver makes of it, and the database that it names.
    pub(crate) async fn options(&self) -> Result<(ClientOptions, String), UriFault> {
        let parsed = ClientOptions::parse(self.0.expose()).await;
        let options = parsed.map_err(|error| fault(&error))?;
        let database = options.default_database.clone();
        Ok((options, database.unwrap_or_else(|| DATABASE.to_owned())))
    }
}

/// The driver quotes what it could not read; a part of a password may be in it.
fn fault(error: &mongodb::error::Error) -> UriFault {
    use mongodb::error::ErrorKind;
    match *error.kind {
        ErrorKind::DnsResolve { .. } => UriFault::Lookup,
        ErrorKind::InvalidTlsConfig { .. } | ErrorKind::Io(_) => UriFault::Tls,
        ErrorKind::IncompatibleServer { .. } | ErrorKind::Authentication { .. } => {
            UriFault::Options
        }
        _ => UriFault::Malformed,
    }
}

/// `host1,host2:27018`, for logs and for the operator.
pub(crate) fn hosts(options: &ClientOptions) -> String {
    let names: Vec<_> = options
        .hosts
        .iter()
        .map(|address| match address {
            ServerAddress::Tcp {
                host,
                port: None | Some(27017),
            } => host.clone(),
            other => other.to_string(),
        })
        .collect();
    names.join(",")
}

impl fmt::Debug for MongoUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MongoUri([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "mongodb://portcullis:hunter2@db1.example,db2.example:27018/accounts";

    #[tokio::test]
    async fn it_names_hosts_and_database_and_prints_no_credentials() {
        let uri = MongoUri::parse(SECRET).unwrap();
        let (options, database) = uri.options().await.unwrap();
        assert_eq!(hosts(&options), "db1.example,db2.example:27018");
        assert_eq!(database, "accounts");
        assert_eq!(format!("{uri:?}"), "MongoUri([redacted])");
    }

    #[tokio::test]
    async fn without_a_database_there_is_a_usual_one() {
        let uri = MongoUri::parse("mongodb://localhost").unwrap();
        assert_eq!(uri.options().await.unwrap().1, "portcullis");
    }

    #[tokio::test]
    async fn what_can_not_be_read_is_not_quoted() {
        assert_eq!(
            MongoUri::parse("postgres://hunter2@h").unwrap_err(),
            UriFault::Malformed
        );
        for text in [
            "mongodb://u:hunter2/x@host/db",
            "mongodb://u:hunter2@x@host/db",
            "mongodb://",
            "mongodb://hunter2:hunter2",
            "mongodb://h/?authMechanism=hunter2",
            "mongodb://h/?tls=true&tlsCAFile=/nowhere/hunter2",
        ] {
            let Err(fault) = MongoUri::parse(text).unwrap().options().await else {
                continue; // some are looked at when a connection is made
            };
            assert!(!format!("{fault} {fault:?}").contains("hunter2"), "{fault}");
        }
    }
}
