//! What makes two names the same.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_security::confusable_detection::skeleton;

use crate::unicode::without_case;

use super::Username;

/// What a name looks like: two names with the same key can't both be taken.
///
/// It is the skeleton of UTS 39 §4, without case, with two changes: an ASCII character stands for
/// itself save that `0` is `o` and `1` and `i` are `l`, so that `modem` is not `modern` (the
/// skeleton of `m` is `rn`); and what looks like `m` is `m`.
///
/// It is computed with the tables of one version of Unicode: store [`UsernameKey::VERSION`] beside
/// it, and compute the keys anew when it differs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UsernameKey(String);

impl UsernameKey {
    /// The version of Unicode's tables of look-alikes: `180000` is 18.0.0.
    pub const VERSION: u64 = {
        let (major, minor, patch) = unicode_security::UNICODE_VERSION;
        major * 10_000 + minor * 100 + patch
    };

    /// The key of a name.
    pub fn new(name: &Username) -> Self {
        let folded: String = without_case(name.as_str()).collect();
        let looks: String = folded.nfd().flat_map(look).collect();
        Self(without_case(&looks).map(ascii_look).nfd().collect())
    }

    /// The key of what someone typed to sign in; nothing when it can't be a name.
    pub fn of_login(text: &str) -> Option<Self> {
        Username::parse(text).ok().map(|name| name.key())
    }

    /// Its text, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The characters that `c` looks like.
fn look(c: char) -> Vec<char> {
    if c.is_ascii() {
        return vec![c];
    }
    let looks: Vec<char> = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    match looks.as_slice() {
        ['r', 'n', marks @ ..] => std::iter::once('m').chain(marks.iter().copied()).collect(),
        _ => looks,
    }
}

const fn ascii_look(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'i' => 'l',
        other => other,
    }
}

impl fmt::Debug for UsernameKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[username key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> UsernameKey {
        UsernameKey::of_login(name).unwrap_or_else(|| panic!("{name} is no name"))
    }

    #[test]
    fn look_alikes_clash() {
        for (one, other) in [
            ("alice", "ALICE"),
            ("alice", "a1ice"),
            ("alice", "aIice"),
            ("bill", "biii"),
            ("root", "r00t"),
            ("admin", "adm1n"),
            ("scope", "ѕсоре"),
            ("cocoa", "сосоа"),
            ("paypal", "раураӏ"),
            ("straße", "STRASSE"),
            ("σας", "σασ"),
            ("amélie", "ame\u{301}lie"),
            ("ｆｕｌｌ", "full"),
            ("oo", "οο"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn different_names_do_not_clash() {
        for (one, other) in [
            ("modem", "modern"),
            ("alice", "alicia"),
            ("vv", "w"),
            ("cl", "d"),
            ("amelie", "amélie"),
            ("a.b", "a_b"),
            ("a.b", "ab"),
            ("5", "s"),
            ("дима", "дина"),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn what_can_be_no_name_has_no_key() {
        for text in ["", "alice@example.org", "аdmin", "\u{202e}", "a b"] {
            assert_eq!(UsernameKey::of_login(text), None, "{text:?}");
        }
    }
}
