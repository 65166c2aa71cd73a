//! Whose certificates are believed.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// The largest file that is read.
const MAX_BYTES: u64 = 1024 * 1024;

/// The certificate authorities of the Web, and those of the operator beside them.
#[derive(Clone, Debug, Default)]
pub struct TrustedAuthorities {
    own: Vec<Certificate>,
}

/// Why a file is none of certificates.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityFault {
    /// It can't be read.
    #[error("can't be read: {0}")]
    Unreadable(#[from] io::Error),
    /// There is no certificate in it, or one that can't be read.
    #[error("holds no certificate in PEM that can be used")]
    NoCertificate,
}

impl TrustedAuthorities {
    /// Believes the certificates of a PEM file, too.
    ///
    /// # Errors
    /// [`AuthorityFault`].
    pub fn with_file(path: &Path) -> Result<Self, AuthorityFault> {
        let mut pem = Vec::new();
        fs::File::open(path)?
            .take(MAX_BYTES)
            .read_to_end(&mut pem)?;
        let mut own = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.map_err(|_| AuthorityFault::NoCertificate)?;
            let read = Certificate::from_der(certificate.to_vec());
            own.push(read.map_err(|_| AuthorityFault::NoCertificate)?);
        }
        let authorities = Self { own };
        // What is no certificate inside shows when one is used.
        if authorities.own.is_empty() || authorities.for_host("localhost").is_none() {
            return Err(AuthorityFault::NoCertificate);
        }
        Ok(authorities)
    }

    /// What TLS with `host` takes. `None` where one of the certificates is none.
    pub(super) fn for_host(&self, host: &str) -> Option<TlsParameters> {
        let own = self.own.iter().cloned();
        let builder = own.fold(TlsParameters::builder(host.to_owned()), |builder, own| {
            builder.add_root_certificate(own)
        });
        builder.build().ok()
    }
}
