//! What the account page says of the second factor.

use account::{FEW_RECOVERY_CODES, ListedDevice, OwnFactors};

use crate::pages::words::Words;

/// The second factor of somebody, in words.
pub(in crate::pages::account) struct Factor {
    /// Since when there is an app; nothing where there is none.
    pub(in crate::pages::account) since: Option<String>,
    /// How many recovery codes are left.
    pub(in crate::pages::account) left: String,
    /// Whether there are few.
    pub(in crate::pages::account) are_few: bool,
    /// Whether the server requires one.
    pub(in crate::pages::account) required: bool,
    /// What to do about that, where there is none.
    pub(in crate::pages::account) missing: Option<String>,
}

impl Factor {
    pub(in crate::pages::account) fn of(own: OwnFactors, words: &Words) -> Self {
        let since = own.totp_since.map(|since| words.time(since));
        let left = u64::from(own.recovery_codes);
        let missing = own.required && own.totp_since.is_none();
        let missing = missing.then(|| match own.enrol_by {
            Some(until) => {
                let until = words.time(until);
                words.say_with("factor-required-until", &[("time", (&until).into())])
            }
            None => words.say("factor-required-next"),
        });
        Self {
            required: own.required,
            missing,
            since: since.map(|since| words.say_with("factor-since", &[("time", (&since).into())])),
            left: words.say_with("factor-codes-left", &[("count", left.into())]),
            are_few: own.recovery_codes <= FEW_RECOVERY_CODES,
        }
    }
}

/// The devices on which the second factor isn't asked for, in words.
pub(super) struct Remembered {
    pub(super) count: String,
    /// Each by its times, the oldest first.
    pub(super) devices: Vec<String>,
}

impl Remembered {
    pub(super) fn of(devices: &[ListedDevice], words: &Words) -> Option<Self> {
        if devices.is_empty() {
            return None;
        }
        let count = u64::try_from(devices.len()).unwrap_or(u64::MAX);
        let devices = devices.iter().map(|device| {
            let (since, until) = (words.time(device.since), words.time(device.until));
            let times = [("since", (&since).into()), ("until", (&until).into())];
            words.say_with("remembered-device", &times)
        });
        Some(Self {
            count: words.say_with("remembered-count", &[("count", count.into())]),
            devices: devices.collect(),
        })
    }
}
