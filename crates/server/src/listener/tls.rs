//! https: a certificate and its key, which can be exchanged while the server runs.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use private_files::{Refusal, open_named};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys, ServerConfig};
use secret::Secret;

/// The largest certificate chain or key, in bytes.
const MAX: u64 = 1024 * 1024;

/// What is offered by ALPN (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A byte order mark, as editors put before a text, and as it comes between texts that were put together.
const BYTE_ORDER_MARK: &[u8] = &[0xef, 0xbb, 0xbf];

/// A certificate chain and its private key, from PEM files. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    rustls: RustlsConfig,
}

/// The certificate or the key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// It is the certificate.
    #[error("{} {fault}", path.display())]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// It is the key.
    #[error("{} {fault}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// Each is good, and they don't belong together.
    #[error("{} is not the key of the certificate {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The library takes neither protocol version, or the task that read the files was ended.
    #[error("TLS can't be set up")]
    NotSetUp,
}

/// What is wrong with a file. The text follows its path.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// It can't be read, or everyone can write to it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It is larger than any chain.
    #[error("is larger than {} KiB", MAX / 1024)]
    TooLarge,
    /// PEM that is damaged, or a certificate that is none.
    #[error("is damaged, or no PEM (RFC 7468)")]
    Damaged,
    /// No certificate in it.
    #[error("holds no certificate: there is no block -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// No key in it.
    #[error("holds no private key: there is no block -----BEGIN PRIVATE KEY-----")]
    NoKey,
    /// A passphrase protects it.
    #[error(
        "is encrypted: write it without a passphrase with `openssl pkey -in KEY.pem -out PLAIN.pem`"
    )]
    Encrypted,
    /// It is in the form of OpenSSH.
    #[error(
        "is in OpenSSH's form: convert a copy of it with `ssh-keygen -p -N '' -m PKCS8 -f KEY`"
    )]
    OpenSsh,
    /// Which of them is meant?
    #[error("holds several private keys")]
    SeveralKeys,
    /// A curve or a size that nobody supports.
    #[error("holds a private key of a kind that TLS has no use for")]
    UnusableKey,
}

impl Tls {
    /// Reads the files. TLS 1.2 and 1.3, by rustls with aws-lc; HTTP/2 and HTTP/1.1 by ALPN.
    ///
    /// # Errors
    /// When a file can't be read, is no PEM, or the key does not belong to the certificate.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            rustls: RustlsConfig::from_config(configured(certificate, key)?),
        })
    }

    /// Reads the same files again: new connections get the new certificate.
    ///
    /// # Errors
    /// As [`Tls::read`]; the present certificate then stays.
    pub async fn reload(&self) -> Result<(), TlsError> {
        let (certificate, key) = (self.certificate.clone(), self.key.clone());
        let reading = tokio::task::spawn_blocking(move || configured(&certificate, &key));
        let config = reading.await.map_err(|_| TlsError::NotSetUp)??;
        self.rustls.reload_from_config(config);
        Ok(())
    }

    pub(super) fn rustls(&self) -> RustlsConfig {
        self.rustls.clone()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// The certificates in a PEM file, of which there is one at least.
///
/// # Errors
/// When it can't be read, or holds none.
pub fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(path).map_err(|fault| TlsError::Certificate {
        path: path.to_owned(),
        fault,
    })
}

fn configured(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certified = certified(certificate, key, &provider)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsError::NotSetUp)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
    Ok(Arc::new(config))
}

/// The chain with its key.
fn certified(
    certificate: &Path,
    key: &Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = read_certificates(certificate)?;
    let signing = private_key(key)
        .and_then(|key| {
            let loaded = provider.key_provider.load_private_key(key);
            loaded.map_err(|_| FileFault::UnusableKey)
        })
        .map_err(|fault| TlsError::Key {
            path: key.to_owned(),
            fault,
        })?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // Unknown: a kind of key that doesn't tell its public half. None of this provider's is.
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        }),
        Err(_) => Err(TlsError::Certificate {
            path: certificate.to_owned(),
            fault: FileFault::Damaged,
        }),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileFault> {
    let text = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.expose()).collect();
    let chain = chain.map_err(|_| FileFault::Damaged)?;
    if chain.is_empty() {
        return Err(FileFault::NoCertificate);
    }
    Ok(chain)
}

/// The one private key in a file: PKCS#8, SEC1 or PKCS#1.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, FileFault> {
    let text = read(path)?;
    let holds = |words: &str| {
        let mut places = text.expose().windows(words.len());
        places.any(|place| place == words.as_bytes())
    };
    let mut keys = PrivateKeyDer::pem_slice_iter(text.expose());
    match (keys.next(), keys.next()) {
        (Some(Ok(key)), None) => Ok(key),
        (Some(Ok(_)), Some(_)) => Err(FileFault::SeveralKeys),
        _ if holds("BEGIN ENCRYPTED PRIVATE KEY") || holds("Proc-Type: 4,ENCRYPTED") => {
            Err(FileFault::Encrypted)
        }
        _ if holds("BEGIN OPENSSH PRIVATE KEY") => Err(FileFault::OpenSsh),
        (Some(Err(_)), _) => Err(FileFault::Damaged),
        (None, _) => Err(FileFault::NoKey),
    }
}

/// The bytes of a file, without byte order marks.
fn read(path: &Path) -> Result<Secret<Vec<u8>>, FileFault> {
    let (file, _) = open_named(path)?;
    let expected = file.metadata().map_err(Refusal::Io)?.len().min(MAX) + 1;
    // With room for all of it at once, so that growing leaves no copy behind.
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    let length = file.take(MAX + 1).read_to_end(&mut bytes);
    let bytes = Secret::new(bytes); // wiped also where the file is refused
    if length.map_err(Refusal::Io)? as u64 > MAX {
        return Err(FileFault::TooLarge);
    }
    Ok(without_marks(bytes.expose()))
}

/// Base64 has no such bytes, nor has a boundary.
fn without_marks(bytes: &[u8]) -> Secret<Vec<u8>> {
    let mut rest = bytes;
    let mut plain = Vec::with_capacity(rest.len()); // it never grows, so it leaves no copy behind
    while let Some((first, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(BYTE_ORDER_MARK) {
            rest = after;
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    Secret::new(plain)
}
