//! The address of the servers, which carries a password: only the driver sees it whole.

mod fault;
mod options;
mod query;
mod safety;
#[cfg(test)]
mod safety_tests;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use mongodb::error::{Error as DriverError, ErrorKind};
use mongodb::options::{ClientOptions, ConnectionString, HostInfo, ServerAddress, Tls};
use secret::Secret;

use query::{Kept, Query};

pub use fault::UriFault;

/// The database that is used when the URI names none.
const DATABASE: &str = "portcullis";

/// How seldom a server may be looked at that is not asked anything.
const LONGEST_HEARTBEAT: Duration = Duration::from_secs(10);
/// And how often: the driver takes no less.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(500);

/// A connection string (`mongodb://user:password@host/database`, also `mongodb+srv://`).
///
/// It prints without its credentials and its options.
#[derive(Clone)]
pub struct MongoUri {
    /// With those options only that the driver gets.
    text: Secret<String>,
    notices: Vec<String>,
}

/// Files that the driver reads when it connects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// The authorities of the servers' certificates (`tlsCAFile`).
    pub authorities: Option<PathBuf>,
    /// The certificate of this side, with its key (`tlsCertificateKeyFile`).
    pub certificate: Option<PathBuf>,
}

impl MongoUri {
    /// Reads a connection string, and refuses whatever can be seen to be wrong without the network and without files.
    ///
    /// # Errors
    /// [`UriFault`] says what its operator can do, and names options without their values.
    pub fn parse(text: impl Into<String>) -> Result<Self, UriFault> {
        let text = Secret::new(text.into());
        let text = text.expose().trim();
        let (place, query) = text.split_once('?').unwrap_or((text, ""));
        // Alone, so that nothing of a password that is not encoded is taken for an option.
        driver_reads(place).map_err(|_| UriFault::Malformed)?;
        let Query { kept, notices } = Query::read(query)?;
        let text = Secret::new(with_options(place, &kept));
        let whole = driver_reads(text.expose()).map_err(|_| fault_of(place, &kept))?;
        if let Some(fault) = contradiction(&whole, &kept) {
            return Err(fault);
        }
        let mut told = safety::check(&whole, &kept)?;
        told.extend(notices);
        let notices = told;
        Ok(Self { text, notices })
    }

    /// What to know about options that have no effect, or less safety than usual.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The files that it names for TLS.
    pub fn tls_files(&self) -> TlsFiles {
        match driver_reads(self.text.expose()).map(|read| read.tls) {
            Ok(Some(Tls::Enabled(options))) => TlsFiles {
                authorities: options.ca_file_path,
                certificate: options.cert_key_file_path,
            },
            _ => TlsFiles::default(),
        }
    }

    /// What the driver makes of it, and the database that it names.
    pub(crate) async fn options(&self) -> Result<(ClientOptions, String), UriFault> {
        let mut read = driver_reads(self.text.expose()).map_err(|_| UriFault::Malformed)?;
        // In every driver's words: no bound. Ours comes with the other settings (`connect.rs`).
        if read.max_pool_size == Some(0) {
            read.max_pool_size = Some(u32::MAX);
        }
        read.max_connecting = read.max_connecting.filter(|number| *number > 0);
        let bounded = |often: Duration| often.clamp(SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT);
        read.heartbeat_frequency = read.heartbeat_frequency.map(bounded);
        let options = ClientOptions::parse(read).await;
        let options = options.map_err(|error| opening_fault(&error))?;
        let database = options.default_database.clone();
        Ok((options, database.unwrap_or_else(|| DATABASE.to_owned())))
    }
}

/// The driver quotes what it can't read, and a part of a password may be in it: its errors go nowhere.
fn driver_reads(text: &str) -> Result<ConnectionString, DriverError> {
    ConnectionString::parse(text)
}

fn with_options(place: &str, kept: &[Kept]) -> String {
    let pairs: Vec<_> = kept.iter().map(Kept::pair).collect();
    if pairs.is_empty() {
        place.to_owned()
    } else {
        format!("{place}?{}", pairs.join("&"))
    }
}

/// Which of the options the driver can't read.
fn fault_of(place: &str, kept: &[Kept]) -> UriFault {
    let mut kept = kept.iter();
    let unreadable = kept.find(|option| {
        let alone = with_options(place, std::slice::from_ref(option));
        driver_reads(&alone).is_err()
    });
    match unreadable {
        Some(Kept { name, expected, .. }) => UriFault::Value { name, expected },
        None => UriFault::Options,
    }
}

/// What the driver would refuse only when it connects.
fn contradiction(whole: &ConnectionString, kept: &[Kept]) -> Option<UriFault> {
    let several = matches!(&whole.host_info, HostInfo::HostIdentifiers(hosts) if hosts.len() > 1);
    let direct = whole.direct_connection == Some(true);
    let grouped = several || whole.replica_set.is_some() || direct;
    let wrong = match (
        direct && several,
        whole.load_balanced == Some(true) && grouped,
    ) {
        (true, _) => "directConnection",
        (_, true) => "loadBalanced",
        (false, false) => return None,
    };
    let option = kept.iter().find(|option| option.name == wrong)?;
    let Kept { name, expected, .. } = option;
    Some(UriFault::Value { name, expected })
}

/// What the driver found out when it looked at files and names.
fn opening_fault(error: &DriverError) -> UriFault {
    match *error.kind {
        ErrorKind::DnsResolve { .. } => UriFault::Lookup,
        ErrorKind::InvalidTlsConfig { .. } | ErrorKind::Io(_) => UriFault::Tls,
        _ => UriFault::Options,
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
