//! The recorded scripts.

use std::path::PathBuf;

use serde_json::Value;

pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) profile: String,
    pub(crate) steps: Vec<Step>,
}

/// One request, and what was answered.
pub(crate) struct Step {
    /// Seconds since 1970.
    pub(crate) at: u64,
    pub(crate) browser: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) https: bool,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) form: Option<Vec<(String, String)>>,
    pub(crate) multipart: Option<Vec<(String, String)>>,
    pub(crate) json: Value,
    pub(crate) keep_token_as: Option<String>,
    pub(crate) status: u64,
    pub(crate) body: String,
    set_cookies: Vec<String>,
}

pub(crate) fn load() -> Vec<Case> {
    let folder = std::env::var_os("PORTCULLIS_VECTORS").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join("csrf_cases.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file["cases"].as_array().unwrap().iter().map(case).collect()
}

fn case(value: &Value) -> Case {
    Case {
        id: text(&value["id"]),
        name: text(&value["name"]),
        profile: text(&value["profile"]),
        steps: value["steps"]
            .as_array()
            .unwrap()
            .iter()
            .map(step)
            .collect(),
    }
}

fn step(value: &Value) -> Step {
    let response = &value["response"];
    let sent = response["headers"].as_array().unwrap().iter();
    let set_cookies = sent
        .filter(|pair| pair[0] == "Set-Cookie")
        .map(|pair| text(&pair[1]));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times after 1970, of which whole seconds count"
    )]
    let at = value["at"].as_f64().unwrap() as u64;
    Step {
        at,
        browser: value["browser"].as_str().map(str::to_owned),
        method: text(&value["method"]),
        path: text(&value["path"]),
        https: value["https"] == true,
        headers: fields(&value["headers"]).unwrap_or_default(),
        form: fields(&value["form"]),
        multipart: fields(&value["multipart"]),
        json: value["json"].clone(),
        keep_token_as: value["keep_token_as"].as_str().map(str::to_owned),
        status: response["status"].as_u64().unwrap(),
        body: response["body"].as_str().unwrap_or_default().to_owned(),
        set_cookies: set_cookies.collect(),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The pairs of an object; a list as value stands for a repeated field.
fn fields(value: &Value) -> Option<Vec<(String, String)>> {
    let pairs = value.as_object()?.iter().flat_map(|(name, value)| {
        let values = value
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![value.clone()]);
        values.into_iter().map(|value| (name.clone(), text(&value)))
    });
    Some(pairs.collect())
}

impl Step {
    /// The path without its query.
    pub(crate) fn route(&self) -> &str {
        self.path.split('?').next().unwrap()
    }

    pub(crate) fn is_safe(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone())
    }

    /// The session cookie that the answer set.
    pub(crate) fn cookie_set(&self) -> Option<&str> {
        self.set_cookies.iter().find_map(|cookie| {
            let value = cookie.strip_prefix("session=")?;
            value.split(';').next()
        })
    }

    /// What a `FlaskForm` inside the view said about the form.
    pub(crate) fn form_was_valid(&self) -> Option<bool> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        body["valid"].as_bool()
    }
}
