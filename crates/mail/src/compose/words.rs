//! What a letter puts into its templates.

use minijinja::Value;
use model::Timestamp;
use texts::{Language, Texts};

use crate::letter::Letter;

/// Names and values; a template that uses another name is a fault.
pub(super) type Words = Vec<(&'static str, Value)>;

/// What is said around a letter.
pub(super) struct Around<'a> {
    pub(super) texts: &'a Texts,
    pub(super) language: &'a Language,
    /// When the letter is written.
    pub(super) date: Timestamp,
}

impl Around<'_> {
    /// What `letter` says, by the names of its fields. `name` is always there, and empty where there is none to show.
    pub(super) fn words(&self, letter: &Letter) -> Words {
        let mut name = None;
        let mut words: Words = match letter {
            Letter::ConfirmSignUp {
                link,
                code,
                expires,
            }
            | Letter::ConfirmAddress {
                link,
                code,
                expires,
            }
            | Letter::ConfirmNewAddress {
                link,
                code,
                expires,
            } => vec![
                ("link", link.expose().into()),
                ("code", grouped(code.expose()).into()),
                ("expires", self.expires(*expires).into()),
            ],
            Letter::AlreadyRegistered { sign_in, reset } => {
                vec![("sign_in", sign_in.into()), ("reset", reset.into())]
            }
            Letter::AddressChanged {
                name: owner,
                new_address,
                undo,
                expires,
            } => {
                name = owner.as_ref();
                vec![
                    ("new_address", new_address.as_str().into()),
                    ("undo", undo.expose().into()),
                    ("expires", self.expires(*expires).into()),
                ]
            }
            Letter::AddressLeft {
                name: owner,
                new_address,
                is_deleted,
            } => {
                name = owner.as_ref();
                vec![
                    ("new_address", new_address.as_str().into()),
                    ("is_deleted", (*is_deleted).into()),
                ]
            }
            Letter::ResetPassword {
                link,
                expires,
                deletion_due,
            } => vec![
                ("link", link.expose().into()),
                ("expires", self.expires(*expires).into()),
                // Empty where nothing is due.
                ("until", deletion_due.map(in_utc).unwrap_or_default().into()),
            ],
            Letter::WayBackIn { link, expires } | Letter::Invitation { link, expires } => vec![
                ("link", link.expose().into()),
                ("expires", self.expires(*expires).into()),
            ],
            Letter::PasswordChanged { name: owner, reset }
            | Letter::Kept { name: owner, reset }
            | Letter::FactorAdded { name: owner, reset }
            | Letter::FactorRemoved { name: owner, reset }
            | Letter::FactorGuessed { name: owner, reset } => {
                name = owner.as_ref();
                vec![("reset", reset.into())]
            }
            Letter::RecoveryCodesLow {
                name: owner,
                left,
                page,
            } => {
                name = owner.as_ref();
                vec![("left", (*left).into()), ("page", page.into())]
            }
            Letter::DeletionScheduled {
                name: owner,
                until,
                link,
            } => {
                name = owner.as_ref();
                vec![
                    ("until", in_utc(*until).into()),
                    ("link", link.expose().into()),
                ]
            }
            Letter::Deleted { name: owner } => {
                name = owner.as_ref();
                Vec::new()
            }
            Letter::AddressTaken {} | Letter::Test => Vec::new(),
        };
        words.push(("name", name.map_or("", |name| name.as_str()).into()));
        words
    }

    /// A sentence that says until when something works. Minutes are enough, of what is read later.
    fn expires(&self, expires: Timestamp) -> String {
        let time = in_utc(expires);
        let time = ("time", (&time).into());
        let left = expires.since(self.date).as_secs();
        let minutes = (left + 30) / 60;
        if minutes == 0 {
            return self.texts.say(self.language, "mail-expired", &[time]);
        }
        let left = std::time::Duration::from_secs(minutes * 60);
        let wait = self.texts.wait(self.language, left);
        self.texts.say(
            self.language,
            "mail-expires",
            &[("wait", (&wait).into()), time],
        )
    }
}

/// `1234 5678`: digits are read out and typed in fours.
fn grouped(code: &str) -> String {
    let digits: Vec<_> = code.chars().collect();
    let groups: Vec<String> = digits
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

/// `2026-01-31 08:15 UTC`.
fn in_utc(time: Timestamp) -> String {
    let text = time.to_string(); // RFC 3339
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(left: i64) -> String {
        let texts = Texts::load(None).unwrap();
        let around = Around {
            texts: &texts,
            language: &texts.english(),
            date: Timestamp::from_seconds(1_000_000),
        };
        around.expires(Timestamp::from_seconds(1_000_000 + left))
    }

    #[test]
    fn codes_are_shown_in_fours() {
        assert_eq!(grouped("12345678"), "1234 5678");
        assert_eq!(grouped("123456"), "1234 56");
        assert_eq!(grouped(""), "");
    }

    #[test]
    fn the_time_that_is_left_is_said_in_minutes() {
        let hour = "This works for 1 hour, until 1970-01-12 14:46 UTC.";
        assert_eq!(said(3600), hour);
        assert_eq!(
            said(3599),
            "This works for 1 hour, until 1970-01-12 14:46 UTC."
        );
        assert!(said(5400).starts_with("This works for 1 hour and 30 minutes,"));
        assert_eq!(said(10), "This worked until 1970-01-12 13:46 UTC.");
        assert_eq!(said(-100), "This worked until 1970-01-12 13:45 UTC.");
    }
}
