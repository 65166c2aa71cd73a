//! The file of recorded cases.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

pub(crate) struct Recorded(Value);

/// One case: an object of the file.
pub(crate) struct Case<'a>(&'a Value);

/// What a route answered.
pub(crate) enum Outcome<'a> {
    Accepted {
        identity: &'a Value,
        claims: &'a Value,
    },
    /// Let through without a token.
    Anonymous,
    Refused,
}

impl Recorded {
    pub(crate) fn read() -> Self {
        let folder = std::env::var_os("PORTCULLIS_VECTORS").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../vectors"),
            PathBuf::from,
        );
        let path = folder.join("jwt_tokens.json");
        let text = std::fs::read(&path)
            .unwrap_or_else(|error| panic!("{} can't be read: {error}", path.display()));
        Self(serde_json::from_slice(&text).unwrap())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap()
    }

    pub(crate) fn profile(&self, name: &str) -> &Value {
        self.0["profiles"].get(name).unwrap()
    }

    pub(crate) fn cases(&self, list: &str) -> impl Iterator<Item = Case<'_>> {
        self.0[list].as_array().unwrap().iter().map(Case)
    }

    /// `text` with the names of a table of the file replaced by what they stand for.
    pub(crate) fn fill_in(&self, table: &str, text: &str) -> String {
        let table = self.0[table].as_object().unwrap();
        table.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(name, value.as_str().unwrap())
        })
    }
}

impl<'a> Case<'a> {
    pub(crate) fn id(&self) -> &'a str {
        self.text("id")
    }

    /// What the case is about, where it says so.
    pub(crate) fn name(&self) -> &'a str {
        self.optional_text("name").unwrap_or_default()
    }

    pub(crate) fn profile(&self) -> &'a str {
        self.text("profile")
    }

    pub(crate) fn now(&self) -> f64 {
        self.0["now"].as_f64().unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.optional_text(name)
            .unwrap_or_else(|| panic!("{name} in {}", self.0))
    }

    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        self.0[name].as_str()
    }

    pub(crate) fn value(&self, name: &str) -> &'a Value {
        &self.0[name]
    }

    /// Whether any route took the token.
    pub(crate) fn is_accepted_anywhere(&self) -> bool {
        self.outcomes()
            .any(|(_, outcome)| matches!(outcome, Outcome::Accepted { .. }))
    }

    /// The routes that were asked, with their answers.
    pub(crate) fn outcomes(&self) -> impl Iterator<Item = (&'a str, Outcome<'a>)> {
        let outcomes = self.0["outcomes"].as_object().unwrap();
        outcomes
            .iter()
            .map(|(route, answer)| (route.as_str(), Outcome::of(answer)))
    }
}

impl<'a> Outcome<'a> {
    /// An answer other than 200, an exception included, is a refusal.
    pub(crate) fn of(answer: &'a Value) -> Self {
        if answer["status"] != 200 {
            return Self::Refused;
        }
        let json = &answer["json"];
        let claims = &json["claims"];
        if claims.as_object().is_some_and(serde_json::Map::is_empty) {
            return Self::Anonymous;
        }
        Self::Accepted {
            identity: &json["identity"],
            claims,
        }
    }
}

impl fmt::Display for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted { .. } => "accepted",
            Self::Anonymous => "anonymous",
            Self::Refused => "refused",
        })
    }
}
