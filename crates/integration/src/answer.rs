//! An answer, and what a test demands of it.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.expect("the body arrives").to_vec();
        Self {
            status,
            headers,
            body,
        }
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// It has this status; gives the body.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// It is 200; gives the body as JSON.
    #[track_caller]
    pub fn assert_ok(&self) -> Value {
        self.assert_status(200).json()
    }

    /// It is a problem with this status and code, and with everything that a problem must have.
    #[track_caller]
    pub fn assert_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.text()
        );
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        assert!(
            problem["type"]
                .as_str()
                .is_some_and(|url| url.ends_with(&format!("#{code}"))),
            "{problem}"
        );
        for member in ["title", "message", "request_id"] {
            assert!(
                problem[member]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{member}: {problem}"
            );
        }
        assert_eq!(
            problem["request_id"].as_str(),
            self.header("x-request-id"),
            "{problem}"
        );
        if status >= 500 {
            let message = match status {
                503 => "Temporarily unavailable. Try again shortly.",
                _ => "An error occurred.",
            };
            assert_eq!(problem["message"], message, "{problem}");
        }
        if status == 401 {
            let challenge = self.header("www-authenticate").unwrap_or_default();
            assert!(challenge.starts_with("Bearer"), "RFC 6750 §3: {challenge}");
        }
        problem
    }

    /// It has every security header, as it came over https or not, and an id.
    #[track_caller]
    pub fn assert_guarded(&self, https: bool) {
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(self.header(name), Some(value), "{name}: {self:?}");
        }
        let csp = self.header("content-security-policy").unwrap_or_default();
        assert!(csp.starts_with("default-src 'none'"), "{csp}: {self:?}");
        for name in ["permissions-policy", "cache-control", "x-request-id"] {
            assert!(self.header(name).is_some(), "{name}: {self:?}");
        }
        assert_eq!(self.header("server"), None);
        // Over plain http it would be of no worth (RFC 6797 §7.2).
        let hsts = https.then_some("max-age=31556926; includeSubDomains");
        assert_eq!(self.header("strict-transport-security"), hsts, "{self:?}");
    }

    /// It is 422, with exactly these faults: pointer and code.
    #[track_caller]
    pub fn assert_faults(&self, expected: &[(&str, &str)]) {
        let problem = self.assert_problem(422, "validation_failed");
        let mut found: Vec<(String, String)> = problem["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|fault| {
                assert!(
                    fault["message"]
                        .as_str()
                        .is_some_and(|text| !text.is_empty()),
                    "{fault}"
                );
                let text = |member: &str| fault[member].as_str().unwrap_or_default().to_owned();
                let documented = format!("| `{}` |", text("code"));
                let page = include_str!("../../../docs/errors.md");
                assert!(
                    page.contains(&documented),
                    "{documented} is not in docs/errors.md"
                );
                (text("pointer"), text("code"))
            })
            .collect();
        let mut expected: Vec<(String, String)> = expected
            .iter()
            .map(|(pointer, code)| ((*pointer).into(), (*code).into()))
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{problem}");
    }
}
