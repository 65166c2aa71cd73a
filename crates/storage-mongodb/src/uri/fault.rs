//! Why a connection string can't be used, without a word of what may be a password.

/// The text is no address of a MongoDB, or one that is not connected to. It names options, and none of their values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriFault {
    /// Another scheme, no host, or a password whose special characters are not encoded.
    #[error(
        "not a MongoDB connection string: mongodb://user:password@host/database, where /, :, @, ? and % in the password are percent-encoded"
    )]
    Malformed,
    /// An option that no driver has.
    #[error("there is no option {name}{}", meant.map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    Unknown {
        /// What stands there.
        name: String,
        /// What was probably meant.
        meant: Option<&'static str>,
    },
    /// An option that is not to be had here.
    #[error("the option {name} is refused: {why}")]
    Refused {
        /// Its name.
        name: &'static str,
        /// Why.
        why: &'static str,
    },
    /// An option whose value is none.
    #[error("the option {name} must be {expected}")]
    Value {
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// An option that stands there more than once.
    #[error("the option {0} stands there twice")]
    Twice(&'static str),
    /// Options that contradict each other.
    #[error("some options contradict each other")]
    Options,
    /// A file for TLS that can't be read.
    #[error("a file that the connection string names for TLS can't be used")]
    Tls,
    /// `mongodb+srv://` asks DNS for the servers.
    #[error("the servers behind the mongodb+srv address can't be looked up")]
    Lookup,
}
