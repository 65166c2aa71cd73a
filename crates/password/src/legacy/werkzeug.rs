//! Werkzeug: `scrypt:N:r:p$salt$hex` and `pbkdf2:digest:iterations$salt$hex`, and `sha1$salt$hex` and its like, which
//! versions before 3.0 wrote.
//!
//! Follows `check_password_hash` of Werkzeug 3.1, of 2.3 for what 3.0 dropped, and the limits of `hashlib.scrypt` over
//! OpenSSL 3 beneath it. The salt is used as text, the tag is compared as lower-case text.

use super::preparation::unhex;
use super::python;
use crate::digest::Digest;
use crate::kind::{Work, log2};
use crate::stored::Stored;
use crate::{Kind, Malformed};

/// Bytes of tag that `hashlib.scrypt` gives.
const SCRYPT_TAG_BYTES: usize = 64;

pub(super) fn read(text: &str) -> Result<Stored, Malformed> {
    let (method, rest) = text.split_once('$').ok_or(Malformed::Syntax)?;
    let (salt, tag) = rest.split_once('$').ok_or(Malformed::Syntax)?;
    if !tag.is_ascii() {
        return Err(Malformed::Syntax); // `hmac.compare_digest` raises
    }
    let (name, arguments) = match method.split_once(':') {
        Some((name, arguments)) => (name, arguments.split(':').collect()),
        None => (method, Vec::new()),
    };
    let (work, tag_bytes) = match name {
        "scrypt" => (scrypt(&arguments)?, SCRYPT_TAG_BYTES),
        "pbkdf2" => pbkdf2(&arguments)?,
        _ => return Err(Malformed::UnknownFormat),
    };
    Ok(Stored::foreign(
        Kind::checked(work)?,
        salt.as_bytes().to_vec(),
        unhex(tag, tag_bytes).ok_or(Malformed::Syntax)?,
    ))
}

/// Whether `method$salt$hex` names a digest that Werkzeug before 3.0 hashed with.
pub(super) fn is_hmac(text: &str) -> bool {
    let method = text.split_once('$').map(|(method, _)| method);
    method.is_some_and(|method| hashlib_digest(method).is_ok())
}

/// `method$salt$hex` of Werkzeug before 3.0: one HMAC, of the password under the salt.
pub(super) fn read_hmac(text: &str) -> Result<Stored, Malformed> {
    let fields: Vec<&str> = text.splitn(3, '$').collect();
    let [method, salt, tag] = *fields.as_slice() else {
        return Err(Malformed::Syntax);
    };
    let digest = hashlib_digest(method)?;
    if salt.is_empty() {
        return Err(Malformed::Unsupported); // it would be a bare digest, but Werkzeug drew a salt for each
    }
    Ok(Stored::foreign(
        Kind::checked(Work::Hmac(digest))?,
        salt.as_bytes().to_vec(),
        unhex(tag, digest.bytes()).ok_or(Malformed::Syntax)?,
    ))
}

fn scrypt(arguments: &[&str]) -> Result<Work, Malformed> {
    let (n, r, p) = match arguments {
        [] => (1 << 15, 8, 1),
        [n, r, p] => {
            let number = |text| python::int(text).ok_or(Malformed::Syntax);
            (number(n)?, number(r)?, number(p)?)
        }
        _ => return Err(Malformed::Syntax),
    };
    let number = |value: i64| u32::try_from(value).map_err(|_| Malformed::Parameters);
    let (n, r, p) = (number(n)?, number(r)?, number(p)?);
    if !openssl_has_memory(n.into(), r.into(), p.into()) {
        return Err(Malformed::Parameters);
    }
    let log_n = log2(n.into()).ok_or(Malformed::Parameters)?;
    Ok(Work::Scrypt { log_n, r, p })
}

/// Werkzeug allows OpenSSL 132 × N × r × p bytes, which is too little when N and p are small, and
/// an error beyond 2³¹ - 1.
fn openssl_has_memory(n: u128, r: u128, p: u128) -> bool {
    let allowed = 132 * n * r * p;
    let needed = 128 * r * (p + n + 2);
    needed <= allowed && i32::try_from(allowed).is_ok()
}

/// Iterations where the method names none.
const DEFAULT_ITERATIONS: u32 = 1_000_000;

fn pbkdf2(arguments: &[&str]) -> Result<(Work, usize), Malformed> {
    let (digest, iterations) = match arguments {
        [] => (Digest::Sha256, DEFAULT_ITERATIONS),
        [digest] => (hashlib_digest(digest)?, DEFAULT_ITERATIONS),
        [digest, iterations] => {
            let iterations = python::int(iterations).ok_or(Malformed::Syntax)?;
            let iterations = iterations.clamp(0, u32::MAX.into());
            let iterations = u32::try_from(iterations).map_err(|_| Malformed::Parameters)?;
            (hashlib_digest(digest)?, iterations)
        }
        _ => return Err(Malformed::Syntax),
    };
    Ok((Work::Pbkdf2 { digest, iterations }, digest.bytes()))
}

/// The digest that `hashlib.pbkdf2_hmac` finds by a name: Python's names as they are, OpenSSL's
/// names and object identifiers in any case.
fn hashlib_digest(name: &str) -> Result<Digest, Malformed> {
    if let Some(digest) = Digest::named(name) {
        return Ok(digest);
    }
    match name {
        "SHA512_224" => return Ok(Digest::Sha512_224),
        "SHA512_256" => return Ok(Digest::Sha512_256),
        _ => {}
    }
    Ok(match name.to_ascii_lowercase().as_str() {
        "blake2b512" | "blake2b-512" | "1.3.6.1.4.1.1722.12.2.1.16" => Digest::Blake2b,
        "blake2s256" | "blake2s-256" | "1.3.6.1.4.1.1722.12.2.2.8" => Digest::Blake2s,
        "md5" | "ssl3-md5" | "1.2.840.113549.2.5" => Digest::Md5,
        "ripemd160" | "ripemd-160" | "ripemd" | "rmd160" | "1.3.36.3.2.1" => Digest::Ripemd160,
        "sha1" | "sha-1" | "ssl3-sha1" | "1.3.14.3.2.26" => Digest::Sha1,
        "sha224" | "sha-224" | "sha2-224" | "2.16.840.1.101.3.4.2.4" => Digest::Sha224,
        "sha256" | "sha-256" | "sha2-256" | "2.16.840.1.101.3.4.2.1" => Digest::Sha256,
        "sha384" | "sha-384" | "sha2-384" | "2.16.840.1.101.3.4.2.2" => Digest::Sha384,
        "sha512" | "sha-512" | "sha2-512" | "2.16.840.1.101.3.4.2.3" => Digest::Sha512,
        "sha512-224" | "sha-512/224" | "sha2-512/224" | "2.16.840.1.101.3.4.2.5" => {
            Digest::Sha512_224
        }
        "sha512-256" | "sha-512/256" | "sha2-512/256" | "2.16.840.1.101.3.4.2.6" => {
            Digest::Sha512_256
        }
        "sha3-224" | "2.16.840.1.101.3.4.2.7" => Digest::Sha3_224,
        "sha3-256" | "2.16.840.1.101.3.4.2.8" => Digest::Sha3_256,
        "sha3-384" | "2.16.840.1.101.3.4.2.9" => Digest::Sha3_384,
        "sha3-512" | "2.16.840.1.101.3.4.2.10" => Digest::Sha3_512,
        "sm3" | "1.2.156.10197.1.401" => Digest::Sm3,
        // OpenSSL has it, for old TLS; nobody is known to have hashed passwords with it
        "md5-sha1" => return Err(Malformed::Unsupported),
        _ => return Err(Malformed::Parameters),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind of a hash of this method, whose tag has a length that fits.
    fn kind(method: &str) -> Result<String, Malformed> {
        let kinds = [16, 20, 28, 32, 48, 64].map(|bytes| {
            let hash = format!("{method}$salt${}", "00".repeat(bytes));
            read(&hash).map(|stored| stored.kind.to_string())
        });
        let refused = kinds[0].clone();
        kinds.into_iter().find(Result::is_ok).unwrap_or(refused)
    }

    #[test]
    fn a_method_without_arguments_has_the_defaults() {
        assert_eq!(kind("scrypt"), Ok("scrypt:32768:8:1".into()));
        assert_eq!(kind("pbkdf2"), Ok("pbkdf2:sha256:1000000".into()));
        assert_eq!(kind("pbkdf2:sha1"), Ok("pbkdf2:sha1:1000000".into()));
        assert_eq!(kind("scrypt:"), Err(Malformed::Syntax));
        assert_eq!(kind("pbkdf2:"), Err(Malformed::Parameters));
    }

    #[test]
    fn openssls_memory_limit_is_kept() {
        assert!(kind("scrypt:128:1:1").is_ok());
        assert_eq!(kind("scrypt:64:8:1"), Err(Malformed::Parameters));
        assert!(kind("scrypt:64:1:2").is_ok());
        assert_eq!(kind("scrypt:65536:1:1"), Err(Malformed::Parameters));
        assert_eq!(kind("scrypt:1073741824:8:1"), Err(Malformed::Parameters));
        assert_eq!(kind("scrypt:1024:-8:-1"), Err(Malformed::Parameters));
    }

    #[test]
    fn a_digest_is_found_under_openssls_names() {
        for (name, digest) in [
            ("sha256", "sha256"),
            ("ShA2-256", "sha256"),
            ("2.16.840.1.101.3.4.2.1", "sha256"),
            ("SHA512_256", "sha512_256"),
            ("sha-512/224", "sha512_224"),
            ("RIPEMD", "ripemd160"),
        ] {
            let label = format!("pbkdf2:{digest}:10");
            assert_eq!(kind(&format!("pbkdf2:{name}:10")), Ok(label));
        }
        for name in [
            "",
            " sha256",
            "SHA3_256",
            "Sha512_256",
            "BLAKE2B",
            "shake128",
            "md4",
        ] {
            let method = format!("pbkdf2:{name}:10");
            assert_eq!(kind(&method), Err(Malformed::Parameters), "{name}");
        }
    }
}
