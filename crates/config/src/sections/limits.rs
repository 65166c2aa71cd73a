//! How often anyone may ask.

use ratelimit::{Quota, Quotas, Strategy, Unit};

use crate::{
    env_vars::{
        EnvVar,
        limits::{
            RATELIMIT_DEFAULT, RATELIMIT_ENABLED, RATELIMIT_HASHING, RATELIMIT_PAGES,
            RATELIMIT_SIGNIN, RATELIMIT_STRATEGY, RATELIMIT_TAKEN, RATELIMIT_USER,
        },
    },
    reader::Reader,
};

/// How often anyone may ask.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whether requests are limited.
    pub enabled: bool,
    /// What each client may ask of each route while it isn't signed in.
    pub default: Quotas,
    /// What each signed-in user may ask.
    pub user: Quotas,
    /// How often each signed-in user may have a password checked.
    pub hashing: Quotas,
    /// How often each user may sign in.
    pub sign_in: Quotas,
    /// How often each client may look at pages.
    pub pages: Quotas,
    /// How many answers each user, and each client, may get that reveal that a name or an address is taken.
    pub taken: Quotas,
    /// How it is counted.
    pub strategy: Strategy,
}

impl Limits {
    pub(crate) fn read(reader: &mut Reader) -> Self {
        let strategies = [
            Strategy::FixedWindow,
            Strategy::MovingWindow,
            Strategy::SlidingWindowCounter,
        ]
        .map(|strategy| (strategy.name(), strategy));
        let limits = Self {
            enabled: reader.switch(&RATELIMIT_ENABLED),
            default: quotas(reader, &RATELIMIT_DEFAULT),
            user: of_some(reader, &RATELIMIT_USER),
            hashing: of_some(reader, &RATELIMIT_HASHING),
            sign_in: of_some(reader, &RATELIMIT_SIGNIN),
            pages: of_some(reader, &RATELIMIT_PAGES),
            taken: of_some(reader, &RATELIMIT_TAKEN),
            strategy: reader.choice(&RATELIMIT_STRATEGY, &strategies),
        };
        if !limits.enabled {
            reader.notice(
                &RATELIMIT_ENABLED,
                "is off: nothing bounds how often a client may ask",
            );
        }
        limits
    }
}

/// Limits that can't be read stop the start; what stands in for them until then refuses everything.
fn quotas(reader: &mut Reader, var: &'static EnvVar) -> Quotas {
    let read = reader.optional(var, str::parse::<Quotas>);
    read.unwrap_or_else(|| Quota::per(0, Unit::Second).into())
}

/// The same of a setting of our own: a limit of 0 would let nobody in, and can't be meant. In
/// `RATELIMIT_DEFAULT`, which Flask-Limiter reads too, it is what it is there.
fn of_some(reader: &mut Reader, var: &'static EnvVar) -> Quotas {
    let read = reader.optional(var, |text| {
        let quotas: Quotas = text.parse().map_err(|error| format!("{error}"))?;
        if quotas.iter().any(|quota| quota.amount() == 0) {
            return Err("lets nobody through: the amount must be 1 at least".to_owned());
        }
        Ok(quotas)
    });
    read.unwrap_or_else(|| Quota::per(0, Unit::Second).into())
}
