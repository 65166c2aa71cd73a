//! `Accept-Language` (RFC 9110 §12.5.4).

use unic_langid::LanguageIdentifier;

/// As many bytes and languages are read; browsers send some thirty bytes.
const MAX_BYTES: usize = 512;
const MAX_LANGUAGES: usize = 16;

/// The languages of a header, those that are wanted most first. What can't be read is left out, `*` too: it stands
/// for the language that we take anyway.
pub(crate) fn languages(header: &str) -> Vec<LanguageIdentifier> {
    if header.len() > MAX_BYTES {
        return Vec::new();
    }
    let mut languages: Vec<_> = header
        .split(',')
        .take(MAX_LANGUAGES)
        .filter_map(weighted)
        .filter(|(weight, _)| *weight > 0)
        .collect();
    languages.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight)); // equal ones stay in order
    languages
        .into_iter()
        .map(|(_, language)| language)
        .collect()
}

/// A language and its weight in thousandths.
fn weighted(part: &str) -> Option<(u16, LanguageIdentifier)> {
    let (tag, parameter) = match part.split_once(';') {
        Some((tag, parameter)) => (tag, Some(parameter.trim())),
        None => (part, None),
    };
    let weight = match parameter {
        None => 1000,
        Some(parameter) => thousandths(parameter.strip_prefix("q=")?)?,
    };
    Some((weight, tag.trim().parse().ok()?))
}

fn thousandths(weight: &str) -> Option<u16> {
    let (whole, rest) = weight.split_once('.').unwrap_or((weight, ""));
    if rest.len() > 3 || !rest.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let rest: u16 = format!("{rest:0<3}").parse().ok()?;
    match (whole, rest) {
        ("0", rest) => Some(rest),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Vec<String> {
        let languages = languages(header);
        languages.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn languages_are_in_the_order_in_which_they_are_wanted() {
        for (header, wanted) in [
            ("", &[][..]),
            ("*", &[]),
            ("de", &["de"]),
            ("de-at, DE;q=0.9", &["de-AT", "de"]),
            ("en;q=0.5, fr, de;q=0.75", &["fr", "de", "en"]),
            ("fr;q=0, de", &["de"]),
            ("fr;q=1.5, es;q=x, de;q=0.1234, it", &["it"]),
            ("\u{0}, ;q=1, ,,, de", &["de"]),
        ] {
            assert_eq!(read(header), wanted, "{header}");
        }
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        assert!(read(&format!("de, {}", "x".repeat(MAX_BYTES))).is_empty());
        let many = vec!["fr"; MAX_LANGUAGES + 5].join(",");
        assert_eq!(read(&many).len(), MAX_LANGUAGES);
    }
}
