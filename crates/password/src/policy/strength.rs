//! How hard a password is to guess, by zxcvbn.

use secret::Secret;
use zxcvbn::feedback::Feedback;
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::{Entropy, Score, zxcvbn};

/// A password that is too easy to guess.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Weak {
    /// Why, if zxcvbn knows: an English sentence.
    pub(super) warning: Option<String>,
    /// Whether it is on zxcvbn's list of common passwords, as it is or in other case.
    pub(super) is_listed: bool,
}

/// Characters scored at either end.
///
/// zxcvbn tries every reading of every substitution (`4` for `a`, `|` for `l` or `i`), so its time
/// grows steeply with the length: of eight hundred hostile inputs the worst took half a second at 100
/// characters, 140 ms at 48, and 50 ms at 24. Two ends of 24 bound a check to 100 ms; an ordinary
/// password takes 0.4 ms.
const SCORED_CHARS: usize = 24;

/// Refuses a password if zxcvbn gives neither of its ends three points of four.
pub(super) fn check(password: &Secret<String>, identities: &[String]) -> Result<(), Weak> {
    let identities: Vec<&str> = identities.iter().map(String::as_str).collect();
    let (mut warning, mut is_listed) = (None, false);
    let ends = ends_of(password.expose());
    let is_whole = ends.len() == 1;
    for end in ends {
        let entropy = zxcvbn(end.expose(), &identities);
        if entropy.score() >= Score::Three {
            return Ok(());
        }
        is_listed |= is_whole && is_on_the_list(&entropy);
        let reason = entropy.feedback().and_then(Feedback::warning);
        warning = warning.or(reason.map(|reason| reason.to_string()));
    }
    Err(Weak { warning, is_listed })
}

/// Whether the easiest way to guess it is by the list of common passwords.
fn is_on_the_list(entropy: &Entropy) -> bool {
    let [only] = entropy.sequence() else {
        return false;
    };
    let MatchPattern::Dictionary(found) = &only.pattern else {
        return false;
    };
    #[expect(
        clippy::default_trait_access,
        reason = "the type of the name can't be named, and its default is the list of passwords"
    )]
    let is_a_password = found.dictionary_name == Default::default();
    is_a_password && !found.reversed && !found.l33t
}

/// The first characters, and the last ones of a password that has more.
fn ends_of(password: &str) -> Vec<Secret<String>> {
    let count = password.chars().count();
    let first: String = password.chars().take(SCORED_CHARS).collect();
    let mut ends = vec![Secret::new(first)];
    if count > SCORED_CHARS {
        let last: String = password.chars().skip(count - SCORED_CHARS).collect();
        ends.push(Secret::new(last));
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(password: &str) -> Vec<String> {
        let ends = ends_of(password);
        ends.iter().map(|end| end.expose().clone()).collect()
    }

    #[test]
    fn a_password_of_up_to_24_characters_is_scored_whole() {
        assert_eq!(ends("abc"), ["abc"]);
        assert_eq!(ends(&"é".repeat(24)), ["é".repeat(24)]);
    }

    #[test]
    fn of_a_longer_one_either_end_is_scored() {
        let long = format!("{}{}{}", "a".repeat(24), "b".repeat(500), "c".repeat(24));
        assert_eq!(ends(&long), ["a".repeat(24), "c".repeat(24)]);
        assert_eq!(ends("0123456789abcdefghijklmnop").len(), 2);
    }

    #[test]
    fn one_good_end_is_enough() {
        let check = |password: String| check(&password.into(), &[]);
        let (weak, strong) = ("a".repeat(24), "kX8#vQ2m!pL5zR7@wN4%tB9^");
        assert_eq!(check(format!("{weak}{strong}")), Ok(()));
        assert_eq!(check(format!("{strong}{weak}")), Ok(()));
        assert!(check(format!("{weak}{weak}")).is_err());
    }
}
