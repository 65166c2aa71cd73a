//! The Bidi Rule (RFC 5893 §2): labels that can't be displayed in two ways.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;

/// Whether a right-to-left character occurs (R, AL or AN).
pub(crate) fn has_right_to_left(text: &str) -> bool {
    text.chars().any(|c| {
        matches!(
            direction(c),
            BidiClass::RightToLeft | BidiClass::ArabicLetter | BidiClass::ArabicNumber
        )
    })
}

/// Whether `label` keeps the six conditions.
pub(crate) fn keeps_bidi_rule(label: &str) -> bool {
    let Some(first) = label.chars().next() else {
        return false;
    };
    match direction(first) {
        BidiClass::RightToLeft | BidiClass::ArabicLetter => keeps_right_to_left(label),
        BidiClass::LeftToRight => keeps_left_to_right(label),
        _ => false,
    }
}

/// Conditions 2 to 4
fn keeps_right_to_left(label: &str) -> bool {
    let numbers = |class| label.chars().any(|c| direction(c) == class);
    label.chars().all(|c| {
        is_neutral(direction(c))
            || matches!(
                direction(c),
                BidiClass::RightToLeft
                    | BidiClass::ArabicLetter
                    | BidiClass::ArabicNumber
                    | BidiClass::EuropeanNumber
            )
    }) && matches!(
        last(label),
        Some(
            BidiClass::RightToLeft
                | BidiClass::ArabicLetter
                | BidiClass::ArabicNumber
                | BidiClass::EuropeanNumber
        )
    ) && !(numbers(BidiClass::ArabicNumber) && numbers(BidiClass::EuropeanNumber))
}

/// Conditions 5 and 6
fn keeps_left_to_right(label: &str) -> bool {
    label.chars().all(|c| {
        is_neutral(direction(c))
            || matches!(
                direction(c),
                BidiClass::LeftToRight | BidiClass::EuropeanNumber
            )
    }) && matches!(
        last(label),
        Some(BidiClass::LeftToRight | BidiClass::EuropeanNumber)
    )
}

/// What both kinds of label may hold.
fn is_neutral(class: BidiClass) -> bool {
    matches!(
        class,
        BidiClass::EuropeanSeparator
            | BidiClass::CommonSeparator
            | BidiClass::EuropeanTerminator
            | BidiClass::OtherNeutral
            | BidiClass::BoundaryNeutral
            | BidiClass::NonspacingMark
    )
}

/// The direction of the last character that is no nonspacing mark.
fn last(label: &str) -> Option<BidiClass> {
    label
        .chars()
        .rev()
        .map(direction)
        .find(|class| *class != BidiClass::NonspacingMark)
}

fn direction(c: char) -> BidiClass {
    CodePointMapData::<BidiClass>::new().get(c)
}
