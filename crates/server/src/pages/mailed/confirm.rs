//! `GET` and `POST /confirm`: an address, a change of it, or a sign-up, by a link or by a code.

use account::{Accounts, Confirm, ConfirmError, ConfirmWith, Confirmable, Confirmer, Confirming};
use axum::extract::State;
use axum::response::Response;
use csrf::CsrfToken;
use http::{StatusCode, Uri};
use model::EmailAddress;
use secret::Secret;

use super::asking::Asking;
use super::{EMAIL, TOKEN};
use crate::api::fields;
use crate::code::Code;
use crate::error::ApiError;
use crate::limits::TakenBudget;
use crate::pages::form::{Field, Form};
use crate::pages::next::query_value;
use crate::pages::notice::Notice;
use crate::pages::visitor::Visitor;
use crate::pages::words::Words;

static CODE: Field = Field {
    id: "code",
    name: "code",
    label: "field-code",
    kind: "text",
    autocomplete: "one-time-code",
    hint: "field-code-hint",
    missing: "field-code-missing",
};

static PASSWORD: Field = Field {
    id: "password",
    name: "password",
    label: "field-account-password",
    kind: "password",
    autocomplete: "current-password",
    hint: "field-account-password-hint",
    missing: "field-account-password-missing",
};

static USERNAME: Field = Field {
    id: "username",
    name: "username",
    label: "field-other-username",
    kind: "text",
    autocomplete: "username",
    hint: "",
    missing: "field-username-missing",
};

/// What the form asks for.
struct Wanted<'a> {
    /// What it confirms, and what the link carried; nothing where a code is typed.
    link: Option<(Confirmable, &'a Secret<String>)>,
    password: bool,
    username: bool,
}

/// Says what the link confirms, or asks for a code.
pub(crate) async fn show(
    State(accounts): State<Accounts>,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    uri: Uri,
) -> Result<Response, ApiError> {
    let form = Form::empty_in(&words);
    let link = query_value(&uri, TOKEN).map(Secret::new);
    let mut wanted = Wanted {
        link: None,
        password: false,
        username: false,
    };
    if let Some(link) = &link {
        let confirmer = confirmer(&visitor);
        let found = accounts.what_is_confirmed_by(link.expose(), &confirmer);
        let Some(Confirming {
            what,
            needs_password,
        }) = found.await?
        else {
            return invalid_link(&words);
        };
        wanted.link = Some((what, link));
        wanted.password = needs_password;
    }
    wanted.page(&visitor, &words, csrf, &form)
}

/// Confirms it. Nobody is signed in.
pub(crate) async fn submit(
    taken: TakenBudget,
    visitor: Visitor,
    words: Words,
    csrf: CsrfToken,
    mut form: Form,
) -> Result<Response, ApiError> {
    let (password, username) = (form.has(&PASSWORD), form.has(&USERNAME));
    let link = form.hidden(TOKEN);
    let by = match &link {
        Some(link) => Some(Confirm::Link(link.clone())),
        None => code(&mut form),
    };
    let with = ConfirmWith {
        confirmer: confirmer(&visitor),
        password: password
            .then(|| form.password(&PASSWORD, fields::typed_password))
            .flatten(),
        username: username
            .then(|| form.read(&USERNAME, fields::username))
            .flatten(),
    };
    form.done()?;
    let link = match &link {
        None => None,
        Some(link) => match Confirmable::of_link(link.expose()) {
            Some(what) => Some((what, link)),
            None => return invalid_link(&words),
        },
    };
    let mut wanted = Wanted {
        link,
        password,
        username,
    };
    if let Some(by) = by.filter(|_| form.status().is_success()) {
        match taken.confirm(by, with).await? {
            Ok(what) => return confirmed(what, &visitor, &words),
            Err(error) => {
                if let Some(page) = wanted.refuse(error, &mut form, &words)? {
                    return Ok(page);
                }
            }
        }
    }
    wanted.page(&visitor, &words, csrf, &form)
}

/// Who confirms, as far as their browser tells.
fn confirmer(visitor: &Visitor) -> Confirmer {
    Confirmer {
        browser: visitor.sign_up().cloned(),
        actor: visitor.browser().map(|browser| browser.actor.clone()),
    }
}

/// An address and the code that was mailed there.
fn code(form: &mut Form) -> Option<Confirm> {
    let address = form.read(&EMAIL, fields::email);
    let code = form.read(&CODE, fields::typed_password);
    Some(Confirm::Code {
        address: address?,
        code: code?,
    })
}

impl Wanted<'_> {
    /// Says what is wrong in the form, and asks for what it takes besides; or gives the page for what no form mends.
    fn refuse(
        &mut self,
        error: ConfirmError,
        form: &mut Form,
        words: &Words,
    ) -> Result<Option<Response>, ApiError> {
        match error {
            ConfirmError::InvalidLink if self.link.is_some() => {
                return invalid_link(words).map(Some);
            }
            ConfirmError::InvalidLink => {
                form.fault(&CODE, Code::InvalidLink, words.say("field-code-wrong"));
            }
            ConfirmError::PasswordNeeded => {
                self.password = true;
                let message = words.say("field-account-password-missing");
                form.fault(&PASSWORD, Code::ValidationFailed, message);
            }
            ConfirmError::WrongPassword => {
                let message = words.say("field-account-password-wrong");
                form.fault(&PASSWORD, Code::InvalidCredentials, message);
            }
            ConfirmError::TooManyAttempts { retry_after } => {
                let field = match self.link {
                    _ if self.password => &PASSWORD,
                    None => &CODE,
                    Some(_) => return Notice::too_many(words, retry_after).map(Some),
                };
                form.refuse_guess(field, retry_after);
            }
            ConfirmError::UsernameTaken => {
                (self.username, self.password) = (true, true);
                let message = words.say("field-other-username-taken");
                form.fault(&USERNAME, Code::UsernameTaken, message);
            }
            ConfirmError::UsernameLikePassword => {
                let message = words.say("field-other-username-like-password");
                form.fault(&USERNAME, Code::ValidationFailed, message);
            }
            error @ (ConfirmError::RegistrationClosed
            | ConfirmError::Busy(_)
            | ConfirmError::Hashing(_)
            | ConfirmError::Storage(_)) => return Err(error.into()),
        }
        Ok(None)
    }

    fn page(
        self,
        visitor: &Visitor,
        words: &Words,
        csrf: CsrfToken,
        form: &Form,
    ) -> Result<Response, ApiError> {
        let (title, text, action) = match self.link {
            None => (
                "confirm-code-title",
                "confirm-code-text",
                "confirm-code-action",
            ),
            Some((Confirmable::Address, _)) => (
                "confirm-address-title",
                "confirm-address-text",
                "confirm-address-action",
            ),
            Some((Confirmable::NewAddress, _)) => (
                "confirm-new-address-title",
                "confirm-new-address-text",
                "confirm-new-address-action",
            ),
            Some((Confirmable::SignUp, _)) => (
                "confirm-sign-up-title",
                "confirm-sign-up-text",
                "confirm-sign-up-action",
            ),
        };
        let by_code = self.link.is_none();
        let asked = [
            (by_code, &EMAIL),
            (by_code, &CODE),
            (self.username, &USERNAME),
            (self.password, &PASSWORD),
        ];
        let asked = asked.into_iter().filter(|(is_asked, _)| *is_asked);
        let asking = Asking {
            path: "/confirm",
            title,
            text,
            action,
            link: self.link.map(|(_, link)| link),
            fields: asked.map(|(_, field)| form.shown(field)).collect(),
            aside: by_code.then_some(("/confirm/resend", "confirm-code-aside")),
        };
        asking.page(visitor, words, csrf, form)
    }
}

/// A mail may be on its way: the code in it is asked for. Its texts are keys.
pub(in crate::pages) struct Sent {
    text: &'static str,
    /// Another page, and what the link to it says.
    aside: (&'static str, &'static str),
}

impl Sent {
    /// To whoever has signed up.
    pub(in crate::pages) const SIGN_UP: Self = Self {
        text: "sign-up-sent-text",
        aside: ("/confirm/resend", "confirm-code-aside"),
    };

    /// Once more.
    pub(in crate::pages) const AGAIN: Self = Self {
        text: "resend-sent-text",
        aside: ("/login", "page-back-to-sign-in"),
    };

    /// The page, for somebody who wants the mail at `address`.
    pub(in crate::pages) fn page(
        &self,
        address: &EmailAddress,
        visitor: &Visitor,
        words: &Words,
        csrf: CsrfToken,
    ) -> Result<Response, ApiError> {
        let form = Form::empty_in(words).prefill(&EMAIL, address.as_str());
        let asking = Asking {
            path: "/confirm",
            title: "check-mail-title",
            text: self.text,
            action: "confirm-code-action",
            link: None,
            fields: vec![form.shown(&EMAIL), form.shown(&CODE)],
            aside: Some(self.aside),
        };
        asking.page_as(StatusCode::ACCEPTED, visitor, words, csrf, &form)
    }
}

fn confirmed(what: Confirmable, visitor: &Visitor, words: &Words) -> Result<Response, ApiError> {
    let (title, text) = match what {
        Confirmable::Address => ("confirmed-address-title", "confirmed-address-text"),
        Confirmable::NewAddress => ("confirmed-new-address-title", "confirmed-new-address-text"),
        Confirmable::SignUp => ("confirmed-sign-up-title", "confirmed-sign-up-text"),
    };
    let notice = Notice {
        title,
        text: words.say(text),
        way_on: match visitor.browser() {
            Some(_) => ("/account", "page-to-account"),
            None => ("/login", "page-sign-in"),
        },
    };
    let page = notice.done(words)?;
    Ok(match what {
        Confirmable::SignUp => visitor.signed_up(page),
        Confirmable::Address | Confirmable::NewAddress => page,
    })
}

fn invalid_link(words: &Words) -> Result<Response, ApiError> {
    let notice = Notice {
        title: "link-invalid-title",
        text: words.say("confirm-invalid-text"),
        way_on: ("/login", "page-to-sign-in"),
    };
    notice.refused(words, Code::InvalidLink)
}
