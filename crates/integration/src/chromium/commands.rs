//! What chromedriver understands beside the standard.

use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

/// A command to chromedriver.
#[derive(Debug)]
pub(super) enum Vendor {
    /// The Chrome DevTools Protocol: a method and its parameters.
    DevTools(&'static str, Value),
    /// What the console said since this was last asked.
    Console,
}

impl WebDriverCompatibleCommand for Vendor {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let command = match self {
            Self::DevTools(..) => "goog/cdp/execute",
            Self::Console => "se/log",
        };
        base_url.join(&format!(
            "session/{}/{command}",
            session_id.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = match self {
            Self::DevTools(method, params) => json!({"cmd": method, "params": params}),
            Self::Console => json!({"type": "browser"}),
        };
        (http::Method::POST, Some(body.to_string()))
    }
}
