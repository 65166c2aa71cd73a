//! What is checked of a JSON text before it is read.

/// Levels of arrays and objects (RFC 8259 §9 lets a parser set a limit). Python under Flask refuses
/// at about as many.
const MAX_DEPTH: usize = 971;

/// Digits of an integer, as in Python since 3.11.
const MAX_INTEGER_DIGITS: usize = 4300;

/// Whether nesting and integers stay within their limits, and no text holds a bare control character
/// (RFC 8259 §7): `serde_json` overlooks one in a name that is read as bytes. The rest of the
/// grammar is not checked.
pub(super) fn are_kept(text: &[u8]) -> bool {
    // What a token's issuer writes is short and has no blanks but spaces.
    let is_plain = text.len() <= MAX_DEPTH && !text.iter().any(|byte| *byte < b' ');
    is_plain || Scan::default().passes(text)
}

/// Where in a text we are.
#[derive(Default)]
struct Scan {
    depth: usize,
    number: Number,
}

/// The number that we are in.
#[derive(Default)]
struct Number {
    digits: usize,
    has_fraction_or_exponent: bool,
}

impl Scan {
    fn passes(mut self, text: &[u8]) -> bool {
        let mut bytes = text.iter();
        while let Some(byte) = bytes.next() {
            if !self.number.passes(*byte) {
                return false;
            }
            match byte {
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                b'"' if !skip_text(&mut bytes) => return false,
                _ => {}
            }
            if self.depth > MAX_DEPTH {
                return false;
            }
        }
        true
    }
}

impl Number {
    fn passes(&mut self, byte: u8) -> bool {
        match byte {
            b'0'..=b'9' => self.digits += 1,
            b'.' | b'e' | b'E' => self.has_fraction_or_exponent = true,
            _ => {
                let ended = std::mem::take(self);
                return ended.has_fraction_or_exponent || ended.digits <= MAX_INTEGER_DIGITS;
            }
        }
        true
    }
}

/// Moves past the closing quote, unless a bare control character comes first.
fn skip_text(bytes: &mut std::slice::Iter<'_, u8>) -> bool {
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                bytes.next();
            }
            b'"' => return true,
            0..b' ' => return false,
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        "[".repeat(levels) + &"]".repeat(levels)
    }

    #[test]
    fn nesting_is_bounded() {
        assert!(are_kept(nested(MAX_DEPTH).as_bytes()));
        assert!(!are_kept(nested(MAX_DEPTH + 1).as_bytes()));
        // Brackets in a text nest nothing.
        assert!(are_kept(
            format!(r#"["\"{}"]"#, "[".repeat(2 * MAX_DEPTH)).as_bytes()
        ));
        // One after the other, neither.
        assert!(are_kept(
            format!("[{}[]]", "[],".repeat(MAX_DEPTH)).as_bytes()
        ));
    }

    #[test]
    fn integers_are_bounded_but_not_fractions() {
        let digits = "1".repeat(MAX_INTEGER_DIGITS);
        for (kept, text) in [
            (true, format!("[{digits}]")),
            (true, format!("[-{digits}]")),
            (false, format!("[{digits}1]")),
            (false, format!("[true,-{digits}1]")),
            (true, format!("[{digits}1.0]")),
            (true, format!("[1e{digits}1]")),
            (true, format!("[{digits},{digits}]")),
            (true, format!(r#"["{digits}{digits}"]"#)),
        ] {
            assert_eq!(are_kept(text.as_bytes()), kept, "{}…", &text[..8]);
        }
    }

    #[test]
    fn a_bare_control_character_in_a_text_is_refused() {
        assert!(are_kept(b"{\t\"a\"\n:\r1}"));
        assert!(are_kept(br#"{"a\t":1}"#));
        assert!(!are_kept(b"{\"a\t\":1}"));
        assert!(!are_kept(b"{\"a\":\"\0\"}"));
    }
}
