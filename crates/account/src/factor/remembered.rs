//! Devices on which the second factor isn't asked for, since it was shown there a while ago.
//!
//! What such a device keeps is random, and stored hashed, in one record for each account. It stands for the factor at a sign-in
//! with the right password, and for nothing else: the session that it opens is one of the password alone, and not fresh. It
//! is good in the generation and for the enrolment that it was made in, so a new password, a reset and another factor void it,
//! and so does an operator who ends all sessions.

use std::time::Duration;

use model::{Generation, Rng, Timestamp, User, UserId};
use secret::{HashedToken, PlainToken, TokenPrefix};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storage::{Keys, Kind, Record, RecordId, Replaced, SaveRecordError, SecondFactor, Tells};

use super::CLOCKS;
use crate::events::Act;
use crate::{Accounts, Actor, Refused};

/// Devices of one account; when another is remembered, the oldest is forgotten.
const MAX_REMEMBERED: usize = 20;

/// How often a record is read anew that somebody else has changed.
const TRIES: usize = 4;

/// The same where devices are forgotten, which must not give way to one that is remembered.
const TRIES_TO_FORGET: usize = 64;

/// The start of what a device keeps.
const PREFIX: TokenPrefix = TokenPrefix("pcm_");

/// What a device keeps on which the second factor isn't asked for.
#[derive(Clone, Debug)]
pub struct RememberedDevice(PlainToken);

/// A device on which the second factor isn't asked for, as the owner of the account sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedDevice {
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// What becomes of the second factor at a sign-in.
#[derive(Debug)]
pub(crate) enum Memory {
    /// It is asked for.
    Nothing,
    /// The client says that it is remembered, which is not checked yet.
    Presented(RememberedDevice),
    /// It is, by this: the factor isn't asked for. It must be so still when the session is there.
    Holds(RememberedDevice),
    /// The factor was shown, and the client wants to be remembered: it is if nobody has forgotten devices since this was read.
    Wanted(Forgotten),
}

/// When the devices of an account were forgotten last; never, where there is nothing. It is read before a factor is proven:
/// whoever forgets devices until one is remembered by that means this one too. It is compared for equality only, so clocks
/// may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forgotten(Option<Timestamp>);

impl RememberedDevice {
    /// What a client sent; `None` for what can't be one.
    pub fn presented(text: &str) -> Option<Self> {
        PlainToken::parse(PREFIX, text).ok().map(Self)
    }

    /// The text to hand to the owner.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    fn random(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        Self(PlainToken::from_bytes(PREFIX, bytes))
    }
}

/// The devices of an account, the oldest first.
#[derive(Clone, Serialize, Deserialize)]
struct Remembered {
    user: UserId,
    devices: Vec<Device>,
    /// When all of them were forgotten last. Each time is later than the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forgotten_at: Option<Timestamp>,
    /// What a later version keeps here.
    #[serde(flatten)]
    later: Map<String, Value>,
}

/// One of them.
#[derive(Clone, Serialize, Deserialize)]
struct Device {
    /// The hash of what it keeps.
    hash: [u8; 32],
    /// The generation of the account.
    generation: Generation,
    /// The enrolment whose factor was shown.
    enrolled: Generation,
    since: Timestamp,
    until: Timestamp,
    /// What a later version demands besides. One that says anything here counts for nothing in this one.
    #[serde(flatten)]
    later: Map<String, Value>,
}

impl Record for Remembered {
    const KIND: Kind = Kind("remembered_devices");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn keys(&self) -> Keys {
        Keys::one(self.user.as_str())
    }
}

impl Accounts {
    /// For how long a device may be remembered; zero: none is.
    pub fn remembers_for(&self) -> std::time::Duration {
        self.0.settings.factor_rules.remember
    }

    /// Whether the second factor of `user` isn't asked for on the device that keeps this.
    async fn is_remembered(
        &self,
        user: &User,
        device: &RememberedDevice,
    ) -> Result<bool, storage::Error> {
        if self.remembers_for().is_zero() {
            return Ok(false);
        }
        let hash = device.0.hashed();
        let good = self.remembered(user).await?;
        let mut good = good.iter();
        Ok(good.any(|device| HashedToken::from_bytes(device.hash) == hash))
    }

    /// The same, and `false` where that can't be read: then the factor decides.
    pub(crate) async fn stands_for_the_factor(
        &self,
        user: &User,
        device: &RememberedDevice,
    ) -> bool {
        match self.is_remembered(user, device).await {
            Ok(is_remembered) => is_remembered,
            Err(error) => {
                tracing::warn!(%error, "remembered devices can't be read");
                false
            }
        }
    }

    /// That a device is to be remembered once the factor is shown: to be asked before that is looked at.
    pub(crate) async fn to_be_remembered(&self, user: &User) -> Memory {
        if self.remembers_for().is_zero() {
            return Memory::Nothing;
        }
        match self.records::<Remembered>().by_key(user.id.as_str()).await {
            Ok(found) => Memory::Wanted(Forgotten(found.and_then(|found| found.forgotten_at))),
            Err(error) => {
                tracing::warn!(%error, "a device can't be remembered");
                Memory::Nothing
            }
        }
    }

    /// Remembers the device of somebody who has just shown the second factor, where that is possible: what it keeps. Who
    /// isn't remembered is asked again, so no sign-in fails by this.
    pub(crate) async fn remember(
        &self,
        user: &User,
        forgotten: Forgotten,
    ) -> Option<RememberedDevice> {
        if self.remembers_for().is_zero() {
            return None;
        }
        match self.keep_device(user, forgotten).await {
            Ok(device) => {
                if device.is_some() {
                    self.report(Act::DeviceRemembered.done().of(&user.id));
                }
                device
            }
            Err(error) => {
                tracing::warn!(%error, "a device could not be remembered");
                None
            }
        }
    }

    /// The actor's devices on which the second factor isn't asked for, the oldest first.
    pub async fn remembered_devices(&self, actor: &Actor) -> Result<Vec<ListedDevice>, Refused> {
        let (_, user) = self.live_account(actor).await?;
        let good = self.remembered(&user).await?;
        let remember = self.remembers_for();
        let listed = good.into_iter().map(|device| ListedDevice {
            since: device.since,
            until: device.until.min(device.since.plus(remember)),
        });
        Ok(listed.collect())
    }

    /// Has the second factor asked for on every device of the actor. It takes no fresh token: it opens nothing.
    pub async fn forget_own_devices(&self, actor: &Actor) -> Result<(), Refused> {
        self.live_session(actor).await?;
        // Only then: else a token could fill the history with it.
        if self.forget_devices(&actor.user).await? {
            self.report_kept(actor.event(Act::DevicesForgotten.done()))
                .await;
        }
        Ok(())
    }

    /// Has the second factor asked for on every device of an account, also on one that is about to be remembered; whether
    /// there was one.
    pub(crate) async fn forget_devices(&self, user: &UserId) -> Result<bool, storage::Error> {
        for _ in 0..TRIES_TO_FORGET {
            match self.forget_once(user).await {
                Ok(Some(had_any)) => return Ok(had_any),
                Ok(None) => {}
                Err(SaveRecordError::OwnerGone) => return Ok(false),
                Err(SaveRecordError::Storage(error)) => return Err(error),
                Err(error) => return Err(storage::Error::Backend(error.into())),
            }
        }
        Err(storage::Error::Busy)
    }

    /// The devices that are good now.
    async fn remembered(&self, user: &User) -> Result<Vec<Device>, storage::Error> {
        let records = self.records::<Remembered>();
        let Some(found) = records.by_key(user.id.as_str()).await? else {
            return Ok(Vec::new());
        };
        let factor = self.0.storage.second_factor(&user.id).await?;
        let Some(factor) = factor else {
            return Ok(Vec::new());
        };
        let (now, remember) = (self.0.clock.now(), self.remembers_for());
        let mut devices = found.into_value().devices;
        devices.retain(|device| {
            let is_in_time = device.since <= now.plus(CLOCKS)
                && now < device.until
                && now < device.since.plus(remember);
            device.is_of(user, &factor) && device.later.is_empty() && is_in_time
        });
        Ok(devices)
    }

    async fn keep_device(
        &self,
        user: &User,
        forgotten: Forgotten,
    ) -> Result<Option<RememberedDevice>, storage::Error> {
        let Some(factor) = self.0.storage.second_factor(&user.id).await? else {
            return Ok(None);
        };
        let new = RememberedDevice::random(&*self.0.rng);
        let since = self.0.clock.now();
        let device = Device {
            hash: *new.0.hashed().as_bytes(),
            generation: user.generation,
            enrolled: factor.enrolled,
            since,
            until: since.plus(self.remembers_for()),
            later: Map::new(),
        };
        for _ in 0..TRIES {
            let adding = self.add_device(user, &factor, forgotten, device.clone());
            match adding.await {
                Ok(Added::Done) => return Ok(Some(new)),
                // Another device was remembered at the same time, or all were forgotten.
                Ok(Added::Superseded) | Err(SaveRecordError::Taken(_)) => {}
                Ok(Added::Forgotten)
                | Err(
                    SaveRecordError::OwnerGone
                    | SaveRecordError::OwnerChanged
                    | SaveRecordError::TooLarge(_),
                ) => break,
                Err(SaveRecordError::Storage(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Adds a device to those that are good.
    async fn add_device(
        &self,
        user: &User,
        factor: &SecondFactor,
        forgotten: Forgotten,
        device: Device,
    ) -> Result<Added, SaveRecordError> {
        let records = self.records::<Remembered>();
        let now = device.since;
        let Some(before) = records.by_key(user.id.as_str()).await? else {
            if forgotten != Forgotten(None) {
                return Ok(Added::Forgotten); // an older version forgets so
            }
            let first = Remembered {
                user: user.id.clone(),
                devices: vec![device],
                forgotten_at: None,
                later: Map::new(),
            };
            let id = RecordId::new(now, &*self.0.rng);
            records.insert(id, first, Tells::nothing()).await?;
            return Ok(Added::Done);
        };
        if forgotten != Forgotten(before.forgotten_at) {
            return Ok(Added::Forgotten);
        }
        let after = before.with(|kept| {
            let devices = &mut kept.devices;
            devices.retain(|other| other.is_of(user, factor) && now < other.until);
            let excess = (devices.len() + 1).saturating_sub(MAX_REMEMBERED);
            devices.drain(..excess);
            devices.push(device);
        });
        let replaced = records.replace(after, Tells::nothing()).await?;
        Ok(match replaced {
            Replaced::Done(_) => Added::Done,
            Replaced::Superseded => Added::Superseded,
        })
    }

    /// Forgets the devices and notes when; whether there were any. `None` when somebody else was faster.
    async fn forget_once(&self, user: &UserId) -> Result<Option<bool>, SaveRecordError> {
        let records = self.records::<Remembered>();
        let now = self.0.clock.now();
        let Some(before) = records.by_key(user.as_str()).await? else {
            if self.remembers_for().is_zero() {
                return Ok(Some(false));
            }
            let first = Remembered {
                user: user.clone(),
                devices: Vec::new(),
                forgotten_at: Some(now),
                later: Map::new(),
            };
            let id = RecordId::new(now, &*self.0.rng);
            return match records.insert(id, first, Tells::nothing()).await {
                Ok(_) => Ok(Some(false)),
                Err(SaveRecordError::Taken(_)) => Ok(None),
                Err(error) => Err(error),
            };
        };
        let had_any = !before.devices.is_empty();
        let after = before.with(|kept| {
            let before = kept.forgotten_at;
            let next = before.map(|before| before.plus(Duration::from_millis(1)));
            kept.forgotten_at = Some(next.map_or(now, |next| next.max(now)));
            kept.devices.clear();
        });
        let replaced = records.replace(after, Tells::nothing()).await?;
        Ok(matches!(replaced, Replaced::Done(_)).then_some(had_any))
    }
}

/// What became of a device that was to be remembered.
enum Added {
    Done,
    /// Somebody else was faster.
    Superseded,
    /// Devices were forgotten since its factor was asked for.
    Forgotten,
}

impl Device {
    /// Whether it was made for the password and the factor that the account has.
    fn is_of(&self, user: &User, factor: &SecondFactor) -> bool {
        self.generation == user.generation && self.enrolled == factor.enrolled
    }
}
