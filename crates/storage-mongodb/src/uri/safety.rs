//! What a connection string may do only if the database is on this machine.
//!
//! It is judged by what the driver read, so that no spelling of an option passes that the driver understands.

use std::net::IpAddr;

use mongodb::options::{AuthMechanism, ConnectionString, HostInfo, ServerAddress, Tls};

use super::fault::UriFault;
use super::query::Kept;

/// The options that leave a certificate unverified.
const UNVERIFIED: &[&str] = &["tlsAllowInvalidCertificates", "tlsInsecure"];
/// The options that switch encryption on and off.
const ENCRYPTION: &[&str] = &["tls", "ssl"];

const UNVERIFIED_ELSEWHERE: &str = "whoever is on the way to the database could read and change every account: name the authority of its certificate (tlsCAFile). Only a single host on this machine may go unverified, with directConnection=true, without which the driver signs in to whatever other servers that host names";
const UNVERIFIED_HERE: &str =
    "the certificate of the database is not verified, as it is on this machine";
const IN_THE_CLEAR: &str = "PLAIN and MONGODB-OIDC send the password or token itself, and the connection is not encrypted: add tls=true, or sign in with SCRAM-SHA-256";
const UNENCRYPTED: &str =
    "the connection to the database is not encrypted, as it would be with mongodb+srv by default";

/// Refuses what would give accounts or credentials away on the network; otherwise, what to know.
pub(super) fn check(read: &ConnectionString, kept: &[Kept]) -> Result<Vec<String>, UriFault> {
    let stays_here = stays_on_this_machine(read);
    let mut notices = Vec::new();
    if is_unverified(read) {
        let name = name_among(UNVERIFIED, kept);
        if !stays_here {
            let why = UNVERIFIED_ELSEWHERE;
            return Err(UriFault::Refused { name, why });
        }
        notices.push(format!("{name}: {UNVERIFIED_HERE}"));
    }
    let is_encrypted = matches!(read.tls, Some(Tls::Enabled(_)));
    if sends_its_secret(read) && !is_encrypted && !stays_here {
        return Err(UriFault::Refused {
            name: "authMechanism",
            why: IN_THE_CLEAR,
        });
    }
    if matches!(read.host_info, HostInfo::DnsRecord(_)) && !is_encrypted {
        notices.push(format!("{}: {UNENCRYPTED}", name_among(ENCRYPTION, kept)));
    }
    Ok(notices)
}

/// Whether the driver talks to this machine only. Without `directConnection` it also connects to every member that a
/// server names in its answer to `hello`, wherever that is.
fn stays_on_this_machine(read: &ConnectionString) -> bool {
    let here = |server: &ServerAddress| match server {
        ServerAddress::Tcp { host, .. } => {
            host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        ServerAddress::Unix { .. } => true,
        _ => false,
    };
    read.direct_connection == Some(true)
        && matches!(&read.host_info, HostInfo::HostIdentifiers(hosts) if hosts.iter().all(here))
}

fn is_unverified(read: &ConnectionString) -> bool {
    matches!(&read.tls, Some(Tls::Enabled(tls)) if tls.allow_invalid_certificates == Some(true))
}

/// Whether what proves who signs in is sent as it is.
fn sends_its_secret(read: &ConnectionString) -> bool {
    let credential = read.credential.as_ref();
    let mechanism = credential.and_then(|credential| credential.mechanism.as_ref());
    matches!(
        mechanism,
        Some(AuthMechanism::Plain | AuthMechanism::MongoDbOidc)
    )
}

/// The one of these options that stands there.
fn name_among(names: &'static [&'static str], kept: &[Kept]) -> &'static str {
    let mut kept = kept.iter().map(|option| option.name);
    kept.find(|name| names.contains(name)).unwrap_or(names[0])
}
