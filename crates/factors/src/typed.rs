//! What somebody types from the display of an app.

use secret::Secret;

/// How many digits a code has. Google Authenticator shows six, whatever it is told.
pub(crate) const DIGITS: u8 = 6;

/// The most bytes that are looked at.
const LONGEST: usize = 64;

/// Six digits, as somebody has typed them.
#[derive(Clone, Debug)]
pub struct TypedCode(Secret<String>);

impl TypedCode {
    /// Reads them, with spaces and dashes between them, and in full width as East Asian keyboards give them; nothing when
    /// it can't be a code.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let typed = text.chars().filter(|&typed| !is_between(typed));
        let digits: Option<String> = typed.map(digit).collect();
        let digits = digits.filter(|digits| digits.len() == usize::from(DIGITS))?;
        Some(Self(Secret::new(digits)))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

fn is_between(typed: char) -> bool {
    typed.is_whitespace() || matches!(typed, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn digit(typed: char) -> Option<char> {
    match typed {
        '0'..='9' => Some(typed),
        '\u{ff10}'..='\u{ff19}' => char::from_u32(typed as u32 - 0xff10 + '0' as u32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_read_however_they_are_typed() {
        for text in [
            "287082",
            "287 082",
            " 287-082\n",
            "2 8 7 0 8 2",
            "287\u{a0}082",
            "２８７０８２",
            "２８７\u{3000}０８２",
        ] {
            assert_eq!(TypedCode::parse(text).unwrap().expose(), "287082", "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        for text in ["", "28708", "2870822", "28708a", "٢٨٧٠٨٢", "287.082"] {
            assert!(TypedCode::parse(text).is_none(), "{text}");
        }
        assert!(TypedCode::parse(&format!("287082{}", " ".repeat(100))).is_none());
    }

    #[test]
    fn a_code_is_not_printed() {
        let code = TypedCode::parse("287082").unwrap();
        assert!(!format!("{code:?}").contains("287082"));
    }
}
