//! Hashing and verifying, on the caller's thread.

use secret::Secret;
use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use crate::kind::{Variant, Version, Work};
use crate::memory::Memory;
use crate::stored::{Stored, derive, read};
use crate::{
    ForeignSettings, Kind, Malformed, Params, PasswordHash, Strength, Verdict, argon, bounds,
};

/// Why there is no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The password has more than [`MAX_PASSWORD_BYTES`](bounds::MAX_PASSWORD_BYTES) after
    /// normalisation: it would never verify.
    #[error("the password is too long to be hashed")]
    TooLong,
    /// The operating system gave no random salt.
    #[error("the operating system has no random numbers")]
    NoRandomness,
    /// The computation ended abnormally, and may succeed when tried again.
    #[error("the password was not hashed")]
    NotHashed,
    /// The list of breached passwords can't be read, so that a new one can't be judged.
    #[cfg(all(feature = "policy", feature = "pool"))]
    #[error("the list of breached passwords can't be read, so no new password is taken: {0}")]
    Unjudged(std::io::ErrorKind),
    /// Too many passwords wait to be hashed.
    #[cfg(feature = "pool")]
    #[error(transparent)]
    Busy(#[from] crate::Busy),
}

/// Hashes a new password with Argon2id and a random salt.
///
/// The password is normalised to NFC first (NIST SP 800-63B-4 §3.1.1.2), so that it verifies
/// whichever way a keyboard composes its accents. Takes some 20 ms and `params.memory_kib()` of
/// memory: on a server, use a [`Hasher`](crate::Hasher).
///
/// # Errors
/// See [`HashError`].
pub fn hash(password: &Secret<String>, params: &Params) -> Result<PasswordHash, HashError> {
    hash_in(password, params, &mut Memory::default())
}

/// Checks a password against a stored hash.
///
/// The password is tried as it was sent. Where the hash may be one of ours, and the password is not
/// in NFC, its NFC form is tried after that. So the time depends on the hash's [`Kind`] and on the
/// text that was sent, and on nothing else. `params` decide whether a match is up to date.
///
/// Runs on the caller's thread: on a server, use a [`Hasher`](crate::Hasher).
pub fn verify(password: &Secret<String>, hash: &PasswordHash, params: &Params) -> Verdict {
    verify_foreign(password, hash, params, &ForeignSettings::default())
}

/// [`verify`], with the settings of the application that wrote the hash.
pub fn verify_foreign(
    password: &Secret<String>,
    hash: &PasswordHash,
    params: &Params,
    settings: &ForeignSettings,
) -> Verdict {
    verify_in(password, hash, params, settings, &mut Memory::default())
}

pub(crate) fn hash_in(
    password: &Secret<String>,
    params: &Params,
    memory: &mut Memory,
) -> Result<PasswordHash, HashError> {
    let normalised = nfc(password);
    let password = normalised.as_ref().unwrap_or(password).expose();
    if password.len() > bounds::MAX_PASSWORD_BYTES {
        return Err(HashError::TooLong);
    }
    let mut salt = [0; argon::SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|_| HashError::NoRandomness)?;
    let mut tag = [0; argon::TAG_BYTES];
    let kind = Kind::of(params);
    derive(kind, password.as_bytes(), &salt, &mut tag, memory).map_err(|_| HashError::NotHashed)?;
    argon::to_phc(kind, &salt, &tag).ok_or(HashError::NotHashed)
}

pub(crate) fn verify_in(
    password: &Secret<String>,
    hash: &PasswordHash,
    params: &Params,
    settings: &ForeignSettings,
    memory: &mut Memory,
) -> Verdict {
    if password.expose().len() > bounds::MAX_PASSWORD_BYTES {
        return Verdict::NoMatch; // nobody's: no longer one was ever hashed
    }
    let checked = read(hash.expose()).and_then(|stored| {
        let matched = matches_in_some_form(password, &stored, params, settings, memory)?;
        Ok((matched, strength(&stored, params)))
    });
    match checked {
        Ok((true, strength)) => Verdict::Match(strength),
        Ok((false, _)) => Verdict::NoMatch,
        Err(reason) => Verdict::Malformed(reason),
    }
}

fn matches_in_some_form(
    password: &Secret<String>,
    stored: &Stored,
    params: &Params,
    settings: &ForeignSettings,
    memory: &mut Memory,
) -> Result<bool, Malformed> {
    // An Argon2id hash may have been imported from a system that doesn't normalise.
    if stored.matches(password.expose().as_bytes(), settings, memory)? {
        return Ok(true);
    }
    if !may_be_ours(stored.kind, params) {
        return Ok(false);
    }
    match nfc(password) {
        Some(normalised) if normalised.expose().len() <= bounds::MAX_PASSWORD_BYTES => {
            stored.matches(normalised.expose().as_bytes(), settings, memory)
        }
        _ => Ok(false),
    }
}

/// OWASP's smallest Argon2id memory, in KiB.
const SMALLEST_RECOMMENDED_KIB: u32 = 7_168;

/// Whether [`hash`] may have written a hash of this kind. It looks at the kind alone, so that a
/// decoy of the kind takes the same time.
fn may_be_ours(kind: Kind, params: &Params) -> bool {
    let recommended = matches!(
        kind.0,
        Work::Argon2 {
            variant: Variant::Id,
            version: Version::V19,
            memory_kib: SMALLEST_RECOMMENDED_KIB..,
            ..
        }
    );
    recommended || kind == Kind::of(params)
}

/// The password in NFC, if it isn't already.
fn nfc(password: &Secret<String>) -> Option<Secret<String>> {
    let text = password.expose();
    if text.len() > bounds::MAX_PASSWORD_BYTES || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return None;
    }
    let normalised = Secret::new(text.nfc().collect::<String>());
    (normalised.expose() != text).then_some(normalised)
}

fn strength(stored: &Stored, params: &Params) -> Strength {
    match stored.kind.0 {
        Work::Argon2 {
            variant: Variant::Id,
            version: Version::V19,
            memory_kib,
            passes,
            lanes,
        } if stored.native
            && memory_kib >= params.memory_kib()
            && passes >= params.passes()
            && lanes >= params.lanes() =>
        {
            Strength::Current
        }
        _ => Strength::Outdated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Params {
        Params::new(64, 1, 1).unwrap()
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_and_no_other_does() {
        let hash = hash(&"correct horse".into(), &cheap()).unwrap();
        let check = |password: &str| verify(&password.into(), &hash, &cheap());
        assert_eq!(check("correct horse"), Verdict::Match(Strength::Current));
        assert_eq!(check("correct hors"), Verdict::NoMatch);
        assert_eq!(check("correct horse\0"), Verdict::NoMatch);
        assert_eq!(check(""), Verdict::NoMatch);
    }

    #[test]
    fn two_hashes_of_one_password_differ() {
        let [a, b] = [(); 2].map(|()| hash(&"correct horse".into(), &cheap()).unwrap());
        assert!(a != b);
    }

    #[test]
    fn a_new_hash_is_a_phc_string_with_the_default_cost() {
        let hash = hash(&"correct horse".into(), &Params::default()).unwrap();
        let text = hash.expose();
        assert!(
            text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{text}"
        );
        assert_eq!(
            text.len(),
            "$argon2id$v=19$m=19456,t=2,p=1$".len() + 22 + 1 + 43
        );
        assert_eq!(hash.kind().unwrap().to_string(), "argon2id:19456:2:1");
    }

    #[test]
    fn a_password_matches_in_either_composition() {
        let (composed, decomposed) = ("caf\u{e9} au lait", "cafe\u{301} au lait");
        for at_registration in [composed, decomposed] {
            let hash = hash(&at_registration.into(), &cheap()).unwrap();
            for at_login in [composed, decomposed] {
                assert!(verify(&at_login.into(), &hash, &cheap()).is_match());
            }
        }
    }

    #[test]
    fn an_imported_hash_of_text_that_was_not_normalised_matches() {
        let password = "cafe\u{301}";
        let kind = Kind::of(&cheap());
        let mut tag = [0; 32];
        let salt = [7; 16];
        derive(
            kind,
            password.as_bytes(),
            &salt,
            &mut tag,
            &mut Memory::default(),
        )
        .unwrap();
        let imported = argon::to_phc(kind, &salt, &tag).unwrap();
        assert!(verify(&password.into(), &imported, &cheap()).is_match());
        assert_eq!(
            verify(&"caf\u{e9}".into(), &imported, &cheap()),
            Verdict::NoMatch
        );
    }

    #[test]
    fn a_hash_below_the_current_cost_is_outdated() {
        let old = hash(&"correct horse".into(), &cheap()).unwrap();
        for (memory, passes, lanes) in [(65, 1, 1), (64, 2, 1), (64, 1, 2)] {
            let now = Params::new(memory, passes, lanes).unwrap();
            let verdict = verify(&"correct horse".into(), &old, &now);
            assert_eq!(verdict, Verdict::Match(Strength::Outdated));
        }
        let lower = Params::new(8, 1, 1).unwrap();
        let verdict = verify(&"correct horse".into(), &old, &lower);
        assert_eq!(verdict, Verdict::Match(Strength::Current));
    }

    #[test]
    fn a_password_beyond_the_limit_is_neither_hashed_nor_matched() {
        let longest = "x".repeat(bounds::MAX_PASSWORD_BYTES);
        let hashed = hash(&longest.as_str().into(), &cheap()).unwrap();
        assert!(verify(&longest.as_str().into(), &hashed, &cheap()).is_match());

        let longer = Secret::new(longest + "x");
        assert_eq!(hash(&longer, &cheap()), Err(HashError::TooLong));
        assert_eq!(verify(&longer, &hashed, &cheap()), Verdict::NoMatch);
    }

    #[test]
    fn the_second_form_is_tried_for_hashes_that_may_be_ours_only() {
        let kind = |label: &str| label.parse::<Kind>().unwrap();
        assert!(may_be_ours(kind("argon2id:64:1:1"), &cheap()));
        assert!(may_be_ours(kind("argon2id:19456:2:1"), &cheap()));
        assert!(!may_be_ours(kind("argon2id:128:1:1"), &cheap()));
        assert!(!may_be_ours(kind("argon2i:19456:2:1"), &cheap()));
        assert!(!may_be_ours(kind("scrypt:32768:8:1"), &cheap()));
    }
}
