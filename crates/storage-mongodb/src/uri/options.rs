//! What becomes of each option of a connection string.
//!
//! The names are those of the specification of all drivers, and those that only Python's driver or an older one knows:
//! a string that another program connects with should do here, too. What would make writes less durable, readings
//! older or requests slower has no effect, and is named in the log; what would be unsafe to leave out is refused.

/// What becomes of an option.
#[derive(Clone, Copy, Debug)]
pub(super) enum Treatment {
    /// The driver gets it. Its value must be this.
    Kept(&'static str),
    /// It has no effect, and needs none.
    Moot,
    /// It has no effect, for this reason, which is said unless the value asks for what holds anyway.
    Overridden {
        /// Why.
        why: &'static str,
        /// The values that ask for what holds.
        same: &'static [&'static str],
    },
    /// Refused for this reason, unless the value asks for what holds anyway.
    Refused {
        /// Why.
        why: &'static str,
        /// The values that ask for what holds.
        unless: &'static [&'static str],
    },
}

use Treatment::{Kept, Moot, Overridden, Refused};

const BOOLEAN: &str = "true or false";
const NUMBER: &str = "a whole number";
const MILLIS: &str = "a whole number of milliseconds";

const WRITES: &str = "every write is confirmed by the journals of a majority";
const READS: &str = "everything is read from the primary";
const TIMES: &str = "PORTCULLIS_REQUEST_TIMEOUT bounds whatever is asked of the database";
const COMPRESSION: &str = "what is sent to the database is not compressed";
const REVOCATION: &str = "nobody is asked whether a certificate was revoked";

const NO_PROXY: &str = "the database is reached directly, not through a SOCKS proxy";
const ENCRYPTED_KEY: &str = "a key with a password can't be read: give a file without one that only this server's user may read";
const REVOKED: &str = "a list of revoked certificates can't be used";
const HOST_NAMES: &str =
    "the host is looked for in the certificate: connect by a name that stands there";
const CA_FILE: &str = "it is called tlsCAFile today";
const KEY_FILE: &str =
    "it is called tlsCertificateKeyFile today: one file with the certificate and its key";
const UNVERIFIED: &str = "whoever is on the way to the database could read and change every account: name the authority of its certificate (tlsCAFile)";

/// An option that has no effect, whatever it says.
const fn overridden(why: &'static str) -> Treatment {
    Overridden { why, same: &[] }
}

/// An option that is refused, whatever it says.
const fn refused(why: &'static str) -> Treatment {
    Refused { why, unless: &[] }
}

/// Every option, by the name that the specification gives it.
pub(super) const OPTIONS: &[(&str, Treatment)] = &[
    // Who signs in, and how.
    (
        "authMechanism",
        Kept(
            "SCRAM-SHA-256, SCRAM-SHA-1, MONGODB-X509 or PLAIN, with the user and password that it needs",
        ),
    ),
    (
        "authMechanismProperties",
        Kept("name:value, several after commas"),
    ),
    ("authSource", Kept("a database")),
    // Which servers, and how they are watched.
    ("appName", Kept("a text")),
    (
        "directConnection",
        Kept("true or false, and true for one host only"),
    ),
    ("enableOverloadRetargeting", Kept(BOOLEAN)),
    ("heartbeatFrequencyMS", Kept(MILLIS)),
    (
        "loadBalanced",
        Kept("true or false, and true for one host without replicaSet and directConnection only"),
    ),
    ("localThresholdMS", Kept(MILLIS)),
    ("maxAdaptiveRetries", Kept(NUMBER)),
    ("replicaSet", Kept("a name")),
    ("retryReads", Kept(BOOLEAN)),
    ("retryWrites", Kept(BOOLEAN)),
    ("serverMonitoringMode", Kept("auto, stream or poll")),
    (
        "srvMaxHosts",
        Kept("a whole number, and only with mongodb+srv:// and without replicaSet"),
    ),
    (
        "srvServiceName",
        Kept("a name, and only with mongodb+srv://"),
    ),
    // Connections.
    ("maxConnecting", Kept(NUMBER)),
    ("maxIdleTimeMS", Kept(MILLIS)),
    ("maxPoolSize", Kept(NUMBER)),
    ("minPoolSize", Kept(NUMBER)),
    // Encryption.
    ("ssl", Kept("true or false, and the same as tls")),
    (
        "tls",
        Kept("true or false, and not false with other options for TLS"),
    ),
    ("tlsCAFile", Kept("a file, and not with tls=false")),
    (
        "tlsCertificateKeyFile",
        Kept("a file, and not with tls=false"),
    ),
    // What `safety` allows of these.
    ("tlsAllowInvalidCertificates", Kept(BOOLEAN)),
    ("tlsInsecure", Kept(BOOLEAN)),
    (
        "tlsAllowInvalidHostnames",
        Refused {
            why: HOST_NAMES,
            unless: &["false"],
        },
    ),
    (
        "ssl_match_hostname",
        Refused {
            why: HOST_NAMES,
            unless: &["true"],
        },
    ),
    (
        "ssl_cert_reqs",
        Refused {
            why: UNVERIFIED,
            unless: &["cert_required"],
        },
    ),
    ("tlsCertificateKeyFilePassword", refused(ENCRYPTED_KEY)),
    ("ssl_pem_passphrase", refused(ENCRYPTED_KEY)),
    ("tlsCRLFile", refused(REVOKED)),
    ("ssl_crlfile", refused(REVOKED)),
    ("ssl_ca_certs", refused(CA_FILE)),
    ("ssl_certfile", refused(KEY_FILE)),
    ("ssl_keyfile", refused(KEY_FILE)),
    (
        "tlsDisableCertificateRevocationCheck",
        Overridden {
            why: REVOCATION,
            same: &["true"],
        },
    ),
    (
        "tlsDisableOCSPEndpointCheck",
        Overridden {
            why: REVOCATION,
            same: &["true"],
        },
    ),
    // Proxies.
    ("proxyHost", refused(NO_PROXY)),
    ("proxyPassword", refused(NO_PROXY)),
    ("proxyPort", refused(NO_PROXY)),
    ("proxyUsername", refused(NO_PROXY)),
    // What is ours to say.
    (
        "w",
        Overridden {
            why: WRITES,
            same: &["majority"],
        },
    ),
    (
        "journal",
        Overridden {
            why: WRITES,
            same: &["true"],
        },
    ),
    (
        "j",
        Overridden {
            why: WRITES,
            same: &["true"],
        },
    ),
    (
        "fsync",
        Overridden {
            why: WRITES,
            same: &["false"],
        },
    ),
    ("wTimeoutMS", overridden(WRITES)),
    ("wtimeout", overridden(WRITES)),
    (
        "readPreference",
        Overridden {
            why: READS,
            same: &["primary"],
        },
    ),
    (
        "readPreferenceTags",
        Overridden {
            why: READS,
            same: &[""],
        },
    ),
    (
        "maxStalenessSeconds",
        Overridden {
            why: READS,
            same: &["-1"],
        },
    ),
    (
        "readConcernLevel",
        Overridden {
            why: READS,
            same: &["local", "majority"],
        },
    ),
    (
        "slaveOk",
        Overridden {
            why: READS,
            same: &["false"],
        },
    ),
    ("connectTimeoutMS", overridden(TIMES)),
    ("serverSelectionTimeoutMS", overridden(TIMES)),
    ("socketTimeoutMS", overridden(TIMES)),
    ("timeoutMS", overridden(TIMES)),
    ("waitQueueTimeoutMS", overridden(TIMES)),
    (
        "compressors",
        Overridden {
            why: COMPRESSION,
            same: &[""],
        },
    ),
    ("zlibCompressionLevel", overridden(COMPRESSION)),
    // What other libraries make of documents, of threads and of themselves.
    ("connect", Moot),
    ("datetime_conversion", Moot),
    ("document_class", Moot),
    ("serverSelectionTryOnce", Moot),
    ("tz_aware", Moot),
    ("unicode_decode_error_handler", Moot),
    ("useNewUrlParser", Moot),
    ("useUnifiedTopology", Moot),
    ("uuidRepresentation", Moot),
    ("waitQueueMultiple", Moot),
];

/// The options whose value may be a secret, or have one in it.
pub(super) const SECRETS: &[&str] = &[
    "authMechanismProperties",
    "proxyPassword",
    "proxyUsername",
    "ssl_pem_passphrase",
    "tlsCertificateKeyFilePassword",
];

/// An option, by its name in whatever case.
pub(super) fn known(name: &str) -> Option<(&'static str, Treatment)> {
    let mut options = OPTIONS.iter();
    options
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .copied()
}

/// The option whose name looks most like `name`, if one does.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let typed = name.to_ascii_lowercase();
    let distance = |known: &str| strsim::osa_distance(&typed, &known.to_ascii_lowercase());
    let options = OPTIONS.iter().map(|(known, _)| (distance(known), *known));
    let (distance, nearest) = options.min()?;
    (distance <= (typed.chars().count() / 3).max(1)).then_some(nearest)
}
