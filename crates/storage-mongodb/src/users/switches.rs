//! The fields by which other applications switch an account off.
//!
//! Whom the application before this one had blocked must not come back to life here. So these fields count
//! as `disabled` does, whoever writes them, wherever that counts. One that is off is enough.
//!
//! A name is compared without case, `_` and `-`, and without an `is`, `account` or `user` before it:
//! `isActive`, `is_active`, `account_active` and `active` are one. Its value is what languages take for
//! true or false ([`truth`]); with any other the account can't be read, and is refused and reported: who is
//! in doubt doesn't sign in.

use mongodb::bson::{Bson, Document};

use crate::document::decimal;

/// Those that are true for an account in use.
const ON: &[&str] = &["active", "enabled", "nonlocked", "nonexpired"];

/// Those that are true for an account that is not to be used.
const OFF: &[&str] = &[
    "disabled",
    "inactive",
    "deactivated",
    "blocked",
    "banned",
    "locked",
    "lockedout",
    "suspended",
    "deleted",
];

/// The longest name that is compared: with every prefix, and some `_`.
const LONGEST: usize = 32;

/// What makes one think of a switch.
const WORDS: &[&str] = &[
    "activ", "allow", "approv", "archiv", "bann", "block", "closed", "delet", "deni", "disabl",
    "enabl", "expir", "forbid", "freez", "froze", "lock", "pending", "remov", "revok", "suspen",
    "terminat",
];

/// Of these a time says so as well: `deleted_at`, `locked_until`.
const OFF_WORDS: &[&str] = &[
    "bann", "block", "deactiv", "delet", "disabl", "froze", "lock", "remov", "suspen", "terminat",
];

/// Fields that may say it with a word.
const STATES: &[&str] = &["status", "state"];

/// The field that switches the account off, if one does.
///
/// # Errors
/// The field of which it can't be said.
pub(crate) fn off(document: &Document) -> Result<Option<&str>, &str> {
    off_but_for(document, "")
}

/// The same, whatever `field` says.
///
/// # Errors
/// The field of which it can't be said.
pub(crate) fn off_but_for<'a>(
    document: &'a Document,
    field: &str,
) -> Result<Option<&'a str>, &'a str> {
    let mut off = None;
    for (name, value) in document.iter().filter(|(name, _)| *name != field) {
        let Some(when) = switches_off_when(name) else {
            continue;
        };
        if truth(value).ok_or(name.as_str())? == when {
            off = off.or(Some(name.as_str()));
        }
    }
    Ok(off)
}

/// Whether a field may be a switch, and counts for nothing here.
pub(crate) fn resembles_one(name: &str, value: &Bson) -> bool {
    if name.len() > LONGEST || name.starts_with("portcullis_") || switches_off_when(name).is_some()
    {
        return false;
    }
    let plain = plain(name);
    let has = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    match value {
        Bson::Boolean(_) => has(WORDS),
        Bson::DateTime(_) | Bson::Timestamp(_) => has(OFF_WORDS),
        Bson::String(_) | Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) => {
            STATES.contains(&stem(&plain))
        }
        _ => false,
    }
}

/// The value with which a field of this name switches its account off, if it is such a field.
fn switches_off_when(name: &str) -> Option<bool> {
    if name.len() > LONGEST {
        return None;
    }
    let plain = plain(name);
    let stem = stem(&plain);
    if ON.contains(&stem) {
        Some(false)
    } else {
        OFF.contains(&stem).then_some(true)
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

fn stem(plain: &str) -> &str {
    let plain = plain.strip_prefix("is").unwrap_or(plain);
    let prefixes = ["account", "user"];
    let owned = prefixes
        .iter()
        .find_map(|prefix| plain.strip_prefix(prefix));
    let stem = owned.unwrap_or(plain);
    stem.strip_prefix("is").unwrap_or(stem)
}

/// Whether a value stands for true: a boolean, 1 or 0, a word; null is false, as in the languages of those
/// who write it.
fn truth(value: &Bson) -> Option<bool> {
    match value {
        Bson::Boolean(value) => Some(*value),
        Bson::Null | Bson::Undefined => Some(false),
        Bson::String(word) => match word.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => Some(true),
            "false" | "f" | "no" | "n" | "off" | "0" | "" => Some(false),
            _ => None,
        },
        number => match decimal(number)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{DateTime, doc};

    use super::*;

    #[test]
    fn the_usual_switches_of_applications_count() {
        for document in [
            doc! { "disabled": true },
            doc! { "is_disabled": true },
            doc! { "is_active": false },
            doc! { "isActive": false },
            doc! { "active": false },
            doc! { "active": Bson::Null },
            doc! { "active": 0 },
            doc! { "active": 0.0 },
            doc! { "active": "no" },
            doc! { "enabled": false },
            doc! { "accountEnabled": false },
            doc! { "accountNonLocked": false },
            doc! { "isAccountNonExpired": false },
            doc! { "blocked": true },
            doc! { "is_blocked": 1_i64 },
            doc! { "isBanned": true },
            doc! { "account_locked": true },
            doc! { "IsLockedOut": true },
            doc! { "suspended": "true" },
            doc! { "is_deleted": true },
            doc! { "userInactive": true },
            doc! { "active": true, "banned": true },
        ] {
            assert!(off(&document).unwrap().is_some(), "{document}");
        }
    }

    #[test]
    fn an_account_that_is_in_use_is_in_use() {
        for document in [
            doc! {},
            doc! { "disabled": false },
            doc! { "disabled": Bson::Null },
            doc! { "is_active": true, "active": 1, "enabled": "yes", "blocked": 0, "banned": "" },
            doc! { "accountNonLocked": true, "is_deleted": false },
            // Others, whatever they are.
            doc! { "lockoutEnabled": false, "newsletter_active": false, "is_admin": false },
            doc! { "island": true, "blocked_users": ["u-1"], "active_until": "x", "user": false },
        ] {
            assert_eq!(off(&document), Ok(None), "{document}");
        }
    }

    #[test]
    fn who_is_in_doubt_is_not_in_use() {
        for document in [
            doc! { "disabled": "junk" },
            doc! { "active": "since 2020" },
            doc! { "active": 7 },
            doc! { "locked": DateTime::now() },
            doc! { "blocked": ["u-1"] },
            doc! { "banned": { "by": "u-1" } },
        ] {
            let name = document.keys().next().unwrap().as_str();
            assert_eq!(off(&document), Err(name));
        }
    }

    #[test]
    fn what_looks_like_a_switch_and_is_none_is_known_as_such() {
        let then = || Bson::DateTime(DateTime::from_millis(0));
        for (name, value) in [
            ("is_frozen", Bson::Boolean(false)),
            ("approved", Bson::Boolean(true)),
            ("lockoutEnabled", Bson::Boolean(true)),
            ("deleted_at", then()),
            ("lockedUntil", then()),
            ("status", Bson::from("banned")),
            ("account_status", Bson::from(2)),
        ] {
            assert!(resembles_one(name, &value), "{name}");
        }
        for (name, value) in [
            ("active", Bson::Boolean(true)), // it counts
            ("is_admin", Bson::Boolean(true)),
            ("email_verified", Bson::Boolean(true)),
            ("portcullis_closing", Bson::Boolean(true)),
            ("last_active", then()),
            ("created_at", then()),
            ("blocked_by", Bson::from("u-1")),
            ("deleted_at", Bson::Null),
        ] {
            assert!(!resembles_one(name, &value), "{name}");
        }
    }
}
