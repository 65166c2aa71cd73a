//! Hashes that no password matches.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use crate::digest::Digest;
use crate::kind::Work;
use crate::{Kind, PasswordHash, argon};

/// A well-formed hash of `kind` which no password matches.
///
/// Verifying against it takes what verifying against a real hash of that kind takes. A login for a
/// name that nobody has is checked against a decoy, so that the time of the answer doesn't tell
/// that the name is unknown.
///
/// Its tag is all zeros: to find a password for it is to find a preimage.
pub fn decoy(kind: &Kind) -> PasswordHash {
    PasswordHash::from_stored(match kind.0 {
        Work::Argon2 { .. } => {
            let (salt, tag) = ([0; argon::SALT_BYTES], [0; argon::TAG_BYTES]);
            return argon::to_phc(*kind, &salt, &tag).unwrap_or_else(|| PasswordHash::from("*"));
        }
        Work::Bcrypt { cost } => format!("$2b${cost:02}${}", ".".repeat(22 + 31)),
        Work::Digest(digest) => {
            let scheme = match digest {
                Digest::Md5 => "SMD5",
                Digest::Sha256 => "SSHA256",
                Digest::Sha512 => "SSHA512",
                _ => "SSHA",
            };
            let tag_and_salt = vec![0; digest.bytes() + 8];
            format!("{{{scheme}}}{}", STANDARD.encode(tag_and_salt))
        }
        Work::Hmac(digest) => {
            let tag = "0".repeat(2 * digest.bytes());
            format!("{}$decoy${tag}", digest.name())
        }
        Work::Md5Crypt => format!("$1$decoy${}", ".".repeat(22)),
        Work::Pbkdf2 { digest, iterations } => {
            let tag = "0".repeat(2 * digest.bytes());
            format!("pbkdf2:{}:{iterations}$decoy${tag}", digest.name())
        }
        Work::Phpass { log_rounds } => {
            let rounds = char::from(crate::h64::ALPHABET[usize::from(log_rounds) & 63]);
            format!("$P${rounds}{}", ".".repeat(8 + 22))
        }
        Work::PhpassSha512 { log_rounds } => {
            let rounds = char::from(crate::h64::ALPHABET[usize::from(log_rounds) & 63]);
            format!("$S${rounds}{}", ".".repeat(8 + 43))
        }
        Work::Scrypt { log_n, r, p } => {
            let [salt, tag] = [16, 32].map(|bytes| STANDARD_NO_PAD.encode(vec![0; bytes]));
            format!("$scrypt$ln={log_n},r={r},p={p}${salt}${tag}")
        }
        Work::Sha256Crypt { rounds } => format!("$5$rounds={rounds}$decoy${}", ".".repeat(43)),
        Work::Sha512Crypt { rounds } => format!("$6$rounds={rounds}$decoy${}", ".".repeat(86)),
        #[cfg(feature = "legacy")]
        Work::Yescrypt { log_n, r, p } => {
            let parameters = crate::legacy::yescrypt_parameters(log_n, r, p).unwrap_or_default();
            format!("$y${parameters}$........${}", ".".repeat(43))
        }
        #[cfg(not(feature = "legacy"))]
        Work::Yescrypt { .. } => "*".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "legacy")]
    use crate::{Params, Verdict, verify};

    #[test]
    fn a_decoy_is_of_its_kind() {
        let kind: Kind = "argon2id:19456:2:1".parse().unwrap();
        assert_eq!(decoy(&kind).kind(), Ok(kind));
    }

    #[test]
    #[cfg(feature = "legacy")]
    fn there_is_a_decoy_of_every_kind_and_nothing_matches_it() {
        for label in [
            "argon2d:64:1:1",
            "argon2i-v16:64:2:4",
            "bcrypt:4",
            "digest:md5",
            "digest:sha1",
            "digest:sha256",
            "digest:sha512",
            "hmac:md5",
            "hmac:sha1",
            "hmac:sha3_512",
            "md5crypt",
            "pbkdf2:blake2b:10",
            "pbkdf2:sha1:10",
            "pbkdf2:sha3_512:10",
            "pbkdf2:sha512_256:10",
            "phpass:7",
            "phpass-sha512:7",
            "scrypt:2:1:1",
            "scrypt:1024:8:16",
            "sha256crypt:1000",
            "sha512crypt:1000",
            "yescrypt:4:1:1",
            "yescrypt:1024:8:3",
        ] {
            let kind: Kind = label.parse().unwrap();
            let decoy = decoy(&kind);
            assert_eq!(decoy.kind(), Ok(kind), "{label}");
            for password in ["", "hunter2", "decoy", "\0"] {
                let verdict = verify(&password.into(), &decoy, &Params::default());
                assert_eq!(verdict, Verdict::NoMatch, "{label}");
            }
        }
    }
}
