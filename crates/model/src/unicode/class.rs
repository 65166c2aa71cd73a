//! The derived property of a code point in IDNA 2008 (RFC 5892) and in PRECIS (RFC 8264): the two
//! documents sort code points by nearly the same steps. They are followed here with the properties
//! of current Unicode; the tables that the documents print stopped at Unicode 5.2 and 6.3.

use icu_normalizer::uts46::Uts46MapperBorrowed;
use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory as Category, GeneralCategoryGroup as Group,
    HangulSyllableType, NoncharacterCodePoint, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization as _;

/// Whether a code point may stand in a name.
///
/// The joiners, U+200C and U+200D, are `Disallowed` here although both documents allow them in some
/// contexts: they can't be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Anywhere (PVALID).
    Valid,
    /// Where a rule says so (CONTEXTO).
    InContext,
    /// Nowhere (DISALLOWED, UNASSIGNED, `ID_DIS`).
    Disallowed,
}

/// The derived property in IDNA 2008 (RFC 5892 §3).
pub(crate) fn idna2008(c: char) -> Class {
    if let Some(class) = exception(c) {
        return class;
    }
    if matches!(c, '-' | '0'..='9' | 'a'..='z') {
        return Class::Valid;
    }
    let disallowed = is_unstable(c)
        || is_ignorable(c)
        || CodePointSetData::new::<WhiteSpace>().contains(c)
        // IgnorableBlocks (RFC 5892 §2.4): marks for symbols, musical notation
        || matches!(c, '\u{20d0}'..='\u{20ff}' | '\u{1d100}'..='\u{1d24f}')
        || is_old_hangul(c)
        || !is_letter_or_digit(c);
    if disallowed {
        Class::Disallowed
    } else {
        Class::Valid
    }
}

/// The derived property in the `IdentifierClass` of PRECIS (RFC 8264 §4.2, §8).
pub(crate) fn precis_identifier(c: char) -> Class {
    if let Some(class) = exception(c) {
        return class;
    }
    if matches!(c, '!'..='~') {
        return Class::Valid;
    }
    let disallowed = is_old_hangul(c) || is_ignorable(c) || has_compat(c) || !is_letter_or_digit(c);
    if disallowed {
        Class::Disallowed
    } else {
        Class::Valid
    }
}

/// Whether it is a combining mark (General Category M).
pub(crate) fn is_mark(c: char) -> bool {
    Group::Mark.contains(category(c))
}

/// Whether it is a letter, a mark, a number, a punctuation mark or a symbol: neither a blank nor a
/// control, format, private or unassigned code point.
pub(crate) fn is_visible(c: char) -> bool {
    let visible = Group::Letter
        .union(Group::Mark)
        .union(Group::Number)
        .union(Group::Punctuation)
        .union(Group::Symbol);
    visible.contains(category(c))
}

fn category(c: char) -> Category {
    CodePointMapData::<Category>::new().get(c)
}

/// Exceptions (RFC 5892 §2.6, RFC 8264 §9.6)
fn exception(c: char) -> Option<Class> {
    match c {
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '〇' => Some(Class::Valid),
        '·'
        | '\u{375}'
        | '\u{5f3}'
        | '\u{5f4}'
        | '・'
        | '\u{660}'..='\u{669}'
        | '\u{6f0}'..='\u{6f9}' => Some(Class::InContext),
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            Some(Class::Disallowed)
        }
        _ => None,
    }
}

/// `LetterDigits` (RFC 5892 §2.1, RFC 8264 §9.1)
fn is_letter_or_digit(c: char) -> bool {
    matches!(
        category(c),
        Category::LowercaseLetter
            | Category::UppercaseLetter
            | Category::OtherLetter
            | Category::ModifierLetter
            | Category::DecimalNumber
            | Category::NonspacingMark
            | Category::SpacingMark
    )
}

/// Unstable (RFC 5892 §2.2): changed by normalization and case folding, which together are the
/// mapping of UTS 46.
fn is_unstable(c: char) -> bool {
    !Uts46MapperBorrowed::new()
        .map_normalize(std::iter::once(c))
        .eq([c])
}

/// `HasCompat` (RFC 8264 §9.17)
fn has_compat(c: char) -> bool {
    !std::iter::once(c).nfkc().eq([c])
}

/// `IgnorableProperties` (RFC 5892 §2.3), `PrecisIgnorableProperties` (RFC 8264 §9.13)
fn is_ignorable(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        || CodePointSetData::new::<NoncharacterCodePoint>().contains(c)
}

/// `OldHangulJamo` (RFC 5892 §2.9, RFC 8264 §9.9)
fn is_old_hangul(c: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(c),
        HangulSyllableType::LeadingJamo
            | HangulSyllableType::VowelJamo
            | HangulSyllableType::TrailingJamo
    )
}
