//! What a page says, in the language of whoever asks.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use model::Timestamp;
use problem::Fault;
use texts::{Language, Texts, Value};

use crate::app::App;
use crate::extract::languages;

/// The texts in one language.
#[derive(Clone)]
pub(crate) struct Words {
    texts: Arc<Texts>,
    language: Language,
}

impl Words {
    /// The text with this key.
    pub(super) fn say(&self, key: &str) -> String {
        self.texts.say(&self.language, key, &[])
    }

    /// The text with this key, with what stands in place of its variables.
    pub(super) fn say_with(&self, key: &str, variables: &[(&str, Value<'_>)]) -> String {
        self.texts.say(&self.language, key, variables)
    }

    /// The language tag.
    pub(super) fn language(&self) -> &str {
        self.language.tag()
    }

    /// How long something takes.
    pub(super) fn wait(&self, wait: Duration) -> String {
        self.texts.wait(&self.language, wait)
    }

    /// `2026-01-31 08:15 UTC`: a time in no language, as in mails.
    #[expect(clippy::unused_self, reason = "a language may say it in another way")]
    pub(super) fn time(&self, time: Timestamp) -> String {
        let text = time.to_string(); // RFC 3339
        match (text.get(..10), text.get(11..16)) {
            (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
            _ => text,
        }
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
        let key = match fault.code() {
            "invalid_email" => "field-email-invalid",
            "invalid_username" => "field-username-invalid",
            "contains_at" => "field-username-contains-at",
            "mixed_directions" => "field-username-mixed-directions",
            "mixed_scripts" => "field-username-mixed-scripts",
            "too_long" => "field-too-long",
            "too_short" => "field-too-short",
            _ => return fault.message().to_owned(),
        };
        self.say(key)
    }

    /// What is wrong with a new password.
    pub(super) fn password_fault(&self, fault: &password::Fault) -> String {
        match fault {
            password::Fault::TooShort { min } => {
                let count = u64::try_from(*min).unwrap_or(u64::MAX);
                self.say_with("password-too-short", &[("count", count.into())])
            }
            password::Fault::TooLong => self.say("password-too-long"),
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
        Ok(Self {
            language: app.texts.negotiate(languages(parts).as_deref()),
            texts: Arc::clone(&app.texts),
        })
    }
}
