//! What the Unicode documents say of characters, where e-mail domains (IDNA 2008) and usernames
//! (PRECIS) need the same answers.

mod bidi;
mod class;
mod context;

pub(crate) use bidi::{has_right_to_left, keeps_bidi_rule};
pub(crate) use class::{Class, idna2008, is_mark, is_visible, precis_identifier};
pub(crate) use context::keeps_context_rule;

/// The text without its case, character by character: the lower case of its upper case, which also
/// makes one of `ß` and `ss`, of `ς` and `σ`, of `ı` and `i`.
pub(crate) fn without_case(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
}
