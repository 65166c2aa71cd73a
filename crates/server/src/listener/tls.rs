//! https: a certificate and its key, which can be exchanged while the server runs.

use std::io;
use std::path::{Path, PathBuf};

use axum_server::tls_rustls::RustlsConfig;

/// A certificate chain and its private key, from PEM files. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    rustls: RustlsConfig,
}

/// The certificate or the key can't be used.
#[derive(Debug, thiserror::Error)]
#[error("the certificate {certificate} and the key {key} can't be used: {source}")]
pub struct TlsError {
    certificate: PathBuf,
    key: PathBuf,
    source: io::Error,
}

impl Tls {
    /// Reads the files. TLS 1.2 and 1.3, by rustls with aws-lc; HTTP/2 and HTTP/1.1 by ALPN
    /// (RFC 7301).
    ///
    /// # Errors
    /// When a file can't be read, is no PEM, or the key does not belong to the certificate.
    pub async fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let rustls = RustlsConfig::from_pem_file(certificate, key).await;
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        match rustls {
            Ok(rustls) => Ok(Self {
                certificate,
                key,
                rustls,
            }),
            Err(source) => Err(TlsError {
                certificate,
                key,
                source,
            }),
        }
    }

    /// Reads the same files again: new connections get the new certificate.
    ///
    /// # Errors
    /// As [`Tls::read`]; the present certificate then stays.
    pub async fn reload(&self) -> Result<(), TlsError> {
        self.rustls
            .reload_from_pem_file(&self.certificate, &self.key)
            .await
            .map_err(|source| TlsError {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                source,
            })
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
