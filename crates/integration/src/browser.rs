//! A browser without scripts: it keeps cookies, and sends forms as browsers do.

use std::collections::BTreeMap;

use reqwest::Method;

use crate::{Answer, PASSWORD, Request, TestApp};

/// What a browser says that it accepts.
pub const ACCEPT: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// A browser of its own, with nothing in it.
pub struct Browser<'a> {
    app: &'a TestApp,
    origin: String,
    https: bool,
    /// Its cookies, by their names.
    pub cookies: BTreeMap<String, String>,
    /// The form token of the page that it shows.
    pub token: String,
}

impl TestApp {
    /// A browser that reaches the application at its address.
    pub fn browser(&self) -> Browser<'_> {
        self.browser_at(&format!("http://{}", self.address()))
    }

    /// A browser for which the application is at `origin`.
    pub fn browser_at(&self, origin: &str) -> Browser<'_> {
        Browser {
            app: self,
            origin: origin.to_owned(),
            https: origin.starts_with("https://"),
            cookies: BTreeMap::new(),
            token: String::new(),
        }
    }

    /// A browser in which `name`, who has an account, is signed in.
    pub async fn browser_of(&self, name: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.open("/login").await.assert_page(200);
        let fields = [("username", name), ("password", PASSWORD)];
        browser
            .submit("/login", &fields)
            .await
            .assert_goes_to("/account");
        browser.open("/account").await.assert_page(200);
        browser
    }
}

impl Browser<'_> {
    /// The name of the cookie that leads to the session.
    pub fn session_cookie(&self) -> &'static str {
        if self.https {
            "__Host-portcullis"
        } else {
            "portcullis"
        }
    }

    /// Its session cookie, with the name.
    pub fn session(&self) -> Option<String> {
        self.cookie(self.session_cookie())
    }

    /// The cookie of this name, with the name.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let value = self.cookies.get(name)?;
        Some(format!("{name}={value}"))
    }

    /// Opens a page. Redirects are not followed.
    pub async fn open(&mut self, path: &str) -> Answer {
        let request = self
            .request(Method::GET, path)
            .header("sec-fetch-site", "none");
        self.send(request).await
    }

    /// Sends a form of the page that it shows.
    pub async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self
            .form(path, fields)
            .header("origin", &self.origin)
            .header("sec-fetch-site", "same-origin");
        self.send(request).await
    }

    /// A form of the page that it shows, without a word of where it comes from.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Request {
        let mut all = vec![("csrf_token", self.token.as_str())];
        all.extend_from_slice(fields);
        self.request(Method::POST, path)
            .body("application/x-www-form-urlencoded", encoded(&all))
    }

    /// A request with its cookies.
    pub fn request(&self, method: Method, path: &str) -> Request {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = self.app.request(method, path).header("accept", ACCEPT);
        if cookies.is_empty() {
            request
        } else {
            request.header("cookie", &cookies.join("; "))
        }
    }

    /// Sends a request, and takes cookies and form token from the answer.
    pub async fn send(&mut self, request: Request) -> Answer {
        let answer = if self.https {
            self.app.over_https(request).await
        } else {
            request.send().await
        };
        for header in answer.headers.get_all("set-cookie") {
            let header = header.to_str().expect("cookies are ASCII");
            let (cookie, attributes) = header.split_once(';').expect("it has attributes");
            let (name, value) = cookie.split_once('=').expect("it has a name");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        if let Some(token) = answer.form_token() {
            self.token = token;
        }
        answer
    }
}

/// Fields as browsers encode them (URL Standard §5).
pub fn encoded(fields: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<_> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    pairs.join("&").into_bytes()
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl Answer {
    /// It is a page with this status, and with everything that a page must have; gives its text.
    #[track_caller]
    pub fn assert_page(&self, status: u16) -> String {
        let text = self.text();
        assert_eq!(self.status.as_u16(), status, "{text}");
        assert_eq!(
            self.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{text}"
        );
        for (part, times) in [
            ("<html lang=\"en\">", 1),
            ("<title>", 1),
            ("<h1", 1),
            ("<header>", 1),
            ("<main ", 1),
            ("<footer>", 1),
            ("<script src=\"/static/pages.js?", 1),
            ("<script", 1),
            ("style=", 0),
            (" onclick", 0),
        ] {
            assert_eq!(text.matches(part).count(), times, "{part} in {text}");
        }
        let policy = self.header("content-security-policy").unwrap_or_default();
        let nonce = between(&text, "nonce=\"", "\"").expect("the stylesheet has a nonce");
        assert!(
            policy.contains(&format!("style-src 'nonce-{nonce}'")),
            "{policy}"
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let is_error = status >= 400;
        assert_eq!(text.contains("<title>Error: "), is_error, "{text}");
        text
    }

    /// It is a page that shows a failure, with the id by which it is found in the log.
    #[track_caller]
    pub fn assert_error_page(&self, status: u16, heading: &str) -> String {
        let text = self.assert_page(status);
        let id = self.header("x-request-id").expect("every answer has an id");
        assert!(text.contains(&format!("<code>{id}</code>")), "{text}");
        assert!(text.contains(&format!("<h1>{heading}</h1>")), "{text}");
        text
    }

    /// It is a page that shows a form again, and says of the field `id` that it is wrong; gives the
    /// sentence.
    #[track_caller]
    pub fn assert_fault(&self, status: u16, id: &str) -> String {
        let text = self.assert_page(status);
        assert!(text.contains("role=\"alert\""), "{text}");
        assert!(text.contains(&format!("<a href=\"#{id}\">")), "{text}");
        let field = between(&text, &format!("<input id=\"{id}\""), ">");
        let field = field.unwrap_or_else(|| panic!("no field {id} in {text}"));
        assert!(field.contains("aria-invalid=\"true\""), "{field}");
        assert!(
            field.contains(&format!("aria-describedby=\"{id}-error")),
            "{field}"
        );
        let fault = between(&text, &format!("id=\"{id}-error\">"), "</p>").expect("the sentence");
        fault.replace("<span class=\"hidden\">Error: </span>", "")
    }

    /// It is a page that shows a form again, and says once what is wrong with it as a whole; no field is
    /// marked. Gives the sentence.
    #[track_caller]
    pub fn assert_refused(&self, status: u16) -> String {
        let text = self.assert_page(status);
        let summary = between(&text, "role=\"alert\"", "</ul>").expect("a summary");
        let fault = between(&summary, "<li>", "</li>").expect("what is wrong");
        let fault = between(&fault, "\">", "</a>").expect("the sentence");
        assert_eq!(text.matches(&fault).count(), 1, "{text}");
        for mark in ["aria-invalid", "aria-describedby", "class=\"fault\""] {
            assert!(!text.contains(mark), "{mark} in {text}");
        }
        fault
    }

    /// It sends the browser to `path`.
    #[track_caller]
    pub fn assert_goes_to(&self, path: &str) -> &Self {
        assert_eq!(self.status.as_u16(), 303, "{}", self.text());
        assert_eq!(self.header("location"), Some(path));
        self
    }

    /// The form token of the page.
    pub fn form_token(&self) -> Option<String> {
        between(&self.text(), "name=\"csrf_token\" value=\"", "\"")
    }

    /// The header that sets the cookie `name`.
    pub fn set_cookie(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.get_all("set-cookie").iter();
        headers.find_map(|header| {
            let header = header.to_str().ok()?;
            header
                .strip_prefix(name)?
                .starts_with('=')
                .then_some(header)
        })
    }
}

/// What stands in `text` between the first `start` and the next `end`.
pub fn between(text: &str, start: &str, end: &str) -> Option<String> {
    let (_, rest) = text.split_once(start)?;
    let (found, _) = rest.split_once(end)?;
    Some(found.to_owned())
}
