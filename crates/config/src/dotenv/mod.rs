//! `.env` files, read as python-dotenv 1.2 reads them, so that a Flask application's file means the
//! same here.
//!
//! `cases.json` beside this file holds what python-dotenv made of odd lines; `record_cases.py` records
//! it anew.

mod interpolate;
mod parse;

use secret::Secret;

pub(crate) use parse::Unreadable;

/// A `NAME=value` of a file.
#[derive(Debug)]
pub(crate) struct Assignment {
    /// The name, as it is written.
    pub(crate) name: String,
    /// The value, without quotes and with escapes and `${NAME}` resolved. `None` for a name without
    /// `=`, which sets nothing.
    pub(crate) value: Option<Secret<String>>,
    /// The line on which the name stands, from 1.
    pub(crate) line: usize,
}

/// What a file says, in its order, and the statements that make no sense.
#[derive(Debug, Default)]
pub(crate) struct DotEnv {
    /// The assignments; of two with one name the later counts.
    pub(crate) assignments: Vec<Assignment>,
    /// The statements that python-dotenv skips with a warning.
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Reads the text of a file.
///
/// `environment` answers for `${NAME}` before the file itself does, as with `load_dotenv()`.
pub(crate) fn read(text: &str, environment: impl Fn(&str) -> Option<String>) -> DotEnv {
    let (statements, unreadable) = parse::statements(text);
    DotEnv {
        assignments: interpolate::resolve(statements, environment),
        unreadable,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// What `dotenv.main.DotEnv(…, override=False).dict()` gives.
    fn dictionary(
        text: &str,
        environment: &BTreeMap<String, String>,
    ) -> BTreeMap<String, Option<String>> {
        read(text, |name| environment.get(name).cloned())
            .assignments
            .into_iter()
            .map(|a| (a.name, a.value.map(|value| value.expose().clone())))
            .collect()
    }

    #[test]
    fn odd_lines_mean_what_they_mean_to_python_dotenv() {
        let recorded: serde_json::Value = serde_json::from_str(include_str!("cases.json")).unwrap();
        let environment: BTreeMap<String, String> =
            serde_json::from_value(recorded["environment"].clone()).unwrap();
        let cases = recorded["cases"].as_array().unwrap();
        assert!(cases.len() > 40);

        for case in cases {
            let text = case["text"].as_str().unwrap();
            let expected: BTreeMap<String, Option<String>> =
                serde_json::from_value(case["values"].clone()).unwrap();
            assert_eq!(dictionary(text, &environment), expected, "{text:?}");

            let unreadable = read(text, |name| environment.get(name).cloned())
                .unreadable
                .len();
            assert_eq!(
                Some(unreadable as u64),
                case["unreadable"].as_u64(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_line_number_is_that_of_the_name() {
        let file = read(
            "\n\n# comment\nA=1\nB='two\nlines'\n\n  C=3\nD=\"open\n",
            |_| None,
        );
        let lines: Vec<_> = file
            .assignments
            .iter()
            .map(|a| (a.name.as_str(), a.line))
            .collect();
        assert_eq!(lines, [("A", 4), ("B", 5), ("C", 8)]);
        assert_eq!(file.unreadable[0].line, 9);
        assert_eq!(file.unreadable[0].name.as_deref(), Some("D"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[ -~\\n\\r\\t\u{a0}é\u{feff}]{0,80}") {
            let _ = read(&text, |_| None);
        }
    }
}
