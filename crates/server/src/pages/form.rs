//! Forms: what was typed, what is wrong with it, and how both are shown.

use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::response::Response;
use problem::{Fault, Faults, Input, Object, Rejection, ValidForm, Value};
use secret::Secret;

use super::next::Next;
use super::words::Words;
use crate::app::App;
use crate::code::Code;
use crate::error::ApiError;
use http::StatusCode;
use http::header::RETRY_AFTER;

/// A field, as it is declared. What it says is by the keys of texts.
pub(super) struct Field {
    /// Its place on the page; the same as `name` unless the page has several forms.
    pub(super) id: &'static str,
    /// Its name in the form.
    pub(super) name: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    /// `text`, `email` or `password`.
    pub(super) kind: &'static str,
    /// What a password manager fills in.
    pub(super) autocomplete: &'static str,
    /// What it takes, if that needs saying.
    pub(super) hint: &'static str,
    /// What is said when it is empty.
    pub(super) missing: &'static str,
}

/// A field, as it is shown.
pub(super) struct Shown {
    pub(super) field: &'static Field,
    /// What it is called.
    pub(super) label: String,
    /// What it takes, if that needs saying.
    pub(super) hint: String,
    /// What was typed; never a password.
    pub(super) value: String,
    /// What is wrong with it: one sentence or more.
    pub(super) faults: Vec<String>,
}

/// A form as it was sent, which says in the language of whoever sent it what is wrong with it.
pub(crate) struct Form {
    object: Object,
    typed: Vec<(&'static str, String)>,
    /// What is wrong with it as a whole, and with no field alone.
    faults_of_all: Vec<(&'static str, String)>,
    faults: Vec<(&'static str, String)>,
    /// What the log calls the last of these.
    code: Option<Code>,
    /// When it may be sent again.
    retry_after: Option<Duration>,
    words: Words,
}

impl Form {
    /// A form that nobody has filled in, in these words.
    pub(super) fn empty_in(words: &Words) -> Self {
        Self::of(Object::new(), words.clone())
    }

    const fn of(object: Object, words: Words) -> Self {
        Self {
            object,
            typed: Vec::new(),
            faults_of_all: Vec::new(),
            faults: Vec::new(),
            code: None,
            retry_after: None,
            words,
        }
    }

    /// Puts a text into a field beforehand.
    pub(super) fn prefill(mut self, field: &'static Field, text: &str) -> Self {
        self.typed.push((field.id, text.to_owned()));
        self
    }

    /// Takes the text of a field, which is shown again.
    pub(super) fn text(&mut self, field: &'static Field) -> String {
        let text = self.take(field.name).expose().clone();
        self.typed.push((field.id, text.clone()));
        text
    }

    /// Reads a field; what was typed is shown again.
    pub(super) fn read<T>(
        &mut self,
        field: &'static Field,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.text(field);
        self.parse(field, &text, parse)
    }

    /// Reads a password; it is never shown again.
    pub(super) fn password<T>(
        &mut self,
        field: &'static Field,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        let text = self.take(field.name);
        self.parse(field, text.expose(), parse)
    }

    /// Reads what nobody types, such as the token of a link. It is never shown but where it came from.
    pub(super) fn hidden(&mut self, name: &str) -> Option<Secret<String>> {
        let text = self.take(name);
        (!text.expose().is_empty()).then_some(text)
    }

    /// Whether a field was sent and not read yet.
    pub(super) fn has(&self, field: &'static Field) -> bool {
        self.object.names().any(|name| name == field.name)
    }

    /// Reads a text that was taken before.
    pub(super) fn parse<T>(
        &mut self,
        field: &'static Field,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Fault>,
    ) -> Option<T> {
        if text.is_empty() {
            self.fault(field, Code::ValidationFailed, self.said(field.missing));
            return None;
        }
        match parse(text) {
            Ok(value) => Some(value),
            Err(fault) => {
                let message = self.words.fault(&fault);
                self.fault(field, Code::ValidationFailed, message);
                None
            }
        }
    }

    /// The page that the form names to go on to.
    pub(super) fn next(&mut self) -> Option<Next> {
        Next::named(self.take("next").expose())
    }

    /// Every field was taken.
    ///
    /// # Errors
    /// When there are others: no form of ours has them.
    pub(super) fn done(&mut self) -> Result<(), ApiError> {
        self.take("csrf_token"); // the layer has checked it
        let mut unknown = Faults::new();
        unknown.push_unknown(&self.object);
        unknown.or(()).map_err(|_| {
            Rejection::MalformedRequest("The form has a field that doesn't belong to it.").into()
        })
    }

    /// Says what is wrong with a field.
    pub(super) fn fault(&mut self, field: &'static Field, code: Code, message: impl Into<String>) {
        self.code = Some(code);
        self.faults.push((field.id, message.into()));
    }

    /// Says what is wrong with a field, in the words of `code`.
    pub(super) fn refuse(&mut self, field: &'static Field, code: Code) {
        self.fault(field, code, self.words.code(code));
    }

    /// Says that too many guesses went before this one.
    pub(super) fn refuse_guess(&mut self, field: &'static Field, retry_after: Duration) {
        let message = self.words.too_many_attempts(retry_after);
        self.fault(field, Code::TooManyAttempts, message);
        self.wait(retry_after);
    }

    /// Says in the words of `code` what is wrong with the form as a whole, and with no field alone, such as that the name
    /// and the password don't go together.
    pub(super) fn refuse_all(&mut self, first: &'static Field, code: Code) {
        self.fault_of_all(first, code, self.words.code(code));
    }

    /// Says that too many guesses at this name went before.
    pub(super) fn refuse_guess_at_name(&mut self, first: &'static Field, retry_after: Duration) {
        let message = self.words.too_many_attempts(retry_after);
        self.fault_of_all(first, Code::TooManyAttempts, message);
        self.wait(retry_after);
    }

    /// Says what is wrong with the form as a whole, which begins with the field `first`.
    pub(super) fn fault_of_all(
        &mut self,
        first: &'static Field,
        code: Code,
        message: impl Into<String>,
    ) {
        self.code = Some(code);
        self.faults_of_all.push((first.id, message.into()));
    }

    fn wait(&mut self, retry_after: Duration) {
        // Rounded up: an attempt before is refused.
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        self.retry_after = Some(Duration::from_secs(seconds.max(1)));
    }

    /// The page that shows it, with the headers that go with what is wrong, and its code for the log.
    pub(super) fn on(&self, mut page: Response) -> Response {
        if let Some(code) = self.code {
            page.extensions_mut().insert(code);
        }
        if let Some(wait) = self.retry_after {
            let headers = page.headers_mut();
            headers.insert(RETRY_AFTER, wait.as_secs().into());
        }
        page
    }

    /// Says what is wrong with a new password.
    pub(super) fn refuse_password(&mut self, field: &'static Field, faults: &[password::Fault]) {
        for fault in faults {
            let message = self.words.password_fault(fault);
            self.fault(field, Code::ValidationFailed, message);
        }
    }

    /// The status of the page that shows it: 200 when nothing is wrong. A wrong password is 403 on a
    /// page: 401 would owe a challenge (RFC 9110 §15.5.2), and no browser could answer one by a form.
    pub(super) fn status(&self) -> StatusCode {
        match self.code.map(Code::status) {
            None => StatusCode::OK,
            Some(StatusCode::UNAUTHORIZED) => StatusCode::FORBIDDEN,
            Some(status) => status,
        }
    }

    /// What is wrong, each with the place where it can be mended.
    pub(super) fn summary(&self) -> Vec<(&'static str, String)> {
        [&*self.faults_of_all, &*self.faults].concat()
    }

    /// A field, as it is shown.
    pub(super) fn shown(&self, field: &'static Field) -> Shown {
        let of = |list: &[(&'static str, String)]| -> Vec<String> {
            let theirs = list.iter().filter(|(id, _)| *id == field.id);
            theirs.map(|(_, text)| text.clone()).collect()
        };
        Shown {
            field,
            label: self.said(field.label),
            hint: self.said(field.hint),
            value: of(&self.typed).pop().unwrap_or_default(),
            faults: of(&self.faults),
        }
    }

    /// The field of a new password, as it is shown: how long it must be depends on a setting.
    pub(super) fn shown_new_password(&self, field: &'static Field, min_chars: usize) -> Shown {
        Shown {
            hint: self.words.new_password_hint(min_chars),
            ..self.shown(field)
        }
    }

    /// The text with this key, in the words of whoever sent it.
    pub(super) fn say(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// What a field says.
    fn said(&self, key: &'static str) -> String {
        match key {
            "" => String::new(),
            key => self.words.say(key),
        }
    }

    /// The text of a field; an empty one when it wasn't sent.
    fn take(&mut self, name: &str) -> Secret<String> {
        match self.object.take(name) {
            Some(Value::Plain(text)) => text,
            _ => Secret::default(),
        }
    }
}

impl Shown {
    /// What describes it to those who can't see the page.
    pub(super) fn described_by(&self) -> String {
        let id = self.field.id;
        match (self.hint.is_empty(), self.faults.is_empty()) {
            (true, true) => String::new(),
            (false, true) => format!("{id}-hint"),
            (true, false) => format!("{id}-error"),
            (false, false) => format!("{id}-error {id}-hint"),
        }
    }
}

/// What was typed, before it is known in which words anything is said about it.
struct Typed(Object);

impl Input for Typed {
    fn from_object(object: Object) -> Result<Self, Faults> {
        Ok(Self(object))
    }
}

impl FromRequest<App> for Form {
    type Rejection = Rejection;

    async fn from_request(request: Request, app: &App) -> Result<Self, Rejection> {
        let (mut parts, body) = request.into_parts();
        let words = Words::from_request_parts(&mut parts, app).await;
        let words = words.unwrap_or_else(|never| match never {});
        let request = Request::from_parts(parts, body);
        let ValidForm(Typed(object)) = ValidForm::from_request(request, app).await?;
        Ok(Self::of(object, words))
    }
}
