//! A route, as far as it is known without the handlers: what the log calls it, whom its requests are charged to.

use account::Throttled;
use http::{HeaderMap, Method};
use jwt::Authentication;

/// Where programs ask.
pub(crate) const API: &str = "/api/";

/// A route.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is declared by itself")]
pub struct Route {
    /// As it was declared: `/api/v1/users/{id}`.
    pub(crate) template: &'static str,
    /// Whether the template has parameters.
    has_parameters: bool,
    /// The methods that it has; `HEAD` goes with `GET`.
    methods: &'static [&'static str],
    /// Whose limits count.
    pub(crate) charged: Charged,
    /// What it has a password checked for, if it does for somebody who is signed in.
    pub(crate) hashes: Option<Throttled>,
    /// Whether it stands behind the layer of `csrf`.
    pub(crate) has_form: bool,
    /// Whether a `POST` signs in with a password.
    pub(crate) signs_in: bool,
    /// Whether the token that says whom to charge may stand in the body.
    pub(crate) reads_token_from_body: bool,
    /// Whether scripts of other origins may read it, though no program asks there.
    pub(crate) is_shared: bool,
    /// Whether reading it is an event.
    pub(crate) is_noted: bool,
}

/// Whom a request is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charged {
    /// It is exempt.
    Nobody,
    /// Its client, whoever that is signed in as.
    Client,
    /// The user of a valid token, else the client.
    UserElseClient,
    /// Its client, who may look at pages more often than change something by them.
    Page,
    /// Its client for looking at it; for what is done there the user whose cookie it has, else the client.
    PageOfAccount,
}

impl Route {
    /// The route at `template`, with these methods.
    pub(crate) const fn new(
        template: &'static str,
        methods: &'static [&'static str],
        charged: Charged,
    ) -> Self {
        Self {
            template,
            has_parameters: has_parameters(template),
            methods,
            charged,
            hashes: None,
            has_form: false,
            signs_in: false,
            reads_token_from_body: false,
            is_shared: false,
            is_noted: false,
        }
    }

    /// The methods that it has, but for `HEAD`.
    pub(crate) const fn methods(&self) -> &'static [&'static str] {
        self.methods
    }

    /// What it says to `OPTIONS` (RFC 9110 §9.3.7).
    pub(crate) fn allow(&self) -> String {
        let head = if self.methods.contains(&"GET") {
            "HEAD, "
        } else {
            ""
        };
        format!("{}, {head}OPTIONS", self.methods.join(", "))
    }

    /// Whether it answers `method`.
    pub(crate) fn has(&self, method: &Method) -> bool {
        let method = match *method {
            Method::HEAD => "GET",
            _ => method.as_str(),
        };
        self.methods.contains(&method)
    }

    /// Whether an event may come of `method`, which says where the request came from, and which one it was.
    pub(crate) fn notes(&self, method: &Method) -> bool {
        self.is_noted || !method.is_safe()
    }

    /// Whether `method` sends it a form of a page, which the layer of `csrf` judges.
    pub(crate) fn takes_form(&self, method: &Method) -> bool {
        self.has_form && !method.is_safe()
    }

    /// Whether it refuses a `POST` of the API for what its head lacks: JSON, or, where a token says who asks, a token too
    /// (it may stand in the JSON). That is all that pages of other sites can have a browser send: for anything else it
    /// asks first (CORS preflight).
    pub(crate) fn refuses_unread(
        &self,
        method: &Method,
        headers: &HeaderMap,
        authentication: &Authentication,
    ) -> bool {
        let lacks_token = match self.charged {
            Charged::Client => true, // it looks at none
            Charged::UserElseClient => authentication.is_missing(),
            Charged::Nobody | Charged::Page | Charged::PageOfAccount => return false,
        };
        *method == Method::POST && lacks_token && !problem::sends_json(headers)
    }

    /// Whether a client may get back what it was charged for `method`.
    pub(crate) fn gives_back(&self, method: &Method) -> bool {
        self.reads_token_from_body || self.signs_in(method)
    }

    /// Whether `method` signs in with a password.
    pub(crate) fn signs_in(&self, method: &Method) -> bool {
        self.signs_in && *method == Method::POST
    }

    /// Whether `path` belongs to it.
    pub(crate) fn fits(&self, path: &str) -> bool {
        if !self.has_parameters {
            return self.template == path;
        }
        let (mut declared, mut asked) = (self.template.split('/'), path.split('/'));
        loop {
            match (declared.next(), asked.next()) {
                (None, None) => return true,
                (Some(declared), Some(asked))
                    if declared == asked || (declared.starts_with('{') && !asked.is_empty()) => {}
                _ => return false,
            }
        }
    }
}

const fn has_parameters(template: &str) -> bool {
    let (bytes, mut place) = (template.as_bytes(), 0);
    while place < bytes.len() {
        if bytes[place] == b'{' {
            return true;
        }
        place += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_stands_for_one_segment_that_is_not_empty() {
        let users = Route::new("/api/v1/users/{id}", &["GET"], Charged::UserElseClient);
        let end = Route::new("/account/sessions/{id}/end", &["POST"], Charged::Page);
        assert!(users.fits("/api/v1/users/0190-secret"));
        assert!(end.fits("/account/sessions/0190-secret/end"));
        for other in ["/api/v1/users/a/b", "/api/v1/users/", "/api/v1/users", ""] {
            assert!(!users.fits(other), "{other}");
        }
    }

    #[test]
    fn a_head_goes_with_a_get() {
        let me = Route::new("/api/v1/me", &["GET"], Charged::UserElseClient);
        assert!(me.has(&Method::GET) && me.has(&Method::HEAD));
        assert!(!me.has(&Method::POST) && !me.has(&Method::OPTIONS));
    }
}
