//! What the account page says of the second factor.

use account::{FEW_RECOVERY_CODES, OwnFactors};

use crate::pages::words::Words;

/// The second factor of somebody, in words.
pub(in crate::pages::account) struct Factor {
    /// Since when there is an app; nothing where there is none.
    pub(in crate::pages::account) since: Option<String>,
    /// How many recovery codes are left.
    pub(in crate::pages::account) left: String,
    /// Whether there are few.
    pub(in crate::pages::account) are_few: bool,
}

impl Factor {
    pub(in crate::pages::account) fn of(own: OwnFactors, words: &Words) -> Self {
        let since = own.totp_since.map(|since| words.time(since));
        let left = u64::from(own.recovery_codes);
        Self {
            since: since.map(|since| words.say_with("factor-since", &[("time", (&since).into())])),
            left: words.say_with("factor-codes-left", &[("count", left.into())]),
            are_few: own.recovery_codes <= FEW_RECOVERY_CODES,
        }
    }
}
