//! What these pages look like: a heading, a text, and a form.

use askama::Template;
use axum::response::Response;
use csrf::CsrfToken;
use http::StatusCode;
use secret::Secret;

use crate::error::ApiError;
use crate::pages::form::{Form, Shown};
use crate::pages::render::{Frame, page_in};
use crate::pages::visitor::Visitor;
use crate::pages::words::Words;

/// A page that asks for something. Its texts are keys.
pub(super) struct Asking<'a> {
    /// Where the form is sent.
    pub(super) path: &'static str,
    pub(super) title: &'static str,
    pub(super) text: &'static str,
    /// What the button says.
    pub(super) action: &'static str,
    /// What a link carried that led here.
    pub(super) link: Option<&'a Secret<String>>,
    pub(super) fields: Vec<Shown>,
    /// Another page, and what the link to it says.
    pub(super) aside: Option<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "mailed.html")]
struct Page<'a> {
    frame: Frame,
    is_error: bool,
    title: String,
    text: String,
    path: &'static str,
    token: String,
    link: Option<&'a Secret<String>>,
    summary: Vec<(&'static str, String)>,
    fields: Vec<Shown>,
    action: String,
    aside: Option<(&'static str, String)>,
}

impl Asking<'_> {
    /// The page, with what is wrong with its form.
    pub(super) fn page(
        self,
        visitor: &Visitor,
        words: &Words,
        csrf: CsrfToken,
        form: &Form,
    ) -> Result<Response, ApiError> {
        let page = self.page_as(form.status(), visitor, words, csrf, form)?;
        Ok(form.on(page))
    }

    /// The page, as the answer to another one.
    pub(super) fn page_as(
        self,
        status: StatusCode,
        visitor: &Visitor,
        words: &Words,
        csrf: CsrfToken,
        form: &Form,
    ) -> Result<Response, ApiError> {
        let (token, before) = visitor.form_token(csrf)?;
        let page = page_in(words, status, |frame| Page {
            frame,
            is_error: !status.is_success(),
            title: words.say(self.title),
            text: words.say(self.text),
            path: self.path,
            token,
            link: self.link,
            summary: form.summary(),
            fields: self.fields,
            action: words.say(self.action),
            aside: self.aside.map(|(path, label)| (path, words.say(label))),
        })?;
        Ok(before.give(page))
    }
}
