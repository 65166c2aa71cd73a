//! The part after the `@`.

use icu_normalizer::uts46::Uts46MapperBorrowed;
use idna::punycode;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::unicode::{
    Class, has_right_to_left, idna2008, is_mark, is_visible, keeps_bidi_rule, keeps_context_rule,
};

use super::EmailFault;

/// The longest domain and the longest label, in ASCII bytes (RFC 1035 §2.3.4, without the root).
const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;

/// Top-level domains that are not in the public DNS, or hold no mailboxes (RFC 6761, RFC 6762 §3,
/// RFC 7686; `arpa` is all infrastructure, RFC 3172).
const SPECIAL_USE: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];

/// The prefix of an A-label (RFC 5890 §2.3.2.1).
const A_LABEL: &str = "xn--";

/// A domain in its two forms.
pub(super) struct Domain {
    /// As it is shown.
    pub(super) unicode: String,
    /// As it is sent to mail systems without SMTPUTF8.
    pub(super) ascii: String,
}

/// Reads a domain: mapped by UTS 46, each label valid by IDNA 2008 (RFC 5891 §5).
pub(super) fn parse(text: &str) -> Result<Domain, EmailFault> {
    if text.chars().count() > MAX_DOMAIN || !is_readable(text) {
        return Err(EmailFault::Domain);
    }
    let mapped: String = Uts46MapperBorrowed::new()
        .map_normalize(text.chars())
        .collect();
    let mut ascii = Vec::new();
    let mut unicode = Vec::new();
    for label in mapped.split('.') {
        let (a_label, u_label) = forms(label).ok_or(EmailFault::Domain)?;
        ascii.push(a_label);
        unicode.push(u_label);
    }
    keeps_bidi_rule_throughout(&unicode)
        .then_some(())
        .ok_or(EmailFault::Domain)?;
    let domain = Domain {
        unicode: unicode.join("."),
        ascii: ascii.join("."),
    };
    if domain.ascii.len() > MAX_DOMAIN {
        return Err(EmailFault::Domain);
    }

    // Every top-level domain ends in a letter, so that none is taken for a network address.
    let top = match ascii.as_slice() {
        [_, .., top] if top.ends_with(|c: char| c.is_ascii_alphabetic()) => top,
        _ => return Err(EmailFault::NoTopLevelDomain),
    };
    if SPECIAL_USE.contains(&top.as_str()) {
        return Err(EmailFault::SpecialUse);
    }
    Ok(domain)
}

/// Whether each character may stand in a domain before it is mapped: UTS 46 maps some away that no
/// one should see in an address, and some to a period.
fn is_readable(text: &str) -> bool {
    let first_is_mark = text.chars().next().is_some_and(is_mark);
    !first_is_mark
        && text.chars().all(|c| {
            if c.is_ascii() {
                c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
            } else {
                is_visible(c) && (c == '．' || !holds_period(c))
            }
        })
}

/// Whether it stands for several characters with a period among them, such as `⒈`, or for a period
/// that is none of a domain, such as `․`.
fn holds_period(c: char) -> bool {
    std::iter::once(c).nfkd().any(|part| part == '.')
}

/// The A-label (or plain ASCII label) and the U-label of a mapped label, if it is valid.
fn forms(label: &str) -> Option<(String, String)> {
    let forms = if let Some(encoded) = label.strip_prefix(A_LABEL) {
        let decoded = punycode::decode_to_string(encoded)?;
        // A second spelling of the same label (RFC 5891 §5.3), or nothing to decode.
        let canonical = punycode::encode_str(&decoded)? == encoded && !encoded.ends_with('-');
        (canonical && is_label(&decoded)).then(|| (label.to_owned(), decoded))
    } else if !is_label(label) {
        None
    } else if label.is_ascii() {
        Some((label.to_owned(), label.to_owned()))
    } else {
        Some((
            format!("{A_LABEL}{}", punycode::encode_str(label)?),
            label.to_owned(),
        ))
    };
    forms.filter(|(a_label, _)| a_label.len() <= MAX_LABEL)
}

/// Whether `label` is a valid U-label or ASCII label (RFC 5891 §4.2, §5.4).
fn is_label(label: &str) -> bool {
    let characters: Vec<char> = label.chars().collect();
    let hyphens =
        label.starts_with('-') || label.ends_with('-') || characters.get(2..4) == Some(&['-', '-']);
    !hyphens
        && characters.first().is_some_and(|first| !is_mark(*first))
        && is_nfc(label)
        && characters
            .iter()
            .enumerate()
            .all(|(position, c)| match idna2008(*c) {
                Class::Valid => true,
                Class::InContext => keeps_context_rule(&characters, position),
                Class::Disallowed => false,
            })
        && (!has_right_to_left(label) || keeps_bidi_rule(label))
}

/// One right-to-left label makes the rule apply to all (RFC 5893 §1.4): `1.אב.com` would look like
/// `אב.1.com`.
fn keeps_bidi_rule_throughout(labels: &[String]) -> bool {
    !labels.iter().any(|label| has_right_to_left(label))
        || labels.iter().all(|label| keeps_bidi_rule(label))
}
