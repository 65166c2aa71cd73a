//! PRECIS `UsernameCaseMapped` (RFC 8265 §3.3), and the restriction of UTS 39 to one script.

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::GeneralSecurityProfile as _;
use unicode_security::RestrictionLevel;
use unicode_security::RestrictionLevelDetection as _;

use crate::unicode::{
    Class, has_right_to_left, is_mark, keeps_bidi_rule, keeps_context_rule, precis_identifier,
};

use super::UsernameFault;

/// Prepares and enforces (RFC 8265 §3.3.1, §3.3.2): width, case, normalization, direction.
pub(super) fn enforce(text: &str) -> Result<String, UsernameFault> {
    let narrow: String = text.chars().map(without_width).collect();
    let mapped: String = narrow.to_lowercase().nfc().collect();
    if mapped.is_empty() {
        return Err(UsernameFault::TooShort);
    }
    if mapped.contains('@') {
        return Err(UsernameFault::ContainsAt);
    }
    // The mapped name is checked too, so that what is stored reads as itself.
    if !is_identifier(&narrow) || !is_identifier(&mapped) {
        return Err(UsernameFault::InvalidCharacter);
    }
    if has_right_to_left(&mapped) && !keeps_bidi_rule(&mapped) {
        return Err(UsernameFault::MixedDirections);
    }
    if !mapped
        .as_str()
        .check_restriction_level(RestrictionLevel::HighlyRestrictive)
    {
        return Err(UsernameFault::MixedScripts);
    }
    Ok(mapped)
}

/// Whether each character belongs to PRECIS's `IdentifierClass` and to the General Security Profile
/// (UTS 39 §3.1), and the first is no mark.
fn is_identifier(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    characters.first().is_some_and(|first| !is_mark(*first))
        && characters.iter().enumerate().all(|(position, c)| {
            c.identifier_allowed()
                && match precis_identifier(*c) {
                    Class::Valid => true,
                    Class::InContext => keeps_context_rule(&characters, position),
                    Class::Disallowed => false,
                }
        })
}

/// The width mapping rule (RFC 8264 §5.2.1): full-width and half-width characters become what they
/// are a width of.
fn without_width(c: char) -> char {
    match c {
        // The block of half-width and full-width forms: each has one character as its
        // compatibility decomposition. U+3000 is a full-width blank.
        '\u{ff01}'..='\u{ffee}' | '\u{3000}' => std::iter::once(c).nfkc().next().unwrap_or(c),
        other => other,
    }
}
