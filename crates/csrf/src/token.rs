//! The form token: issued, masked, verified.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secret::same;
use sha2::Sha256;

use crate::SessionBinding;

/// Seconds that a token is good for unless told otherwise; Flask-WTF's default.
const DEFAULT_TIME_LIMIT: u64 = 3600;

/// As long as the hash's output: a shorter key is weaker than the signature (RFC 2104 §3).
const MIN_SECRET_BYTES: usize = 32;

/// Separates this use of a secret from all others.
const KEY_LABEL: &[u8] = b"portcullis-csrf form token 1";

const VERSION: u8 = 1;
const TIME_BYTES: usize = 8;
const TAG_BYTES: usize = 32;
const CONTENT_BYTES: usize = TIME_BYTES + TAG_BYTES;
const TOKEN_BYTES: usize = 1 + 2 * CONTENT_BYTES;
/// 81 bytes fill 108 characters of base64 exactly: there is one way to write a token.
const TOKEN_CHARACTERS: usize = TOKEN_BYTES / 3 * 4;

/// Random bytes that hide one rendering of a token.
pub type Mask = [u8; CONTENT_BYTES];

/// Issues and verifies form tokens.
///
/// A token is the time it was issued and an HMAC-SHA256 over that time and the session, so nothing
/// needs to be stored. Each time it is rendered it looks different: all of it but the version is
/// combined with random bytes, which stand beside it. Else an attacker who can make a page echo his
/// guesses could read a token off the compressed page's length, byte by byte (BREACH).
///
/// ```
/// use csrf::{FormTokens, SessionBinding, TokenError};
///
/// let tokens = FormTokens::new(b"a secret of at least 32 random bytes")?;
/// let (alice, mallory) = (SessionBinding::new(b"alice"), SessionBinding::new(b"mallory"));
/// let token = tokens.issue(&alice, 1_700_000_000)?;
/// assert_eq!(tokens.verify(&token, &alice, 1_700_003_600), Ok(()));
/// assert_eq!(tokens.verify(&token, &alice, 1_700_003_601), Err(TokenError::Expired));
/// assert_eq!(tokens.verify(&token, &mallory, 1_700_000_000), Err(TokenError::Invalid));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FormTokens {
    key: Key,
    previous: Vec<Key>,
    time_limit: Option<u64>,
    clock_skew: u64,
}

/// Why a form token isn't good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It isn't a token at all.
    #[error("malformed form token")]
    Malformed,
    /// It is another session's, was altered, or was signed with another secret.
    #[error("form token of another session, or altered")]
    Invalid,
    /// It is older than the time limit.
    #[error("expired form token")]
    Expired,
    /// It was issued in the future, by a clock ahead of this one by more than the allowed skew.
    #[error("form token from the future")]
    NotYetValid,
}

/// A secret for signing has fewer than 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret of {0} bytes is too short for signing form tokens: 32 at least")]
pub struct SecretTooShort(usize);

impl FormTokens {
    /// Signs with a key derived from `secret`, which may have other uses.
    ///
    /// # Errors
    /// [`SecretTooShort`] below 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, SecretTooShort> {
        Ok(Self {
            key: Key::derive(secret)?,
            previous: Vec::new(),
            time_limit: Some(DEFAULT_TIME_LIMIT),
            clock_skew: 0,
        })
    }

    /// Also takes what was signed with `secret`, which was replaced. After a leak leave it out.
    ///
    /// # Errors
    /// [`SecretTooShort`] below 32 bytes.
    pub fn with_previous_secret(mut self, secret: &[u8]) -> Result<Self, SecretTooShort> {
        self.previous.push(Key::derive(secret)?);
        Ok(self)
    }

    /// How long a token is good for, in whole seconds, the last one included; 3600 by default.
    #[must_use]
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit.as_secs());
        self
    }

    /// Tokens are good for as long as their session.
    #[must_use]
    pub const fn without_time_limit(mut self) -> Self {
        self.time_limit = None;
        self
    }

    /// How far the clock of another node that issues tokens may be ahead, in whole seconds; 0 by
    /// default.
    #[must_use]
    pub const fn clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew.as_secs();
        self
    }

    /// A token for `session`, masked with the operating system's random numbers. `now` is in seconds
    /// since 1970.
    ///
    /// # Errors
    /// When the operating system has no random numbers to give.
    pub fn issue(&self, session: &SessionBinding, now: u64) -> Result<String, getrandom::Error> {
        let mut mask = [0; CONTENT_BYTES];
        getrandom::fill(&mut mask)?;
        Ok(self.issue_masked(session, now, &mask))
    }

    /// As [`issue`](Self::issue), for callers with a random source of their own. A mask must not be
    /// used twice.
    pub fn issue_masked(&self, session: &SessionBinding, now: u64, mask: &Mask) -> String {
        let time = now.to_be_bytes();
        let tag = self.key.sign(session, time);
        let content = time
            .iter()
            .chain(&tag)
            .zip(mask)
            .map(|(byte, mask)| byte ^ mask);
        let token: Vec<u8> = std::iter::once(VERSION)
            .chain(mask.iter().copied())
            .chain(content)
            .collect();
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Whether `token` was issued for `session`, and not too long before `now` (in seconds since
    /// 1970). Takes the same time wherever a signature differs.
    ///
    /// # Errors
    /// [`TokenError`] says what is wrong with it.
    pub fn verify(
        &self,
        token: &str,
        session: &SessionBinding,
        now: u64,
    ) -> Result<(), TokenError> {
        let (time, tag) = unmask(token).ok_or(TokenError::Malformed)?;
        let is_signed = std::iter::once(&self.key)
            .chain(&self.previous)
            .any(|key| same(&key.sign(session, time), &tag));
        if !is_signed {
            return Err(TokenError::Invalid);
        }
        let issued = u64::from_be_bytes(time);
        match self.time_limit {
            Some(_) if issued > now.saturating_add(self.clock_skew) => Err(TokenError::NotYetValid),
            Some(limit) if now.saturating_sub(issued) > limit => Err(TokenError::Expired),
            None | Some(_) => Ok(()),
        }
    }
}

impl fmt::Debug for FormTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormTokens")
            .field("key", &"[redacted]")
            .field("previous", &self.previous.len())
            .field("time_limit", &self.time_limit)
            .field("clock_skew", &self.clock_skew)
            .finish()
    }
}

/// Time and signature of a token, unless it isn't one.
fn unmask(token: &str) -> Option<([u8; TIME_BYTES], [u8; TAG_BYTES])> {
    if token.len() != TOKEN_CHARACTERS {
        return None; // however long it is, it costs no more than this
    }
    let mut bytes = [0; TOKEN_BYTES];
    let length = URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()?;
    let (VERSION, masked) = bytes
        .get(..length)?
        .split_first()
        .map(|(v, rest)| (*v, rest))?
    else {
        return None;
    };
    let (mask, content) = masked.split_at_checked(CONTENT_BYTES)?;
    let mut plain = [0; CONTENT_BYTES];
    for (plain, (mask, byte)) in plain.iter_mut().zip(mask.iter().zip(content)) {
        *plain = mask ^ byte;
    }
    let (time, tag) = plain.split_first_chunk()?;
    Some((*time, tag.try_into().ok()?))
}

/// An HMAC key, ready: the two blocks that every signature begins with are hashed already.
#[derive(Clone)]
struct Key(Hmac<Sha256>);

impl Key {
    fn derive(secret: &[u8]) -> Result<Self, SecretTooShort> {
        let too_short = SecretTooShort(secret.len());
        if secret.len() < MIN_SECRET_BYTES {
            return Err(too_short);
        }
        // HMAC takes keys of any length: neither of these fails.
        let mut derivation = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| too_short)?;
        derivation.update(KEY_LABEL);
        let key = derivation.finalize().into_bytes();
        Hmac::new_from_slice(&key).map(Self).map_err(|_| too_short)
    }

    fn sign(&self, session: &SessionBinding, time: [u8; TIME_BYTES]) -> [u8; TAG_BYTES] {
        let mut mac = self.0.clone();
        mac.update(session.as_bytes());
        mac.update(&time);
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn tokens() -> FormTokens {
        FormTokens::new(&[7; 32]).unwrap()
    }

    fn session() -> SessionBinding {
        SessionBinding::new(b"a session")
    }

    #[test]
    fn a_token_is_good_through_its_last_second() {
        let token = tokens().issue(&session(), NOW).unwrap();
        for (now, expected) in [
            (NOW, Ok(())),
            (NOW + 3600, Ok(())),
            (NOW + 3601, Err(TokenError::Expired)),
            (u64::MAX, Err(TokenError::Expired)),
            (NOW - 1, Err(TokenError::NotYetValid)),
            (0, Err(TokenError::NotYetValid)),
        ] {
            assert_eq!(tokens().verify(&token, &session(), now), expected, "{now}");
        }
    }

    #[test]
    fn a_clock_a_little_ahead_may_be_allowed() {
        let token = tokens().issue(&session(), NOW + 2).unwrap();
        let lenient = tokens().clock_skew(Duration::from_secs(2));
        assert_eq!(lenient.verify(&token, &session(), NOW), Ok(()));
        assert_eq!(
            lenient.verify(&token, &session(), NOW - 1),
            Err(TokenError::NotYetValid)
        );
    }

    #[test]
    fn without_a_limit_a_token_lives_as_long_as_its_session() {
        let tokens = tokens().without_time_limit();
        let token = tokens.issue(&session(), NOW).unwrap();
        assert_eq!(tokens.verify(&token, &session(), u64::MAX), Ok(()));
    }

    #[test]
    fn every_rendering_looks_different_and_is_good() {
        let (a, b) = (
            tokens().issue(&session(), NOW).unwrap(),
            tokens().issue(&session(), NOW).unwrap(),
        );
        assert_ne!(a[3..], b[3..]);
        // Even where both hold the same content no byte is expected to agree but the version's.
        let agreeing = a.bytes().zip(b.bytes()).filter(|(a, b)| a == b).count();
        assert!(agreeing < 20, "{agreeing} of 108 characters agree");
    }

    #[test]
    fn another_secret_signs_another_token_unless_it_is_the_previous() {
        let old = tokens().issue(&session(), NOW).unwrap();
        let new = FormTokens::new(&[8; 32]).unwrap();
        assert_eq!(new.verify(&old, &session(), NOW), Err(TokenError::Invalid));
        let rotated = new.with_previous_secret(&[7; 32]).unwrap();
        assert_eq!(rotated.verify(&old, &session(), NOW), Ok(()));
        assert_eq!(
            tokens().verify(&rotated.issue(&session(), NOW).unwrap(), &session(), NOW),
            Err(TokenError::Invalid)
        );
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert_eq!(FormTokens::new(&[7; 31]).err(), Some(SecretTooShort(31)));
        assert!(tokens().with_previous_secret(b"").is_err());
    }

    #[test]
    fn debug_shows_no_key() {
        assert!(!format!("{:?}", tokens()).contains('7'));
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let token = tokens().issue(&session(), NOW).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let altered = URL_SAFE_NO_PAD.encode(altered);
            assert!(tokens().verify(&altered, &session(), NOW).is_err(), "{bit}");
        }
    }

    proptest! {
        #[test]
        fn a_token_is_good_for_its_session_only(
            mine in prop::collection::vec(any::<u8>(), 0..64),
            other in prop::collection::vec(any::<u8>(), 0..64),
            issued in 0..u64::MAX / 2,
            age in 0_u64..5000,
        ) {
            let (mine, other) = (SessionBinding::new(&mine), SessionBinding::new(&other));
            let token = tokens().issue(&mine, issued).unwrap();
            let verdict = tokens().verify(&token, &mine, issued + age);
            prop_assert_eq!(verdict.is_ok(), age <= 3600);
            if mine.as_bytes() != other.as_bytes() {
                let verdict = tokens().verify(&token, &other, issued + age);
                prop_assert_eq!(verdict, Err(TokenError::Invalid));
            }
        }

        #[test]
        fn no_text_is_a_token(text in "\\PC{0,200}|[A-Za-z0-9_-]{108}|AQ[A-Za-z0-9_-]{106}") {
            prop_assert!(tokens().verify(&text, &session(), NOW).is_err());
        }
    }
}
