//! The options of a connection string: which of them the driver gets, and what is to be said of the others.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use super::fault::UriFault;
use super::options::{self, SECRETS, Treatment};

/// The one option that may stand there several times.
const REPEATED: &str = "readPreferenceTags";

/// What the options come to.
#[derive(Debug, Default)]
pub(super) struct Query {
    /// `name=value` for the driver, in their order.
    pub(super) kept: Vec<Kept>,
    /// What to know about the others.
    pub(super) notices: Vec<String>,
}

/// An option for the driver.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) name: &'static str,
    /// What its value must be.
    pub(super) expected: &'static str,
    /// The value as it stands there, still encoded.
    pub(super) value: String,
}

impl Query {
    /// Reads what stands after the `?`.
    pub(super) fn read(text: &str) -> Result<Self, UriFault> {
        let (mut kept, mut seen) = (Vec::new(), Vec::new());
        let mut without_effect = BTreeMap::<_, Vec<_>>::new();
        for pair in pairs(text) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let Some((name, treatment)) = options::known(name) else {
                return Err(unknown(name, text));
            };
            if seen.contains(&name) && name != REPEATED {
                return Err(UriFault::Twice(name));
            }
            seen.push(name);
            let meant = decoded(value);
            let is = |values: &[&str]| {
                values
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(&meant))
            };
            let to_driver = |expected| Kept {
                name,
                expected,
                value: value.to_owned(),
            };
            match treatment {
                Treatment::Kept(expected) => kept.push(to_driver(expected)),
                Treatment::Moot => {}
                Treatment::Overridden { same, .. } if is(same) => {}
                Treatment::Overridden { why, .. } => {
                    let names = without_effect.entry(why).or_default();
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                Treatment::Refused { unless, .. } if is(unless) => {}
                Treatment::Refused { why, .. } => return Err(UriFault::Refused { name, why }),
            }
        }
        let without_effect = without_effect.into_iter();
        let notices = without_effect.map(|(why, names)| {
            let have = if names.len() == 1 { "has" } else { "have" };
            format!("{} {have} no effect: {why}", names.join(", "))
        });
        let notices = notices.collect();
        Ok(Self { kept, notices })
    }
}

impl Kept {
    /// As the driver reads it.
    pub(super) fn pair(&self) -> String {
        format!("{}={}", self.name, self.value)
    }
}

/// A value as the driver understands it. Names it takes as they are.
fn decoded(value: &str) -> Cow<'_, str> {
    percent_decode_str(value).decode_utf8_lossy()
}

/// The options, which stand between `&`, or, as Python's driver allows, between `;`.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    let separator = if text.contains('&') { '&' } else { ';' };
    text.split(separator).filter(|pair| !pair.is_empty())
}

/// An option that nobody knows may be a part of a password: one with a `?` that is not encoded, whose user ends at the
/// `@` further on, or of another secret with an `&` in it.
fn unknown(name: &str, text: &str) -> UriFault {
    let typed = text.to_ascii_lowercase();
    let has_secret = |option: &&str| typed.contains(&option.to_ascii_lowercase());
    let may_be_secret = text.contains('@') || SECRETS.iter().any(has_secret);
    let looks_like_one =
        name.chars().all(|c| c.is_ascii_alphabetic() || c == '_') && name.len() < 40;
    if may_be_secret || !looks_like_one {
        return UriFault::Malformed;
    }
    UriFault::Unknown {
        name: name.to_owned(),
        meant: options::nearest(name),
    }
}
