//! Reading a JSON object from untrusted bytes without building a tree of it.
//!
//! Only the members that are asked for are looked at; all others are checked for their grammar and
//! skipped, without recursion. The last of several members with one name counts, which RFC 7519 §4
//! and RFC 7515 §4 allow and Python does.

mod bounds;
mod name;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use name::Name;

/// Calls `member` with the name and the value of each member of the object `bytes`, in order.
///
/// `None` unless `bytes` is a JSON object in UTF-8 (RFC 7519 §7.2), with or without a byte order
/// mark (RFC 8259 §8.1), within our bounds.
pub(crate) fn read_object<'a>(bytes: &'a [u8], member: impl FnMut(&[u8], Value<'a>)) -> Option<()> {
    let text = std::str::from_utf8(bytes).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if !bounds::are_kept(text.as_bytes()) {
        return None;
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Members(member)).ok()?;
    deserializer.end().ok()
}

/// One JSON value, unread: its text without surrounding blanks.
#[derive(Clone, Copy)]
pub(crate) struct Value<'a>(&'a str);

/// What kind of value it is.
pub(crate) enum Kind<'a> {
    Null,
    Bool(bool),
    /// The text of the number.
    Number(&'a str),
    /// Its characters, or `None` where they have no UTF-8 form: a lone surrogate (RFC 8725 §3.7).
    Text(Option<Cow<'a, str>>),
    Array,
    Object,
}

impl<'a> Value<'a> {
    pub(crate) fn kind(self) -> Kind<'a> {
        match self.0.as_bytes().first() {
            Some(b'n') | None => Kind::Null,
            Some(b't') => Kind::Bool(true),
            Some(b'f') => Kind::Bool(false),
            Some(b'"') => Kind::Text(unquote(self.0)),
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(_) => Kind::Number(self.0),
        }
    }

    /// The characters of a text.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text(text) => text,
            Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Array | Kind::Object => None,
        }
    }

    /// The items of an array.
    pub(crate) fn items(self) -> Option<Vec<Value<'a>>> {
        let items: Vec<&'a RawValue> = serde_json::from_str(self.0).ok()?;
        Some(items.into_iter().map(|item| Value(item.get())).collect())
    }

    /// The value as it was written.
    pub(crate) const fn source(self) -> &'a str {
        self.0
    }
}

fn unquote(source: &str) -> Option<Cow<'_, str>> {
    if source.contains('\\') {
        return serde_json::from_str(source).ok().map(Cow::Owned);
    }
    let inner = source.strip_prefix('"')?.strip_suffix('"')?;
    Some(Cow::Borrowed(inner))
}

struct Members<F>(F);

impl<'de, F: FnMut(&[u8], Value<'de>)> Visitor<'de> for Members<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            (self.0)(&name, Value(value.get()));
        }
        Ok(())
    }
}
