//! The signature algorithms that a key can be bound to (RFC 7518 §3.1, RFC 8037 §3.1).

use std::fmt;

/// A signature algorithm. Every key is bound to one, and a token is only ever checked with a key of
/// the algorithm its header names (RFC 8725 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC with SHA-256 (RFC 7518 §3.2).
    HS256,
    /// HMAC with SHA-384 (RFC 7518 §3.2).
    HS384,
    /// HMAC with SHA-512 (RFC 7518 §3.2).
    HS512,
    /// Ed25519 (RFC 8037 §3.1).
    #[cfg(feature = "asymmetric")]
    EdDSA,
    /// ECDSA over P-256 with SHA-256 (RFC 7518 §3.4).
    #[cfg(feature = "asymmetric")]
    ES256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3).
    #[cfg(feature = "asymmetric")]
    RS256,
}

impl Algorithm {
    /// The name in the `alg` header parameter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
            #[cfg(feature = "asymmetric")]
            Self::EdDSA => "EdDSA",
            #[cfg(feature = "asymmetric")]
            Self::ES256 => "ES256",
            #[cfg(feature = "asymmetric")]
            Self::RS256 => "RS256",
        }
    }

    /// The algorithm of that name (case matters, RFC 7515 §4.1.1), if it is one of ours.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::HS256,
            "HS384" => Self::HS384,
            "HS512" => Self::HS512,
            #[cfg(feature = "asymmetric")]
            "EdDSA" => Self::EdDSA,
            #[cfg(feature = "asymmetric")]
            "ES256" => Self::ES256,
            #[cfg(feature = "asymmetric")]
            "RS256" => Self::RS256,
            _ => return None,
        })
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
