//! How somebody has proven who they are: what a session, a cookie and a token say of it.

use std::time::Duration;

use crate::Timestamp;

/// How far the clocks of nodes may differ.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(2);

/// One way of proving who one is, by its name in RFC 8176 (`amr`).
///
/// Another way is a line here, its name, and its bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `pwd`: a password.
    Password,
    /// `otp`: a one-time code.
    OneTimeCode,
    /// `hwk`: a key that its device doesn't give away.
    HardwareKey,
    /// `swk`: a key that may be copied.
    SoftwareKey,
}

impl Method {
    const ALL: [Self; 4] = [
        Self::Password,
        Self::OneTimeCode,
        Self::HardwareKey,
        Self::SoftwareKey,
    ];

    /// Its name in RFC 8176 §2.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimeCode => "otp",
            Self::HardwareKey => "hwk",
            Self::SoftwareKey => "swk",
        }
    }

    /// The method of this name, if it is one of ours.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The methods by which somebody has proven who they are, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Methods(u8);

impl Methods {
    /// A password and nothing else.
    pub const PASSWORD: Self = Self(Method::Password.bit());

    /// These and `method`.
    #[must_use]
    pub const fn with(self, method: Method) -> Self {
        Self(self.0 | method.bit())
    }

    /// Whether `method` is among them.
    pub const fn has(self, method: Method) -> bool {
        self.0 & method.bit() != 0
    }

    /// Those of ours among these names. What a later version knows besides counts for nothing.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = names.into_iter().filter_map(Method::named);
        known.fold(Self::default(), Self::with)
    }

    /// Their names, always in one order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let mine = Method::ALL
            .into_iter()
            .filter(move |method| self.has(*method));
        mine.map(Method::name)
    }
}

/// How much has been proven: the `acr` of OpenID Connect Core §2 and RFC 9470.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// One factor.
    One = 1,
    /// Two factors.
    Two = 2,
}

impl Level {
    const ALL: [Self; 2] = [Self::One, Self::Two];

    /// The value of `acr`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::One => "urn:portcullis:acr:1",
            Self::Two => "urn:portcullis:acr:2",
        }
    }

    /// The level of this name, if it is one of ours.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// Its number, as stores keep it.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The level of this number.
    pub fn numbered(number: u64) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|level| u64::from(level.number()) == number)
    }
}

/// That somebody has proven who they are: by what, how much, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// By what (`amr`).
    pub methods: Methods,
    /// How much (`acr`).
    pub level: Level,
    /// When (`auth_time`).
    pub at: Timestamp,
}

impl Authentication {
    /// For how long who has proven who they are may do what a thief of the session must not (RFC 9470).
    pub const FRESHNESS: Duration = Duration::from_mins(10);

    /// The password, at this time: what every session of the versions before this rests on.
    pub const fn by_password(at: Timestamp) -> Self {
        Self {
            methods: Methods::PASSWORD,
            level: Level::One,
            at,
        }
    }

    /// The same, as it is when it is not fresh any more: for a cookie, which says no other time.
    #[must_use]
    pub fn no_longer_fresh(self) -> Self {
        Self {
            at: self.at.minus(Self::FRESHNESS),
            ..self
        }
    }

    /// When it stops being fresh.
    pub fn fresh_until(&self) -> Timestamp {
        self.at.plus(Self::FRESHNESS)
    }

    /// The password, at the time of which only is known until when it is fresh.
    pub fn by_password_fresh_until(until: Timestamp) -> Self {
        Self::by_password(until.minus(Self::FRESHNESS))
    }
}

/// What a token or a cookie says of its owner.
///
/// It tells more than how the session was opened: a token that was refreshed speaks for the same
/// [`Authentication`] as the one before it, and is never fresh, since nobody has proven anything for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthenticationContext {
    /// How its owner has proven who they are.
    pub authentication: Authentication,
    /// From when on it is not fresh any more; nothing where it never was.
    pub fresh_until: Option<Timestamp>,
}

impl AuthenticationContext {
    /// Of somebody who has just proven who they are.
    pub fn just_proven(authentication: Authentication) -> Self {
        Self {
            authentication,
            fresh_until: Some(authentication.fresh_until()),
        }
    }

    /// Of somebody of whom it is known how the session was opened, and no more.
    pub const fn carried_on(authentication: Authentication) -> Self {
        Self {
            authentication,
            fresh_until: None,
        }
    }

    /// Whether its owner has proven a short while ago who they are. Not if that is yet to come: a clock that
    /// was put back, or another node's that is ahead, must not make it last longer.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let begun = self.authentication.at <= now.plus(CLOCK_DIFFERENCE);
        begun && self.fresh_until.is_some_and(|until| now < until)
    }

    /// How much its owner has proven.
    pub const fn level(&self) -> Level {
        self.authentication.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn names_read_back() {
        for method in Method::ALL {
            assert_eq!(Method::named(method.name()), Some(method));
            assert!(Methods::default().with(method).has(method));
        }
        for level in Level::ALL {
            assert_eq!(Level::named(level.name()), Some(level));
            assert_eq!(Level::numbered(level.number().into()), Some(level));
        }
        assert_eq!((Method::named("PWD"), Method::named("")), (None, None));
        assert_eq!((Level::named("2"), Level::numbered(3)), (None, None));
        assert!(Level::One < Level::Two);
    }

    #[test]
    fn methods_are_a_set_in_one_order() {
        let both = Methods::named(["otp", "pwd", "otp"]);
        assert_eq!(both, Methods::PASSWORD.with(Method::OneTimeCode));
        assert!(both.names().eq(["pwd", "otp"]));
        assert!(both.has(Method::Password) && !both.has(Method::HardwareKey));
    }

    #[test]
    fn what_a_later_version_knows_counts_for_nothing() {
        assert_eq!(Methods::named(["pwd", "face"]), Methods::PASSWORD);
        assert_eq!(Methods::named(["face"]), Methods::default());
    }

    #[test]
    fn a_proof_is_fresh_for_ten_minutes() {
        let proven = Authentication::by_password(at(0));
        let context = AuthenticationContext::just_proven(proven);
        assert!(context.is_fresh(at(0)) && context.is_fresh(at(599)));
        assert!(!context.is_fresh(at(600)));
        let stale = AuthenticationContext::just_proven(proven.no_longer_fresh());
        assert!(!stale.is_fresh(at(0)));
        let until = proven.fresh_until();
        assert_eq!(Authentication::by_password_fresh_until(until), proven);
    }

    #[test]
    fn what_was_only_carried_on_is_never_fresh() {
        let context = AuthenticationContext::carried_on(Authentication::by_password(at(0)));
        assert!(!context.is_fresh(at(0)));
        assert_eq!(context.level(), Level::One);
    }

    #[test]
    fn what_is_yet_to_be_proven_is_not_fresh() {
        let context = AuthenticationContext::just_proven(Authentication::by_password(at(0)));
        assert!(context.is_fresh(at(-2)) && context.is_fresh(at(599)));
        assert!(!context.is_fresh(at(-3)) && !context.is_fresh(at(600)));
    }
}
