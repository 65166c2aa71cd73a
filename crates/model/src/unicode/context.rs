//! Contextual rules (RFC 5892 appendix A.3 to A.9).

use icu_properties::CodePointMapData;
use icu_properties::props::Script;

/// Whether the character at `position`, which needs a context, stands in it.
pub(crate) fn keeps_context_rule(text: &[char], position: usize) -> bool {
    let before = position
        .checked_sub(1)
        .and_then(|before| text.get(before))
        .copied();
    let after = text.get(position + 1).copied();
    match text.get(position) {
        Some('·') => before == Some('l') && after == Some('l'),
        Some('\u{375}') => is_of(after, &[Script::Greek]),
        Some('\u{5f3}' | '\u{5f4}') => is_of(before, &[Script::Hebrew]),
        Some('・') => text.iter().any(|c| {
            *c != '・' && is_of(Some(*c), &[Script::Hiragana, Script::Katakana, Script::Han])
        }),
        // The two sets of Arabic digits look the same in part: never both.
        Some('\u{660}'..='\u{669}') => !text.iter().any(|c| matches!(c, '\u{6f0}'..='\u{6f9}')),
        Some('\u{6f0}'..='\u{6f9}') => !text.iter().any(|c| matches!(c, '\u{660}'..='\u{669}')),
        _ => false,
    }
}

fn is_of(c: Option<char>, scripts: &[Script]) -> bool {
    c.is_some_and(|c| scripts.contains(&CodePointMapData::<Script>::new().get(c)))
}
