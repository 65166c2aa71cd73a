//! Where every error becomes HTTP: each variant by name.

use std::sync::Arc;
use std::time::Duration;

use account::{
    AnswerError, AskForAddressError, AskForResetError, ChangePasswordError, ChangeProfileError,
    ConfirmError, DeleteError, EndSessionError, EnrolError, EnrolFirstError, FactorError,
    LoginError, MailOff, ManageFactorError, ProofError, QuotaError, ReauthenticateError,
    RefreshError, Refused, RegisterError, ResendError, ResetError, SignUpError, UndoAddressError,
};
use csrf::CsrfRejection;
use jwt::{AuthRejection, TokenError};
use password::{Busy, HashError};
use problem::{Fault, Faults};
use ratelimit::Unavailable;
use storage::UniqueField;

use super::{
    ApiError, Cause, ENROLMENT_NOT_BEGUN, NO_SECOND_FACTOR, NextStep, STORE_RETRY, UPGRADE_RETRY,
    WRONG_ACCOUNT_PASSWORD, WRONG_CURRENT_PASSWORD, WRONG_FACTOR_CODE,
};
use crate::code::Code;

/// After this a client may try again when an operator has to see to something first: to a list by which new passwords are
/// judged, to a key that opens a second factor.
const OPERATOR_RETRY: Duration = Duration::from_mins(1);

impl From<storage::Error> for ApiError {
    fn from(error: storage::Error) -> Self {
        let answer = match &error {
            storage::Error::Unavailable(_) | storage::Error::Busy | storage::Error::Full => {
                Self::unavailable(STORE_RETRY)
            }
            storage::Error::Unreadable { .. }
            | storage::Error::UnreadableAccount { .. }
            | storage::Error::Backend(_) => Self::new(Code::Internal),
        };
        Self {
            cause: Some(Cause(Arc::new(error))),
            ..answer
        }
    }
}

impl From<Unavailable> for ApiError {
    fn from(error: Unavailable) -> Self {
        Self {
            cause: Some(Cause(Arc::new(error))),
            ..Self::unavailable(STORE_RETRY)
        }
    }
}

impl From<Busy> for ApiError {
    fn from(busy: Busy) -> Self {
        Self::unavailable(busy.retry_after)
    }
}

impl From<HashError> for ApiError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy(busy) => busy.into(),
            HashError::Unjudged(_) => Self {
                cause: Some(Cause(Arc::new(error))),
                ..Self::unavailable(OPERATOR_RETRY)
            },
            HashError::TooLong | HashError::NoRandomness | HashError::NotHashed => {
                Self::internal(error)
            }
        }
    }
}

impl From<UniqueField> for ApiError {
    fn from(field: UniqueField) -> Self {
        Self::new(match field {
            UniqueField::Username => Code::UsernameTaken,
            UniqueField::Email => Code::EmailTaken,
        })
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Revoked => Self::new(Code::RevokedToken),
            Refused::NotFresh => Self::new(Code::InsufficientUserAuthentication),
            Refused::Storage(error) => error.into(),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Closed => Self::new(Code::RegistrationClosed),
            RegisterError::Password(faults) => Self::invalid(password_faults("password", &faults)),
            RegisterError::Taken(field) => field.into(),
            RegisterError::Busy(busy) => busy.into(),
            RegisterError::Hashing(error) => error.into(),
            RegisterError::Storage(error) => error.into(),
        }
    }
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Register(error) => error.into(),
            SignUpError::Session(error) => LoginError::from(error).into(),
        }
    }
}

impl From<LoginError> for ApiError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::InvalidCredentials => Self::new(Code::InvalidCredentials),
            LoginError::FactorRequired(required) => Self {
                next_step: Some(Arc::new(NextStep::Factor(required))),
                ..Self::new(Code::FactorRequired)
            },
            LoginError::EnrolmentRequired(required) => Self {
                next_step: Some(Arc::new(NextStep::Enrolment(required))),
                ..Self::new(Code::FactorEnrolmentRequired)
            },
            LoginError::Insufficient => Refused::NotFresh.into(),
            LoginError::EmailUnverified => Self::new(Code::EmailUnverified),
            LoginError::DeletionScheduled { due_at } => Self {
                deletion_due_at: Some(Box::new(due_at)),
                ..Self::new(Code::DeletionScheduled)
            },
            LoginError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            LoginError::Quota(QuotaError::Exhausted { retry_after }) => {
                Self::rate_limited(retry_after)
            }
            LoginError::Quota(QuotaError::Unavailable(cause)) => Self {
                cause: Some(Cause(cause)),
                ..Self::unavailable(STORE_RETRY)
            },
            LoginError::Busy(busy) => busy.into(),
            LoginError::Issue(error) => Self::internal(error),
            LoginError::Storage(error) => error.into(),
        }
    }
}

impl From<RefreshError> for ApiError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Revoked => Self::new(Code::RevokedToken),
            RefreshError::Issue(error) => Self::internal(error),
            RefreshError::Storage(error) => error.into(),
        }
    }
}

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::InvalidCredentials => Self {
                message: Some(WRONG_CURRENT_PASSWORD),
                ..Self::new(Code::InvalidCredentials)
            },
            ProofError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            ProofError::FactorRequired => Self::new(Code::FactorRequired),
            ProofError::Factor(error) => error.into(),
            ProofError::Busy(busy) => busy.into(),
            ProofError::Refused(refused) => refused.into(),
        }
    }
}

impl From<FactorError> for ApiError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::WrongCode(kind) => Self {
                message: Some(WRONG_FACTOR_CODE),
                wrong_factor: Some(kind),
                ..Self::new(Code::InvalidCredentials)
            },
            FactorError::None => Self::not_found(NO_SECOND_FACTOR),
            FactorError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            FactorError::Unreadable(error) => Self {
                cause: Some(Cause(Arc::new(error))),
                ..Self::unavailable(OPERATOR_RETRY)
            },
            FactorError::Storage(error) => error.into(),
        }
    }
}

impl From<AnswerError> for ApiError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::InvalidChallenge => Self::new(Code::InvalidChallenge),
            AnswerError::Factor(error) => error.into(),
            AnswerError::Login(error) => error.into(),
        }
    }
}

impl From<EnrolFirstError> for ApiError {
    fn from(error: EnrolFirstError) -> Self {
        match error {
            EnrolFirstError::InvalidChallenge => Self::new(Code::InvalidChallenge),
            EnrolFirstError::EmailUnverified => Self::new(Code::EmailUnverified),
            EnrolFirstError::NotEverywhere => Self::unavailable(UPGRADE_RETRY),
            EnrolFirstError::NotBegun => Self::not_found(ENROLMENT_NOT_BEGUN),
            EnrolFirstError::Factor(error) => error.into(),
            EnrolFirstError::Login(error) => error.into(),
        }
    }
}

impl From<EnrolError> for ApiError {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::Refused(refused) => refused.into(),
            EnrolError::LevelTooLow => Self::level_two(),
            EnrolError::EmailUnverified => Self::new(Code::EmailUnverified),
            EnrolError::NotEverywhere => Self::unavailable(UPGRADE_RETRY),
            EnrolError::NotBegun => Self::not_found(ENROLMENT_NOT_BEGUN),
            EnrolError::Factor(error) => error.into(),
        }
    }
}

impl From<ManageFactorError> for ApiError {
    fn from(error: ManageFactorError) -> Self {
        match error {
            ManageFactorError::Refused(refused) => refused.into(),
            ManageFactorError::LevelTooLow => Self::level_two(),
            ManageFactorError::None => Self::not_found(NO_SECOND_FACTOR),
            ManageFactorError::Required => Self::new(Code::FactorNotRemovable),
        }
    }
}

impl From<ReauthenticateError> for ApiError {
    fn from(error: ReauthenticateError) -> Self {
        match error {
            ReauthenticateError::Proof(error) => error.into(),
            ReauthenticateError::Issue(error) => Self::internal(error),
        }
    }
}

impl From<ChangePasswordError> for ApiError {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Proof(error) => error.into(),
            ChangePasswordError::Password(faults) => {
                Self::invalid(password_faults("new_password", &faults))
            }
            ChangePasswordError::Hashing(error) => error.into(),
        }
    }
}

impl From<MailOff> for ApiError {
    fn from(_: MailOff) -> Self {
        Self::new(Code::MailDisabled)
    }
}

impl From<ResendError> for ApiError {
    fn from(error: ResendError) -> Self {
        match error {
            ResendError::Refused(refused) => refused.into(),
            ResendError::MailOff(off) => off.into(),
        }
    }
}

impl From<AskForResetError> for ApiError {
    fn from(error: AskForResetError) -> Self {
        match error {
            AskForResetError::MailOff(off) => off.into(),
            AskForResetError::Storage(error) => error.into(),
        }
    }
}

impl From<AskForAddressError> for ApiError {
    fn from(error: AskForAddressError) -> Self {
        match error {
            AskForAddressError::MailOff(off) => off.into(),
            AskForAddressError::Refused(refused) => refused.into(),
        }
    }
}

impl From<ResetError> for ApiError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::InvalidLink => Self::new(Code::InvalidLink),
            ResetError::Password(faults) => Self::invalid(password_faults("new_password", &faults)),
            ResetError::Busy(busy) => busy.into(),
            ResetError::Hashing(error) => error.into(),
            ResetError::Storage(error) => error.into(),
        }
    }
}

impl From<ConfirmError> for ApiError {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::InvalidLink => Self::new(Code::InvalidLink),
            ConfirmError::PasswordNeeded => {
                let message = texts::in_english("field-account-password-missing");
                let message = message.unwrap_or_default();
                let mut faults = Faults::new();
                faults.push(Fault::new("required", message).at("password"));
                Self::invalid(faults)
            }
            ConfirmError::WrongPassword => Self {
                message: Some(WRONG_ACCOUNT_PASSWORD),
                ..Self::new(Code::InvalidCredentials)
            },
            ConfirmError::TooManyAttempts { retry_after } => Self::too_many_attempts(retry_after),
            ConfirmError::RegistrationClosed => Self::new(Code::RegistrationClosed),
            ConfirmError::UsernameTaken => Self::new(Code::UsernameTaken),
            ConfirmError::UsernameLikePassword => {
                let message = "The password is too much like this name. Choose another name.";
                let mut faults = Faults::new();
                faults.push(Fault::new("like_password", message).at("username"));
                Self::invalid(faults)
            }
            ConfirmError::Busy(busy) => busy.into(),
            ConfirmError::Hashing(error) => error.into(),
            ConfirmError::Storage(error) => error.into(),
        }
    }
}

impl From<UndoAddressError> for ApiError {
    fn from(error: UndoAddressError) -> Self {
        match error {
            UndoAddressError::InvalidLink => Self::new(Code::InvalidLink),
            UndoAddressError::Storage(error) => error.into(),
        }
    }
}

impl From<ChangeProfileError> for ApiError {
    fn from(error: ChangeProfileError) -> Self {
        match error {
            ChangeProfileError::Forbidden => Self::new(Code::Forbidden),
            ChangeProfileError::Taken(field) => field.into(),
            ChangeProfileError::Refused(refused) => refused.into(),
        }
    }
}

impl From<DeleteError> for ApiError {
    fn from(error: DeleteError) -> Self {
        match error {
            DeleteError::Forbidden => Self::new(Code::Forbidden),
            DeleteError::Refused(refused) => refused.into(),
        }
    }
}

impl From<EndSessionError> for ApiError {
    fn from(error: EndSessionError) -> Self {
        match error {
            EndSessionError::NotFound => Self::new(Code::NotFound),
            EndSessionError::Refused(refused) => refused.into(),
        }
    }
}

impl From<CsrfRejection> for ApiError {
    fn from(rejection: CsrfRejection) -> Self {
        Self::new(match rejection {
            CsrfRejection::Origin(_)
            | CsrfRejection::NoSession
            | CsrfRejection::MissingToken
            | CsrfRejection::RepeatedToken
            | CsrfRejection::Token(_) => Code::CsrfFailed,
            CsrfRejection::UnreadableBody => Code::MalformedRequest,
        })
    }
}

fn password_faults(field: &str, faults: &[password::Fault]) -> Faults {
    let mut list = Faults::new();
    push_password_faults(&mut list, field, faults);
    list
}

/// Adds what is wrong with the new password in `field`.
pub(crate) fn push_password_faults(list: &mut Faults, field: &str, faults: &[password::Fault]) {
    for fault in faults {
        list.push(Fault::new(fault.code(), fault.to_string()).at(field));
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Missing => Self::new(Code::MissingToken),
            TokenError::Invalid(_) => Self::new(Code::InvalidToken),
            TokenError::Expired => Self::new(Code::ExpiredToken),
            TokenError::Revoked => Self::new(Code::RevokedToken),
            TokenError::WrongType => Self::new(Code::WrongTokenType),
            TokenError::NotFresh => Self::new(Code::InsufficientUserAuthentication),
            TokenError::Unavailable => Self::unavailable(STORE_RETRY),
        }
    }
}

impl From<AuthRejection> for ApiError {
    fn from(rejection: AuthRejection) -> Self {
        Self::from(&rejection)
    }
}

impl From<&AuthRejection> for ApiError {
    fn from(rejection: &AuthRejection) -> Self {
        match *rejection {
            AuthRejection::Token(error) => error.into(),
            AuthRejection::NotFresh { .. } => Self::new(Code::InsufficientUserAuthentication),
            AuthRejection::NotInstalled => Self::internal(*rejection),
        }
    }
}

impl From<problem::Rejection> for ApiError {
    fn from(rejection: problem::Rejection) -> Self {
        Self {
            problem: Some(rejection.into()),
            ..Self::new(Code::MalformedRequest)
        }
    }
}
