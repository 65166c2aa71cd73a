//! Reading JSON: `serde_json` does the syntax, the visitor here keeps the bounds.

use std::cell::RefCell;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use crate::fault::segment;

use super::{MalformedJson, Object, Value};

/// Arrays and objects within one another; one more is refused.
pub const MAX_DEPTH: usize = 32;

/// Reads one JSON text (RFC 8259) in UTF-8.
///
/// # Errors
/// [`MalformedJson`] for anything else, and for what readers disagree about: names given twice, a
/// byte order mark, lone surrogates; also for more than [`MAX_DEPTH`] levels and for numbers beyond
/// a 64-bit float.
pub fn parse_json(body: &[u8]) -> Result<Value, MalformedJson> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let (line, column) = place_of(&body[..error.valid_up_to()]);
            return Err(MalformedJson::at(
                "send UTF-8; there is a byte that is not",
                line,
                column,
            ));
        }
    };
    if text.starts_with('\u{feff}') {
        return Err(MalformedJson::new(
            "leave out the byte order mark at its start",
        ));
    }
    if text.trim_ascii().is_empty() {
        return Err(MalformedJson::new(
            "it is empty; send an object, such as {}",
        ));
    }

    let refusal = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Place {
        depth: 0,
        parent: None,
        refusal: &refusal,
    }
    .deserialize(&mut reader);
    value
        .and_then(|value| reader.end().map(|()| value))
        .map_err(|error| {
            refusal.into_inner().map_or_else(
                || MalformedJson::at(description(&error), error.line(), error.column()),
                |what: String| MalformedJson::at(what, error.line(), error.column()),
            )
        })
}

/// What `serde_json` says of a fault of syntax, without its place. Such texts are constants: they
/// hold nothing of the input.
fn description(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Syntax | Category::Eof => {
            let text = error.to_string();
            text.split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned()
        }
        Category::Data | Category::Io => "it can't be read".to_owned(),
    }
}

fn place_of(before: &[u8]) -> (usize, usize) {
    let lines = || before.split(|byte| *byte == b'\n');
    (
        lines().count(),
        1 + lines().next_back().map_or(0, <[u8]>::len),
    )
}

/// The place of a value in the text: how deep, and under which name or index.
struct Place<'a> {
    depth: usize,
    parent: Option<&'a Step<'a>>,
    refusal: &'a RefCell<Option<String>>,
}

/// One step of the way from the top of the text.
struct Step<'a> {
    before: Option<&'a Step<'a>>,
    to: Member<'a>,
}

#[derive(Clone, Copy)]
enum Member<'a> {
    Named(&'a str),
    At(usize),
}

impl Step<'_> {
    fn pointer(&self) -> String {
        let start = self.before.map(Step::pointer).unwrap_or_default();
        start
            + &match self.to {
                Member::Named(name) => segment(name),
                Member::At(index) => segment(&index.to_string()),
            }
    }
}

impl Place<'_> {
    /// Remembers why the text is refused: `serde_json` only carries texts of its own kind.
    fn refuse<E: serde::de::Error>(&self, what: String) -> E {
        self.refusal.replace(Some(what));
        E::custom("refused")
    }

    fn deeper<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(format!("it has more than {MAX_DEPTH} levels of nesting")));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut list = Vec::new();
        loop {
            let step = Step {
                before: self.parent,
                to: Member::At(list.len()),
            };
            let place = Place {
                depth,
                parent: Some(&step),
                refusal: self.refusal,
            };
            match items.next_element_seed(place)? {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            let step = Step {
                before: self.parent,
                to: Member::Named(&name),
            };
            if object.contains(&name) {
                return Err(self.refuse(format!("it names {} twice", step.pointer())));
            }
            let place = Place {
                depth,
                parent: Some(&step),
                refusal: self.refusal,
            };
            let value = members.next_value_seed(place)?;
            object
                .insert(name, value)
                .map_err(|_| A::Error::custom("a name twice"))?;
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: impl AsRef<[u8]>) -> String {
        parse_json(text.as_ref())
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    #[test]
    fn what_is_no_json_says_where_and_what_to_mend() {
        for (text, what) in [
            ("", "it is empty; send an object, such as {}."),
            (" \n ", "it is empty; send an object, such as {}."),
            ("\u{feff}{}", "leave out the byte order mark at its start."),
            ("{\n  \"a\": }", "expected value at line 2, column 8."),
            ("{\"a\": 1,}", "trailing comma at line 1, column 9."),
            ("{} {}", "trailing characters at line 1, column 4."),
            ("{'a': 1}", "key must be a string at line 1, column 2."),
            ("[1", "EOF while parsing a list at line 1, column 2."),
            (
                r#"{"a": "\ud800"}"#,
                "unexpected end of hex escape at line 1, column 14.",
            ),
            (
                r#"{"a": "\udc00"}"#,
                "lone leading surrogate in hex escape at line 1, column 13.",
            ),
            (
                "{\"a\": 1e999}",
                "number out of range at line 1, column 11.",
            ),
            ("{\"a\": NaN}", "expected value at line 1, column 7."),
        ] {
            assert_eq!(
                refused(text),
                format!("The body is not valid JSON: {what}"),
                "{text:?}"
            );
        }
        assert_eq!(
            refused(b"{\n\"a\": \"\xff\"}"),
            "The body is not valid JSON: send UTF-8; there is a byte that is not at line 2, column 7."
        );
    }

    #[test]
    fn a_name_given_twice_is_told_by_its_pointer() {
        let place = "at line 1, column";
        assert!(refused(r#"{"a":1,"a":2}"#).contains(&format!("it names /a twice {place}")));
        assert!(
            refused(r#"{"a":[{},{"b/c":1,"b/c":1}]}"#)
                .contains(&format!("it names /a/1/b~1c twice {place}"))
        );
        assert!(refused(r#"{"a":1,"\u0061":2}"#).contains("it names /a twice"));
        let long = "x".repeat(100_000);
        assert!(refused(format!(r#"{{"{long}":1,"{long}":2}}"#)).len() < 200);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse_json(nested(MAX_DEPTH).as_bytes()).is_ok());
        assert!(refused(nested(MAX_DEPTH + 1)).contains("more than 32 levels"));
        assert!(refused("[".repeat(1_000_000)).contains("more than 32 levels"));
        assert!(refused("{\"a\":".repeat(1_000_000)).contains("more than 32 levels"));
    }

    #[test]
    fn a_refusal_repeats_no_value() {
        for text in [
            r#"{"password": "hunter2" "#,
            r#"{"password": hunter2}"#,
            r#"{"a": "hunter2", "a": 1}"#,
        ] {
            let refusal = parse_json(text.as_bytes()).unwrap_err();
            assert!(
                !format!("{refusal} {refusal:?}").contains("hunter2"),
                "{refusal}"
            );
        }
    }
}
