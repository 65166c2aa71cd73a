//! A failure on its way to the client. Which one an error is, each variant by name, is in `variants.rs`.

mod variants;

use std::sync::Arc;
use std::time::Duration;

use account::{EnrolmentRequired, FactorKind, FactorRequired};
use axum::response::{IntoResponse, Response};
use http::header::HeaderValue;
use model::Timestamp;
use problem::{Faults, Problem};
use ratelimit::Decision;

use crate::code::Code;

pub(crate) use variants::push_password_faults;

/// After this a client may try again when the store was not to be had.
pub(crate) const STORE_RETRY: Duration = Duration::from_secs(1);

/// After this a client may try again when servers of an earlier version were running.
pub(crate) const UPGRADE_RETRY: Duration = Duration::from_secs(60);

/// The key of what is said to somebody who is signed in and has the password wrong: no name was asked for.
pub(crate) const WRONG_CURRENT_PASSWORD: &str = "field-current-password-wrong";

/// The key of what is said to somebody who confirms something with another password than the account has, or is to have.
pub(crate) const WRONG_ACCOUNT_PASSWORD: &str = "field-account-password-wrong";

/// The key of what is said of a code of the second factor that is wrong.
pub(crate) const WRONG_FACTOR_CODE: &str = "field-factor-wrong";

/// The key of what is said to somebody who confirms an enrolment that was not begun, or too long ago.
const ENROLMENT_NOT_BEGUN: &str = "problem-enrolment-not-begun";

/// The key of what is said to somebody who has no second factor and needs one.
const NO_SECOND_FACTOR: &str = "problem-no-second-factor";

/// The key of what is said where both factors are demanded, a short while ago.
const BOTH_FACTORS_NEEDED: &str = "problem-both-factors-needed";

/// Challenges of RFC 6750 §3 and RFC 9470 §3.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
const BEARER_INVALID_TOKEN: HeaderValue =
    HeaderValue::from_static(r#"Bearer error="invalid_token""#);
const BEARER_STEP_UP: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="insufficient_user_authentication", error_description="enter the password once more, and the second factor of an account that has one", max_age=600"#,
);
const BEARER_LEVEL_TWO: HeaderValue = HeaderValue::from_static(
    r#"Bearer error="insufficient_user_authentication", error_description="enter the password and the second factor once more", acr_values="urn:portcullis:acr:2", max_age=600"#,
);

/// A failure on its way to the client: a code, and what must be said besides.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    /// The key of a sentence that fits better than that of the code.
    message: Option<&'static str>,
    faults: Option<Faults>,
    retry_after: Option<Duration>,
    /// What says how to go on with a sign-in.
    next_step: Option<Arc<NextStep>>,
    /// Whether both factors are demanded.
    is_level_two: bool,
    /// Of which kind the second factor is that was wrong, where the password was right.
    wrong_factor: Option<FactorKind>,
    /// When an account will be deleted, as a member of its own.
    deletion_due_at: Option<Box<Timestamp>>,
    /// The limit that refused, where it isn't one that every answer of the route shows.
    refused_by: Option<Box<Decision>>,
    cause: Option<Cause>,
    /// A problem that was complete already.
    problem: Option<Problem>,
}

/// What comes next in a sign-in.
#[derive(Debug)]
enum NextStep {
    /// The second factor is shown.
    Factor(FactorRequired),
    /// One is enrolled.
    Enrolment(EnrolmentRequired),
}

/// Why something failed here: for the log, never for the client.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) Arc<dyn std::error::Error + Send + Sync>);

impl ApiError {
    /// The failure that `code` stands for.
    pub const fn new(code: Code) -> Self {
        Self {
            code,
            message: None,
            faults: None,
            retry_after: None,
            next_step: None,
            is_level_two: false,
            wrong_factor: None,
            deletion_due_at: None,
            refused_by: None,
            cause: None,
            problem: None,
        }
    }

    /// A failure of the server: `cause` goes into the log.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self {
            cause: Some(Cause(Arc::new(cause))),
            ..Self::new(Code::Internal)
        }
    }

    /// Asked too often: not before `retry_after` again.
    pub(crate) fn rate_limited(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Code::RateLimited)
        }
    }

    /// What refused it is `limit`: the answer shows that, and not the limits of the route.
    pub(crate) fn by(self, limit: Decision) -> Self {
        Self {
            refused_by: Some(Box::new(limit)),
            ..self
        }
    }

    pub(crate) fn unavailable(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Code::Unavailable)
        }
    }

    /// The answer took longer than it may.
    pub(crate) fn late(time: Duration) -> Self {
        Self {
            cause: Some(Cause(Arc::new(Late(time)))),
            ..Self::unavailable(STORE_RETRY)
        }
    }

    fn too_many_attempts(retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Code::TooManyAttempts)
        }
    }

    /// Both factors are demanded, a short while ago (RFC 9470).
    fn level_two() -> Self {
        Self {
            message: Some(BOTH_FACTORS_NEEDED),
            is_level_two: true,
            ..Self::new(Code::InsufficientUserAuthentication)
        }
    }

    /// What is asked for isn't there, in the words of this key.
    fn not_found(message: &'static str) -> Self {
        Self {
            message: Some(message),
            ..Self::new(Code::NotFound)
        }
    }

    fn invalid(faults: Faults) -> Self {
        Self {
            faults: Some(faults),
            ..Self::new(Code::ValidationFailed)
        }
    }

    /// The problem that the client reads.
    pub fn into_problem(self) -> Problem {
        if let Some(problem) = self.problem {
            return problem;
        }
        let particular = self.message.and_then(texts::in_english);
        let message = particular.unwrap_or_else(|| self.code.message());
        let problem = match self.faults {
            Some(faults) => Problem::invalid(faults),
            None => Problem::new(self.code.status(), self.code.as_str(), message),
        };
        let challenge = if self.is_level_two {
            Some(BEARER_LEVEL_TWO)
        } else {
            challenge(self.code)
        };
        let problem = match self.next_step.as_deref() {
            Some(NextStep::Factor(required)) => problem
                .with("challenge", required.challenge.expose())
                .with("factors", kinds(&required.factors)),
            Some(NextStep::Enrolment(required)) => {
                problem.with("challenge", required.challenge.expose())
            }
            None => problem,
        };
        let problem = match challenge {
            Some(challenge) => problem.challenge(challenge),
            None => problem,
        };
        let problem = match self.deletion_due_at {
            Some(due_at) => problem.with("deletion_due_at", due_at.to_string()),
            None => problem,
        };
        let problem = match self.wrong_factor {
            Some(kind) => problem.with("factor", kind_of(kind)),
            None => problem,
        };
        match self.retry_after {
            Some(wait) => problem.retry_after(wait),
            None => problem,
        }
    }
}

/// The kinds of factors, as clients read them.
fn kinds(factors: &[FactorKind]) -> Vec<&'static str> {
    factors.iter().copied().map(kind_of).collect()
}

/// The kind of a factor, as clients read it.
const fn kind_of(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Totp => "totp",
        FactorKind::RecoveryCode => "recovery_code",
    }
}

/// What `WWW-Authenticate` says of a 401.
const fn challenge(code: Code) -> Option<HeaderValue> {
    match code {
        Code::MissingToken
        | Code::InvalidCredentials
        | Code::FactorRequired
        | Code::InvalidChallenge => Some(BEARER),
        Code::InvalidToken | Code::ExpiredToken | Code::RevokedToken | Code::WrongTokenType => {
            Some(BEARER_INVALID_TOKEN)
        }
        Code::InsufficientUserAuthentication => Some(BEARER_STEP_UP),
        Code::MalformedJson
        | Code::MalformedRequest
        | Code::InvalidLink
        | Code::EmailUnverified
        | Code::FactorEnrolmentRequired
        | Code::FactorNotRemovable
        | Code::DeletionScheduled
        | Code::MailDisabled
        | Code::Forbidden
        | Code::CsrfFailed
        | Code::HttpsRequired
        | Code::RegistrationClosed
        | Code::NotFound
        | Code::MethodNotAllowed
        | Code::RequestTimeout
        | Code::UsernameTaken
        | Code::EmailTaken
        | Code::BodyTooLarge
        | Code::UriTooLong
        | Code::UnsupportedMediaType
        | Code::ValidationFailed
        | Code::TooManyAttempts
        | Code::HeadersTooLarge
        | Code::RateLimited
        | Code::Internal
        | Code::Unavailable => None,
    }
}

/// A request was not answered in time.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {0:?}")]
struct Late(Duration);

impl IntoResponse for ApiError {
    fn into_response(mut self) -> Response {
        let (cause, refused_by) = (self.cause.take(), self.refused_by.take());
        let mut response = self.into_problem().into_response();
        if let Some(limit) = refused_by {
            response.extensions_mut().insert(*limit);
        }
        if let Some(cause) = cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use account::LoginError;
    use secret::{PlainToken, TokenPrefix};
    use utoipa::PartialSchema as _;

    use super::*;

    #[test]
    fn every_member_of_a_problem_is_described() {
        let schema = serde_json::to_value(Problem::schema()).unwrap();
        let challenge = || PlainToken::from_bytes(TokenPrefix("pcq_"), [7; 32]);
        let factors = vec![FactorKind::Totp, FactorKind::RecoveryCode];
        let required = FactorRequired {
            challenge: challenge(),
            factors,
        };
        let enrolment = EnrolmentRequired {
            challenge: challenge(),
        };
        let due_at = Timestamp::from_seconds(1_800_000_000);
        for error in [
            LoginError::FactorRequired(required).into(),
            LoginError::EnrolmentRequired(enrolment).into(),
            LoginError::DeletionScheduled { due_at }.into(),
            ApiError::from(account::FactorError::WrongCode(FactorKind::Totp)),
        ] {
            let problem = error.into_problem().with_request_id("r-1");
            let json: serde_json::Value = serde_json::from_slice(&problem.to_json()).unwrap();
            for (member, _) in json.as_object().unwrap() {
                assert!(!schema["properties"][member].is_null(), "{member}");
            }
        }
    }
}
