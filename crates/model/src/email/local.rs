//! The part before the `@`.

use unicode_normalization::UnicodeNormalization as _;

use crate::unicode::{is_mark, is_visible};

use super::EmailFault;

/// Mailboxes whose case counts nowhere (RFC 2142 §3 to §5).
const ROLES: [&str; 15] = [
    "abuse",
    "ftp",
    "hostmaster",
    "info",
    "marketing",
    "news",
    "noc",
    "postmaster",
    "sales",
    "security",
    "support",
    "usenet",
    "uucp",
    "webmaster",
    "www",
];

/// Reads it, and gives it its normal form (NFC, RFC 6532 §3.1).
pub(super) fn parse(text: &str) -> Result<String, EmailFault> {
    let normal: String = text.nfc().collect();
    // Both forms are checked: normalization makes a ; of the Greek question mark.
    if !is_dot_atom(text) || !is_dot_atom(&normal) {
        return Err(EmailFault::Local);
    }
    let lower = normal.to_ascii_lowercase();
    Ok(if ROLES.contains(&lower.as_str()) {
        lower
    } else {
        normal
    })
}

/// `dot-atom-text` (RFC 5322 §3.2.3) with UTF-8 (RFC 6531 §3.3), without invisible characters.
fn is_dot_atom(text: &str) -> bool {
    // A leading mark would combine with whatever stands before the address.
    let starts_with_mark = text.chars().next().is_some_and(is_mark);
    !starts_with_mark
        && text
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character))
}

fn is_atom_character(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
    } else {
        is_visible(c)
    }
}
