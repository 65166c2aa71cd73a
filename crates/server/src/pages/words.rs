//! What a page says, in the language of whoever asks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::Timestamp;
use problem::{Fault, Problem};
use texts::{Language, Part, Texts, Value};

use crate::api::fields;
use crate::app::App;
use crate::code::Code;
use crate::extract::languages;

/// Stands for what is put into a text with markup around it.
const PLACE: &str = "\u{fffc}";

/// The texts in one language.
#[derive(Clone)]
pub(crate) struct Words {
    texts: Arc<Texts>,
    language: Language,
}

impl Words {
    /// The texts in the language of whoever sent this as `Accept-Language`.
    pub(crate) fn of(texts: &Arc<Texts>, accepted: Option<&str>) -> Self {
        Self {
            language: texts.negotiate(Part::Pages, accepted),
            texts: Arc::clone(texts),
        }
    }

    /// The text with this key.
    pub(super) fn say(&self, key: &str) -> String {
        self.texts.say(&self.language, key, &[])
    }

    /// The text with this key, with what stands in place of its variables.
    pub(super) fn say_with(&self, key: &str, variables: &[(&str, Value<'_>)]) -> String {
        self.texts.say(&self.language, key, variables)
    }

    /// What stands before and after a variable of the text with this key.
    pub(super) fn say_around(&self, key: &str, variable: &str) -> (String, String) {
        let text = self.say_with(key, &[(variable, PLACE.into())]);
        match text.split_once(PLACE) {
            Some((before, after)) => (before.to_owned(), after.to_owned()),
            None => (text, String::new()),
        }
    }

    /// How long to wait, in words.
    pub(super) fn wait(&self, wait: Duration) -> String {
        self.texts.wait(&self.language, wait)
    }

    /// What the service is called.
    pub(super) fn brand(&self) -> &str {
        self.texts.brand().as_str()
    }

    /// The language tag.
    pub(super) fn language(&self) -> &str {
        self.language.tag()
    }

    /// That too many attempts went before.
    pub(super) fn too_many_attempts(&self, retry_after: Duration) -> String {
        let wait = self.wait(retry_after);
        self.say_with("form-too-many-attempts", &[("wait", (&wait).into())])
    }

    /// What a new password must be like.
    pub(super) fn new_password_hint(&self, min_chars: usize) -> String {
        let count = u64::try_from(min_chars).unwrap_or(u64::MAX);
        self.say_with("field-new-password-hint", &[("count", count.into())])
    }

    /// What is wrong with a field.
    pub(super) fn fault(&self, fault: &Fault) -> String {
        match fault.key() {
            Some("field-too-long") => {
                let count = u64::try_from(fields::MAX_BYTES).unwrap_or(u64::MAX);
                self.say_with("field-too-long", &[("count", count.into())])
            }
            Some(key) => self.say(key),
            None => fault.message().to_owned(),
        }
    }

    /// What failed, in the words of its code.
    pub(super) fn code(&self, code: Code) -> String {
        self.say(&code.key())
    }

    /// What failed. What a problem says beyond its code is known in English only.
    pub(super) fn problem(&self, problem: &Problem) -> String {
        match Code::named(problem.code()) {
            Some(code) if problem.message() == code.message() || !self.is_english() => {
                self.code(code)
            }
            Some(_) | None => problem.message().to_owned(),
        }
    }

    /// A point in time: `14 March 2026, 09:05 UTC`.
    pub(super) fn time(&self, time: Timestamp) -> String {
        let Ok(at) = jiff::Timestamp::from_millisecond(time.as_millis()) else {
            return time.to_string(); // beyond the year 9999
        };
        let at = jiff::tz::Offset::UTC.to_datetime(at);
        let minutes = at.strftime("%H:%M").to_string();
        let number = |part: i16| Value::from(u64::try_from(part).unwrap_or_default());
        let variables = [
            ("day", number(at.day().into())),
            ("month", number(at.month().into())),
            ("year", number(at.year())),
            ("time", (&minutes).into()),
        ];
        self.say_with("time-utc", &variables)
    }

    /// What is wrong with a new password.
    pub(super) fn password_fault(&self, fault: &password::Fault) -> String {
        let count = |count: usize| [("count", u64::try_from(count).unwrap_or(u64::MAX).into())];
        match fault {
            password::Fault::TooShort { min } => self.say_with("password-too-short", &count(*min)),
            password::Fault::TooLong => self.say_with(
                "password-too-long",
                &count(password::bounds::MAX_PASSWORD_BYTES),
            ),
            // Why it is weak is known in English only.
            password::Fault::TooWeak { warning: Some(_) } if self.is_english() => fault.to_string(),
            password::Fault::TooWeak { .. } => self.say("password-too-weak"),
            password::Fault::Breached => self.say("password-breached"),
            password::Fault::SameAsIdentity => self.say("password-same-as-identity"),
            password::Fault::SameAsCurrent => self.say("password-same-as-current"),
        }
    }

    fn is_english(&self) -> bool {
        self.language == self.texts.english()
    }
}

impl FromRequestParts<App> for Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let accepted = languages(&parts.headers);
        Ok(Self::of(&app.texts, accepted.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use model::{EmailAddress, Username};

    use super::*;

    fn words() -> Words {
        Words::of(&Arc::new(Texts::load(None).unwrap()), None)
    }

    #[test]
    fn a_time_is_readable() {
        let time = Timestamp::from_seconds(1_773_479_100);
        assert_eq!(words().time(time), "14 March 2026, 09:05 UTC");
    }

    #[test]
    fn a_text_is_taken_apart_at_its_variable() {
        let (before, after) = words().say_around("guard-text", "name");
        assert_eq!(before, "You are signed in as ");
        assert!(after.starts_with(". Before you"), "{after}");
    }

    #[test]
    fn pages_and_the_api_say_the_same_of_a_field() {
        let long = "x".repeat(10_000);
        let names = ["", "a@b", "a b", "\u{5d0}a", "a\u{430}", &long];
        let addresses = [
            "a",
            "a <a@b.org>",
            "@b.org",
            "a@b_",
            "a@b",
            "a@b.local",
            &long,
        ];
        let faults = names.map(|name| fields::username(name).err());
        let faults = faults
            .into_iter()
            .chain(addresses.map(|address| fields::email(address).err()));
        let faults = faults.chain([fields::identifier(&long).err()]);
        for fault in faults {
            let fault = fault.expect("it is none");
            assert_eq!(words().fault(&fault), fault.message(), "{fault:?}");
        }
        assert!(Username::parse("alice").is_ok() && EmailAddress::parse("a@b.org").is_ok());
    }

    #[test]
    fn pages_and_the_api_say_the_same_of_a_new_password() {
        for fault in [
            password::Fault::TooShort { min: 8 },
            password::Fault::TooLong,
            password::Fault::TooWeak { warning: None },
            password::Fault::Breached,
            password::Fault::SameAsIdentity,
            password::Fault::SameAsCurrent,
        ] {
            assert_eq!(words().password_fault(&fault), fault.to_string());
        }
    }
}
