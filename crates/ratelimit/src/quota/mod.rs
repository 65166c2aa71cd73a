//! How much is allowed in how long: Flask-Limiter's limit strings.

mod parse;

use std::{fmt, str::FromStr, time::Duration};

pub use parse::{Fault, QuotaError};

/// An amount per window, such as `20 per 1 hour`.
///
/// Two quotas of the same length are still two (`1 per hour`, `1 per 60 minutes`): each has counters
/// of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Quota {
    amount: u64,
    multiples: u64,
    unit: Unit,
}

/// The units of a window. A month has 30 days and a year twelve of those months: 360 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// One second.
    Second,
    /// 60 seconds.
    Minute,
    /// 3600 seconds.
    Hour,
    /// 86,400 seconds.
    Day,
    /// 30 days.
    Month,
    /// 360 days.
    Year,
}

impl Quota {
    /// `amount` per one `unit`.
    pub const fn per(amount: u64, unit: Unit) -> Self {
        Self {
            amount,
            multiples: 1,
            unit,
        }
    }

    /// `amount` per `multiples` units; zero multiples count as one.
    pub const fn per_multiple(amount: u64, multiples: u64, unit: Unit) -> Self {
        let multiples = if multiples == 0 { 1 } else { multiples };
        Self {
            amount,
            multiples,
            unit,
        }
    }

    /// How much is allowed in a window. Zero refuses everything.
    pub const fn amount(self) -> u64 {
        self.amount
    }

    /// How many units make a window, one at least.
    pub const fn multiples(self) -> u64 {
        self.multiples
    }

    /// The unit of the window.
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// The length of a window in seconds, at most `u64::MAX`.
    pub const fn seconds(self) -> u64 {
        self.unit.seconds().saturating_mul(self.multiples)
    }

    /// The length of a window.
    pub const fn window(self) -> Duration {
        Duration::from_secs(self.seconds())
    }

    /// A word for the quota in the `RateLimit` headers: `hour`, `5-minutes`.
    pub fn name(self) -> String {
        match self.multiples {
            1 => self.unit.name().to_owned(),
            many => format!("{many}-{}s", self.unit.name()),
        }
    }
}

impl fmt::Display for Quota {
    /// As the library writes it: `20 per 1 hour`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} per {} {}",
            self.amount,
            self.multiples,
            self.unit.name()
        )
    }
}

impl Unit {
    /// All units, shortest first.
    pub const ALL: [Self; 6] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Month,
        Self::Year,
    ];

    /// The name in the singular and in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// The length in seconds.
    pub const fn seconds(self) -> u64 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Month => 30 * 86_400,
            Self::Year => 360 * 86_400,
        }
    }
}

/// The quotas of one limit string, in its order: `200 per day;20 per hour`.
///
/// ```
/// use ratelimit::{Quota, Quotas, Unit};
///
/// let quotas: Quotas = "200 per day; 20/hour".parse()?;
/// assert_eq!(*quotas, [Quota::per(200, Unit::Day), Quota::per(20, Unit::Hour)]);
///
/// let error = "20 per fortnight".parse::<Quotas>().unwrap_err();
/// assert!(error.to_string().contains("`fortnight` is no unit of time"));
/// # Ok::<(), ratelimit::QuotaError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quotas(Vec<Quota>);

impl FromStr for Quotas {
    type Err = QuotaError;

    /// Reads what `limits.parse_many` reads (limits 5.8.0), and refuses what it refuses.
    ///
    /// A number above `u64::MAX` is taken as `u64::MAX`: no counter gets there.
    fn from_str(text: &str) -> Result<Self, QuotaError> {
        parse::quotas(text).map(Self)
    }
}

impl From<Quota> for Quotas {
    fn from(quota: Quota) -> Self {
        Self(vec![quota])
    }
}

impl FromIterator<Quota> for Quotas {
    fn from_iter<I: IntoIterator<Item = Quota>>(quotas: I) -> Self {
        Self(quotas.into_iter().collect())
    }
}

impl std::ops::Deref for Quotas {
    type Target = [Quota];

    fn deref(&self) -> &[Quota] {
        &self.0
    }
}

impl fmt::Display for Quotas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, quota) in self.0.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{quota}")?;
        }
        Ok(())
    }
}
