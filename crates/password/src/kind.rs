//! What checking a hash costs, as a label.

use std::fmt;
use std::str::FromStr;

use crate::digest::Digest;
use crate::{Malformed, Params, bounds};

/// The work that checking a hash takes: its algorithm and cost, without salt and tag.
///
/// Two hashes of one kind take the same time, whichever system wrote them. The label
/// (`argon2id:19456:2:1`, `scrypt:32768:8:1`, `pbkdf2:sha256:1000000`, `bcrypt:12`) reads back as
/// the same kind, so that kinds can be counted and stored; see [`decoy`](crate::decoy()).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub(crate) Work);

/// The text is no kind, or one beyond [`bounds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of password hash")]
pub struct UnknownKind;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Work {
    Argon2 {
        variant: Variant,
        version: Version,
        memory_kib: u32,
        passes: u32,
        lanes: u32,
    },
    Bcrypt {
        cost: u8,
    },
    /// One digest, such as LDAP's `{SSHA}`: no cost at all.
    Digest(Digest),
    /// One HMAC of the password, and where another system shares the form, that one's digest.
    Hmac(Digest),
    Md5Crypt,
    /// `iterations` counts every block of output.
    Pbkdf2 {
        digest: Digest,
        iterations: u32,
    },
    Phpass {
        log_rounds: u8,
    },
    /// Drupal's.
    PhpassSha512 {
        log_rounds: u8,
    },
    Scrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
    Sha256Crypt {
        rounds: u32,
    },
    Sha512Crypt {
        rounds: u32,
    },
    Yescrypt {
        log_n: u8,
        r: u32,
        p: u32,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Variant {
    D,
    I,
    Id,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Version {
    /// The version of 2015, written `v=16` or not at all.
    V16,
    /// RFC 9106's, written `v=19`.
    V19,
}

impl Kind {
    /// The kind of a new hash.
    pub const fn of(params: &Params) -> Self {
        Self(Work::Argon2 {
            variant: Variant::Id,
            version: Version::V19,
            memory_kib: params.memory_kib(),
            passes: params.passes(),
            lanes: params.lanes(),
        })
    }

    /// `work`, if its algorithm has such a cost and it is within the bounds.
    pub(crate) fn checked(work: Work) -> Result<Self, Malformed> {
        let (exists, affordable) = match work {
            Work::Argon2 {
                memory_kib,
                passes,
                lanes,
                ..
            } => (
                bounds::argon2_exists(memory_kib, passes, lanes),
                bounds::argon2_is_affordable(memory_kib, passes),
            ),
            Work::Bcrypt { cost } => ((4..=31).contains(&cost), cost <= bounds::MAX_BCRYPT_COST),
            Work::Digest(digest) => (is_hashed_alone(digest), true),
            Work::Hmac(_) | Work::Md5Crypt => (true, true),
            Work::Pbkdf2 { iterations, .. } => {
                (iterations > 0, iterations <= bounds::MAX_PBKDF2_ITERATIONS)
            }
            Work::Phpass { log_rounds } => (
                (7..=30).contains(&log_rounds),
                log_rounds <= bounds::MAX_PHPASS_LOG_ROUNDS,
            ),
            Work::PhpassSha512 { log_rounds } => (
                (7..=30).contains(&log_rounds),
                log_rounds <= bounds::MAX_PHPASS_SHA512_LOG_ROUNDS,
            ),
            Work::Scrypt { log_n, r, p } => (
                scrypt_exists(log_n, r, p),
                scrypt_is_affordable(log_n, r, p),
            ),
            Work::Sha256Crypt { rounds } | Work::Sha512Crypt { rounds } => (
                (1000..=999_999_999).contains(&rounds),
                rounds <= bounds::MAX_SHA2_CRYPT_ROUNDS,
            ),
            Work::Yescrypt { log_n, r, p } => (
                scrypt_exists(log_n, r, p) && u64::from(p) < 1_u64.unbounded_shl(log_n.into()),
                scrypt_is_affordable(log_n, r, p),
            ),
        };
        match (exists, affordable) {
            (false, _) => Err(Malformed::Parameters),
            (true, false) => Err(Malformed::TooCostly),
            (true, true) => Ok(Self(work)),
        }
    }
}

/// The digests that some system takes of a password and a salt, once.
fn is_hashed_alone(digest: Digest) -> bool {
    matches!(
        digest,
        Digest::Md5 | Digest::Sha1 | Digest::Sha256 | Digest::Sha512
    )
}

/// RFC 7914 §2: N is a power of two, greater than 1 and less than 2^(128 r / 8).
fn scrypt_exists(log_n: u8, r: u32, p: u32) -> bool {
    r >= 1 && p >= 1 && log_n >= 1 && u64::from(log_n) < 16 * u64::from(r)
}

fn scrypt_is_affordable(log_n: u8, r: u32, p: u32) -> bool {
    let (Some(n), r, p) = (1_u64.checked_shl(log_n.into()), r.into(), p.into()) else {
        return false;
    };
    let within = |limit: u64, factors: &[u64]| {
        factors
            .iter()
            .try_fold(1_u64, |product, factor| product.checked_mul(*factor))
            .is_some_and(|product| product <= limit)
    };
    within(bounds::MAX_SCRYPT_BYTES, &[128, n, r])
        && within(bounds::MAX_SCRYPT_WORK, &[n, r, p])
        && within(bounds::MAX_SCRYPT_R_P, &[r, p])
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Work::Argon2 {
                variant,
                version,
                memory_kib,
                passes,
                lanes,
            } => {
                let (name, suffix) = (variant.name(), version.suffix());
                write!(f, "{name}{suffix}:{memory_kib}:{passes}:{lanes}")
            }
            Work::Bcrypt { cost } => write!(f, "bcrypt:{cost}"),
            Work::Digest(digest) => write!(f, "digest:{}", digest.name()),
            Work::Hmac(digest) => write!(f, "hmac:{}", digest.name()),
            Work::Md5Crypt => f.write_str("md5crypt"),
            Work::Pbkdf2 { digest, iterations } => {
                write!(f, "pbkdf2:{}:{iterations}", digest.name())
            }
            Work::Phpass { log_rounds } => write!(f, "phpass:{log_rounds}"),
            Work::PhpassSha512 { log_rounds } => write!(f, "phpass-sha512:{log_rounds}"),
            Work::Scrypt { log_n, r, p } => write!(f, "scrypt:{}:{r}:{p}", 1_u64 << log_n),
            Work::Sha256Crypt { rounds } => write!(f, "sha256crypt:{rounds}"),
            Work::Sha512Crypt { rounds } => write!(f, "sha512crypt:{rounds}"),
            Work::Yescrypt { log_n, r, p } => write!(f, "yescrypt:{}:{r}:{p}", 1_u64 << log_n),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kind({self})")
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(label: &str) -> Result<Self, UnknownKind> {
        let work = parse(label).ok_or(UnknownKind)?;
        let kind = Self::checked(work).map_err(|_| UnknownKind)?;
        // One label per kind: `bcrypt:+12` and `bcrypt:012` are no labels.
        if kind.to_string() == label {
            Ok(kind)
        } else {
            Err(UnknownKind)
        }
    }
}

fn parse(label: &str) -> Option<Work> {
    let fields: Vec<&str> = label.split(':').collect();
    Some(match *fields.as_slice() {
        ["bcrypt", cost] => Work::Bcrypt {
            cost: cost.parse().ok()?,
        },
        ["digest", name] => Work::Digest(Digest::named(name)?),
        ["hmac", name] => Work::Hmac(Digest::named(name)?),
        ["md5crypt"] => Work::Md5Crypt,
        ["pbkdf2", digest, iterations] => Work::Pbkdf2 {
            digest: Digest::named(digest)?,
            iterations: iterations.parse().ok()?,
        },
        ["phpass", log_rounds] => Work::Phpass {
            log_rounds: log_rounds.parse().ok()?,
        },
        ["phpass-sha512", log_rounds] => Work::PhpassSha512 {
            log_rounds: log_rounds.parse().ok()?,
        },
        ["scrypt", n, r, p] => Work::Scrypt {
            log_n: log2(n.parse().ok()?)?,
            r: r.parse().ok()?,
            p: p.parse().ok()?,
        },
        ["sha256crypt", rounds] => Work::Sha256Crypt {
            rounds: rounds.parse().ok()?,
        },
        ["sha512crypt", rounds] => Work::Sha512Crypt {
            rounds: rounds.parse().ok()?,
        },
        ["yescrypt", n, r, p] => Work::Yescrypt {
            log_n: log2(n.parse().ok()?)?,
            r: r.parse().ok()?,
            p: p.parse().ok()?,
        },
        [name, memory, passes, lanes] => {
            let (name, version) = match name.strip_suffix(Version::V16.suffix()) {
                Some(name) => (name, Version::V16),
                None => (name, Version::V19),
            };
            Work::Argon2 {
                variant: Variant::named(name)?,
                version,
                memory_kib: memory.parse().ok()?,
                passes: passes.parse().ok()?,
                lanes: lanes.parse().ok()?,
            }
        }
        _ => return None,
    })
}

/// The exponent of `n`, if it is a power of two.
pub(crate) fn log2(n: u64) -> Option<u8> {
    n.is_power_of_two()
        .then(|| u8::try_from(n.trailing_zeros()).ok())
        .flatten()
}

impl Variant {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::D => "argon2d",
            Self::I => "argon2i",
            Self::Id => "argon2id",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::D, Self::I, Self::Id]
            .into_iter()
            .find(|variant| variant.name() == name)
    }
}

impl Version {
    const fn suffix(self) -> &'static str {
        match self {
            Self::V16 => "-v16",
            Self::V19 => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_reads_back_as_its_kind() {
        for label in [
            "argon2id:19456:2:1",
            "argon2i-v16:64:3:4",
            "argon2d:8:1:1",
            "bcrypt:12",
            "digest:sha512",
            "hmac:sha384",
            "md5crypt",
            "pbkdf2:sha3_256:1000",
            "phpass:13",
            "phpass-sha512:15",
            "scrypt:32768:8:1",
            "sha256crypt:5000",
            "sha512crypt:656000",
            "yescrypt:4096:32:1",
        ] {
            assert_eq!(label.parse::<Kind>().unwrap().to_string(), label);
        }
    }

    #[test]
    fn what_is_no_label_or_beyond_the_bounds_is_refused() {
        for label in [
            "",
            "argon2id",
            "argon2x:64:1:1",
            "argon2id:7:1:1",
            "argon2id:4294967295:1:1",
            "bcrypt:012",
            "bcrypt:+12",
            "bcrypt:3",
            "bcrypt:17",
            "pbkdf2:sha256:0",
            "pbkdf2:sha256:5000001",
            "pbkdf2:sha257:1000",
            "phpass:6",
            "phpass-sha512:21",
            "yescrypt:4096:1024:1",
            "yescrypt:2:1:2",
            "scrypt:1000:8:1",
            "scrypt:1:8:1",
            "scrypt:65536:1:1",
            "scrypt:9223372036854775808:8:1",
            "sha512crypt:999",
            "md5crypt:1",
            "digest:sha384",
        ] {
            assert_eq!(label.parse::<Kind>(), Err(UnknownKind), "{label}");
        }
    }

    #[test]
    fn scrypt_is_bounded_in_memory_and_in_time() {
        let scrypt = |log_n, r, p| Kind::checked(Work::Scrypt { log_n, r, p });
        assert!(scrypt(17, 8, 1).is_ok());
        assert!(scrypt(18, 8, 1).is_ok());
        assert!(scrypt(14, 8, 5).is_ok());
        assert_eq!(scrypt(19, 8, 1), Err(Malformed::TooCostly));
        assert_eq!(scrypt(17, 8, 8), Err(Malformed::TooCostly));
        assert_eq!(scrypt(1, 1 << 16, 1), Err(Malformed::TooCostly));
        assert_eq!(scrypt(63, u32::MAX, u32::MAX), Err(Malformed::TooCostly));
        assert_eq!(scrypt(200, u32::MAX, 1), Err(Malformed::TooCostly));
        assert_eq!(scrypt(14, 0, 1), Err(Malformed::Parameters));
    }
}
