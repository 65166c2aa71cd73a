//! Devices that an account's owner has signed in on.
//!
//! A sign-in, or a change of the password, gives a token that proves later that this device was there before. It proves no more: who
//! has it still needs the password, but guesses against a budget of the device's own, which no stranger
//! can use up. Each device keeps its number when it signs in again, so that it has one budget and not
//! one for each sign-in.
//!
//! A token is good for 180 days, for its own account, and for the generation in which it was issued: a
//! change or a reset of the password voids the devices of the account, and each must sign in once more, but
//! for the one on which it was changed. A deletion that waits voids them likewise, but while it waits the devices count
//! that were known before.
//!
//! Whether a token counts is decided before anything is looked up by what was typed: it must be ours
//! by its MAC, and what was typed must be the name or the address of its own account. So a token of
//! one's own account neither opens a budget for another's name nor tells whether there is one.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Credentials, Generation, Timestamp, User, UserId};
use secret::Secret;
use sha2::Sha256;
use storage::{AttemptKey, LoginName};

use crate::identifier::is_named;
use crate::unreadable::readable;
use crate::{Accounts, Actor};

/// What every token starts with, for those who look for lost secrets.
const PREFIX: &str = "pcd_";

/// The layout of the bytes that follow.
const VERSION: u8 = 1;

/// The longest token: the prefix, and 65 bytes and an account's id of 128 in base64url.
const MAX_TEXT: usize = PREFIX.len() + (65 + 128_usize).div_ceil(3) * 4;

/// Tells a device from all others.
pub(crate) type Nonce = [u8; 16];

/// Proof that a device was signed in on before, as its owner keeps it.
#[derive(Clone)]
pub struct DeviceToken(Secret<String>);

/// What a token of ours says.
#[derive(Debug, PartialEq, Eq)]
struct Device {
    user: UserId,
    nonce: Nonce,
    generation: Generation,
    issued_at: u64,
}

/// A device that counts for the account that someone wants to sign in to.
pub(crate) struct KnownDevice {
    pub(crate) nonce: Nonce,
    /// The account, as it was read to find that out.
    pub(crate) credentials: Credentials,
}

impl DeviceToken {
    /// How long a device is known after the password was last proven on it.
    pub const LIFETIME: Duration = Duration::from_secs(180 * 86_400);

    /// What a client sent as its token; `None` for what is too long to be one.
    pub fn presented(text: &str) -> Option<Self> {
        (text.len() <= MAX_TEXT).then(|| Self(text.into()))
    }

    /// The text to hand to the owner.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl Accounts {
    /// The token of the device `nonce`, or of a new one, on which `user` has just proven the password of
    /// this generation.
    pub(crate) fn issue_device(
        &self,
        user: &UserId,
        generation: Generation,
        known: Option<Nonce>,
    ) -> DeviceToken {
        let nonce = known.unwrap_or_else(|| {
            let mut nonce = Nonce::default();
            self.0.rng.fill(&mut nonce);
            nonce
        });
        let device = Device {
            user: user.clone(),
            nonce,
            generation,
            issued_at: self.0.clock.now().as_seconds(),
        };
        device.sign(&self.0.settings.device_key)
    }

    /// The device that counts for whoever is meant by `name`.
    pub(crate) async fn device_for_login(
        &self,
        token: Option<&DeviceToken>,
        name: &LoginName,
    ) -> Result<Option<KnownDevice>, storage::Error> {
        let Some((device, owner)) = self.device(token).await? else {
            return Ok(None);
        };
        if !is_named(&owner.user, name) {
            return Ok(None);
        }
        // An imported account may have exactly the name that another's looks like: it comes first.
        let meant = readable(self.0.storage.credentials_by_login(name).await)?;
        let credentials = meant.filter(|meant| meant.user.id == owner.user.id);
        Ok(credentials.map(|credentials| KnownDevice {
            nonce: device.nonce,
            credentials,
        }))
    }

    /// The budget against which a signed-in person's guess counts: the one of the account, or of a
    /// device on which it is known.
    pub(crate) async fn budget_of_actor(
        &self,
        actor: &Actor,
        token: Option<&DeviceToken>,
    ) -> Result<AttemptKey, storage::Error> {
        Ok(match self.nonce_of(actor, token).await? {
            Some(nonce) => self.budget_of_device(&nonce),
            None => self.budget_of_account(&actor.user),
        })
    }

    /// The number of the device that a signed-in person is on, if their account is known there.
    pub(crate) async fn nonce_of(
        &self,
        actor: &Actor,
        token: Option<&DeviceToken>,
    ) -> Result<Option<Nonce>, storage::Error> {
        self.nonce_of_user(&actor.user, token).await
    }

    /// The number of a device on which `user` is known, if it is one.
    pub(crate) async fn nonce_of_user(
        &self,
        user: &UserId,
        token: Option<&DeviceToken>,
    ) -> Result<Option<Nonce>, storage::Error> {
        let device = self.device(token).await?;
        Ok(device
            .filter(|(device, _)| device.user == *user)
            .map(|(device, _)| device.nonce))
    }

    /// The device of a token of ours that is still good, and its account.
    async fn device(
        &self,
        token: Option<&DeviceToken>,
    ) -> Result<Option<(Device, Credentials)>, storage::Error> {
        let now = self.0.clock.now();
        let settings = &self.0.settings;
        let mut keys = std::iter::once(&settings.device_key).chain(&settings.device_key_previous);
        let device = token.and_then(|token| keys.find_map(|key| Device::verify(token, key)));
        let Some(device) = device.filter(|device| device.is_current(now)) else {
            return Ok(None);
        };
        let owner = readable(self.0.storage.credentials(&device.user).await)?;
        let owner = owner.filter(|owner| device.is_known_to(&owner.user));
        Ok(owner.map(|owner| (device, owner)))
    }
}

impl Device {
    fn sign(&self, key: &Secret<[u8; 32]>) -> DeviceToken {
        let mut bytes = self.statement();
        bytes.splice(1..1, mac(key, &bytes).finalize().into_bytes());
        DeviceToken(Secret::new(format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode(bytes)
        )))
    }

    /// What a token says, if it is one of ours.
    fn verify(token: &DeviceToken, key: &Secret<[u8; 32]>) -> Option<Self> {
        let text = token.expose().strip_prefix(PREFIX)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (version, rest) = bytes.split_first()?;
        let (tag, rest) = rest.split_first_chunk::<32>()?;
        let statement = [std::slice::from_ref(version), rest].concat();
        mac(key, &statement).verify_slice(tag).ok()?; // in constant time
        let (nonce, rest) = rest.split_first_chunk()?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (issued_at, user) = rest.split_first_chunk()?;
        (*version == VERSION).then_some(())?;
        Some(Self {
            user: UserId::parse(std::str::from_utf8(user).ok()?).ok()?,
            nonce: *nonce,
            generation: Generation(u64::from_be_bytes(*generation)),
            issued_at: u64::from_be_bytes(*issued_at),
        })
    }

    /// What is signed: every part but the last has a fixed length.
    fn statement(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&self.nonce);
        bytes.extend_from_slice(&self.generation.0.to_be_bytes());
        bytes.extend_from_slice(&self.issued_at.to_be_bytes());
        bytes.extend_from_slice(self.user.as_str().as_bytes());
        bytes
    }

    /// Whether the token is of the generation of its account; or of the one before, of an account that waits to be deleted:
    /// its owner must get back in, whoever guesses at it.
    fn is_known_to(&self, user: &User) -> bool {
        self.generation == user.generation
            || (user.closes_at.is_some() && self.generation.next() == user.generation)
    }

    fn is_current(&self, now: Timestamp) -> bool {
        let age = now.as_seconds().checked_sub(self.issued_at);
        age.is_some_and(|age| age < DeviceToken::LIFETIME.as_secs())
    }
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn mac(key: &Secret<[u8; 32]>, statement: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of any length");
    mac.update(statement);
    mac
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Secret<[u8; 32]> {
        Secret::new([byte; 32])
    }

    fn device(user: &str) -> Device {
        Device {
            user: UserId::parse(user).unwrap(),
            nonce: [7; 16],
            generation: Generation(3),
            issued_at: 1_800_000_000,
        }
    }

    #[test]
    fn a_token_reads_back_under_its_own_key_only() {
        for user in ["u", "0193a1c2-5b1f-7a3e-9c0d-2f8e6b7a4c11", &"é".repeat(64)] {
            let token = device(user).sign(&key(1));
            let read = DeviceToken::presented(token.expose()).unwrap();
            assert_eq!(Device::verify(&read, &key(1)), Some(device(user)));
            assert_eq!(Device::verify(&read, &key(2)), None);
        }
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let token = device("someone").sign(&key(1));
        let text = token.expose().strip_prefix(PREFIX).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            let changed = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(changed));
            let changed = DeviceToken::presented(&changed).unwrap();
            assert_eq!(Device::verify(&changed, &key(1)), None, "{place}");
        }
    }

    #[test]
    fn anything_else_is_no_token() {
        let good = device("u").sign(&key(1));
        let good = good.expose();
        for text in [
            "",
            "pcd_",
            "pcd_AAAA",
            &good[4..],
            &good[..good.len() - 1],
            "pcd_é",
        ] {
            let token = DeviceToken::presented(text).unwrap();
            assert_eq!(Device::verify(&token, &key(1)), None, "{text}");
        }
        assert!(DeviceToken::presented(&"x".repeat(MAX_TEXT + 1)).is_none());
    }

    #[test]
    fn a_token_is_good_for_half_a_year_and_not_before_it_was_issued() {
        let device = device("u");
        let at = |seconds: i64| Timestamp::from_seconds(1_800_000_000 + seconds);
        assert!(!device.is_current(at(-1)));
        assert!(device.is_current(at(0)));
        assert!(device.is_current(at(180 * 86_400 - 1)));
        assert!(!device.is_current(at(180 * 86_400)));
    }

    #[test]
    fn debug_shows_nothing() {
        let token = device("u").sign(&key(1));
        assert_eq!(format!("{token:?}"), "DeviceToken([redacted])");
    }
}
