//! The field of the second factor, on every page that asks for it.

use account::{FactorError, PresentedFactor};
use model::User;

use super::form::{Field, Form, Shown};
use crate::api::fields;
use crate::code::Code;
use crate::error::{ApiError, WRONG_FACTOR_CODE};

/// A code of the app, or a recovery code.
pub(super) static FACTOR: Field = Field {
    id: "factor",
    name: "factor",
    label: "field-factor",
    kind: "text",
    autocomplete: "one-time-code",
    hint: "field-factor-hint",
    missing: "field-factor-missing",
};

/// The field of a code that an app shows, and of nothing else.
pub(super) static APP_CODE: Field = Field {
    id: "code",
    name: "code",
    label: "field-factor",
    kind: "text",
    autocomplete: "one-time-code",
    hint: "field-app-code-hint",
    missing: "field-factor-missing",
};

impl Form {
    /// Reads the second factor. It is never shown again.
    pub(super) fn factor(&mut self) -> Option<PresentedFactor> {
        let typed = self.password(&FACTOR, fields::typed_password);
        typed.map(PresentedFactor::typed)
    }

    /// The same of a form that has the field only where the account has a second factor.
    pub(super) fn factor_if_asked(&mut self) -> Option<PresentedFactor> {
        if self.has(&FACTOR) {
            self.factor()
        } else {
            None
        }
    }

    /// Says that the second factor is missing: the account has one since the form was shown.
    pub(super) fn require_factor(&mut self) {
        self.refuse(&FACTOR, Code::FactorRequired);
    }

    /// The fields of somebody who proves once more who they are, as they are shown.
    pub(super) fn shown_with_factor(&self, password: &'static Field, user: &User) -> Vec<Shown> {
        let factor = user.second_factor.then(|| self.shown(&FACTOR));
        std::iter::once(self.shown(password))
            .chain(factor)
            .collect()
    }

    /// Says what is wrong with a code.
    pub(super) fn refuse_code(
        &mut self,
        field: &'static Field,
        error: FactorError,
    ) -> Result<(), ApiError> {
        match error {
            // It was removed in the meantime: the page that comes next knows.
            FactorError::WrongCode(_) | FactorError::None => {
                let wrong = self.say(WRONG_FACTOR_CODE);
                self.fault(field, Code::InvalidCredentials, wrong);
            }
            FactorError::TooManyAttempts { retry_after } => self.refuse_guess(field, retry_after),
            error @ (FactorError::Unreadable(_) | FactorError::Storage(_)) => {
                return Err(error.into());
            }
        }
        Ok(())
    }
}
