//! Finding the token in a form, whole or cut off.

mod multipart;
mod urlencoded;

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// A form that has more than one field for the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Repeated;

/// The kinds of form that HTML can send and that have fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FormKind {
    UrlEncoded,
    Multipart { boundary: String },
}

impl FormKind {
    /// What the request's body is, if it is a form.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        let essence = content_type.split(';').next()?.trim();
        if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::UrlEncoded)
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            let boundary = multer::parse_boundary(content_type).ok()?;
            Some(Self::Multipart { boundary })
        } else {
            None
        }
    }

    /// The token in `body`, of which more follows unless it `is_whole`. A field that is cut off
    /// doesn't count.
    pub(crate) async fn find_token(
        &self,
        body: bytes::Bytes,
        is_whole: bool,
        field_name: &str,
    ) -> Result<Option<String>, Repeated> {
        let mut candidates = Candidates::new(field_name);
        match self {
            Self::UrlEncoded => urlencoded::read(&body, is_whole, &mut candidates),
            Self::Multipart { boundary } => {
                multipart::read(body, boundary, &mut candidates).await;
            }
        }
        candidates.choose()
    }
}

/// The fields that may hold the token: the one named so, else the first whose name ends so and that
/// isn't empty, as forms with a prefix have it. (What Flask-WTF does, but for repeated fields.)
struct Candidates<'a> {
    field_name: &'a str,
    exact: Option<String>,
    prefixed: Option<(String, String)>,
    exact_is_repeated: bool,
    prefixed_is_repeated: bool,
}

impl<'a> Candidates<'a> {
    const fn new(field_name: &'a str) -> Self {
        Self {
            field_name,
            exact: None,
            prefixed: None,
            exact_is_repeated: false,
            prefixed_is_repeated: false,
        }
    }

    /// Whether a field of this name may hold the token.
    fn wants(&self, name: &str) -> bool {
        name.ends_with(self.field_name)
    }

    fn offer(&mut self, name: &str, value: &str) {
        if name == self.field_name {
            self.exact_is_repeated |= self.exact.is_some();
            self.exact = Some(value.to_owned());
        } else if self.wants(name) {
            match &self.prefixed {
                None if value.is_empty() => {}
                None => self.prefixed = Some((name.to_owned(), value.to_owned())),
                Some((first, _)) => self.prefixed_is_repeated |= first == name,
            }
        }
    }

    fn choose(self) -> Result<Option<String>, Repeated> {
        if self.exact_is_repeated {
            return Err(Repeated);
        }
        if let Some(token) = self.exact.filter(|token| !token.is_empty()) {
            return Ok(Some(token));
        }
        if self.prefixed_is_repeated {
            return Err(Repeated);
        }
        Ok(self.prefixed.map(|(_, token)| token))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn chosen(fields: &[(&str, &str)]) -> Result<Option<String>, Repeated> {
        let mut candidates = Candidates::new("csrf_token");
        for (name, value) in fields {
            candidates.offer(name, value);
        }
        candidates.choose()
    }

    #[test]
    fn the_exact_name_is_looked_for_first() {
        let some = |token: &str| Ok(Some(token.to_owned()));
        assert_eq!(chosen(&[]), Ok(None));
        assert_eq!(chosen(&[("a", "x"), ("csrf_token_", "x")]), Ok(None));
        assert_eq!(chosen(&[("csrf_token", "")]), Ok(None));
        assert_eq!(
            chosen(&[("a-csrf_token", "p"), ("csrf_token", "e")]),
            some("e")
        );
        assert_eq!(
            chosen(&[("a-csrf_token", "p"), ("csrf_token", "")]),
            some("p")
        );
        assert_eq!(
            chosen(&[("a-csrf_token", ""), ("b-csrf_token", "p")]),
            some("p")
        );
        assert_eq!(
            chosen(&[("a-csrf_token", "p"), ("b-csrf_token", "q")]),
            some("p")
        );
    }

    #[test]
    fn the_same_field_twice_is_refused() {
        assert_eq!(
            chosen(&[("csrf_token", "a"), ("csrf_token", "a")]),
            Err(Repeated)
        );
        assert_eq!(
            chosen(&[("csrf_token", ""), ("csrf_token", "a")]),
            Err(Repeated)
        );
        assert_eq!(
            chosen(&[("a-csrf_token", "a"), ("a-csrf_token", "b")]),
            Err(Repeated)
        );
    }

    #[test]
    fn forms_are_told_by_their_content_type() {
        let kind = |value| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
            FormKind::of(&headers)
        };
        let boundary = "x".to_owned();
        assert_eq!(
            kind("application/x-www-form-urlencoded"),
            Some(FormKind::UrlEncoded)
        );
        assert_eq!(
            kind("Application/X-WWW-Form-Urlencoded;charset=utf-8"),
            Some(FormKind::UrlEncoded)
        );
        assert_eq!(
            kind("multipart/form-data; boundary=x"),
            Some(FormKind::Multipart { boundary })
        );
        for other in ["multipart/form-data", "text/plain", "application/json", ""] {
            assert_eq!(kind(other), None, "{other}");
        }
    }
}
