//! `POST /api/v1/login/factor` and `POST /api/v1/login/enrol…`, and what one does to one's own second factor: `/api/v1/me/factors…` and
//! `/api/v1/me/recovery-codes`

use account::{
    AppLabels, Bearer, ChallengeAnswer, Enrolling, FirstCode, FirstEnrolment, OwnFactors,
    PresentedFactor, RecoveryCodes,
};
use axum::extract::State;
use http::StatusCode;
use model::Timestamp;
use problem::{Fault, Faults, Valid, input};
use secret::Secret;
use serde::Serialize;

use super::fields;
use super::views::{TokensView, exposed_text};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Acting, RequestClient, Serving};
use crate::json::Json;
use crate::limits::SignInLimit;
use crate::to_the_end::to_the_end;

input! {
    /// The second step of a sign-in.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct LoginFactor {
        /// The `challenge` of the first step.
        #[schema(value_type = String, max_length = 1024)]
        challenge: Secret<String> = fields::typed_password,
        /// A code of the authenticator app, with or without a space.
        #[schema(value_type = String, required = false, max_length = 1024, example = "123 456")]
        totp: Option<Secret<String>> = fields::typed_password,
        /// Or a recovery code, in any case, with or without dashes.
        #[schema(value_type = String, required = false, max_length = 1024)]
        recovery_code: Option<Secret<String>> = fields::typed_password,
        /// Cancels the deletion of an account that is scheduled for it (`deletion_scheduled`).
        #[schema(value_type = bool, required = false, example = false)]
        keep_account: Option<bool>,
        /// Asks for a `remembered_device`, where the server gives one (`PORTCULLIS_MFA_REMEMBER`).
        #[schema(value_type = bool, required = false, example = false)]
        remember_device: Option<bool>,
    }
    check = LoginFactor::carries_one;
}

impl LoginFactor {
    fn carries_one(&self, faults: &mut Faults) {
        carries_one(self.totp.as_ref(), self.recovery_code.as_ref(), faults);
    }
}

fn carries_one(
    totp: Option<&Secret<String>>,
    recovery_code: Option<&Secret<String>>,
    faults: &mut Faults,
) {
    match (totp, recovery_code) {
        (Some(_), None) | (None, Some(_)) => {}
        (None, None) => {
            faults.push(Fault::new("required", "This field is required.").at("totp"));
        }
        (Some(_), Some(_)) => {
            let message = "Send a code of the app, or a recovery code.";
            faults.push(Fault::new("unknown_field", message).at("recovery_code"));
        }
    }
}

/// The second factor of a body.
pub(super) fn presented(
    totp: Option<Secret<String>>,
    recovery_code: Option<Secret<String>>,
) -> Option<PresentedFactor> {
    let totp = totp.map(PresentedFactor::Totp);
    totp.or(recovery_code.map(PresentedFactor::RecoveryCode))
}

/// Takes the second factor and opens a session. The challenge is that of a sign-in that was answered `factor_required`: it is
/// good for five minutes, for five tries, and once. After five wrong codes of an account each further one must wait.
///
/// One that opens a session counts in no limit: its password has counted in that of the user, at `/login`. Others count in that
/// of their client address.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "login_factor", tag = "Sessions", request_body = LoginFactor,
    responses((status = 200, description = "The first pair of tokens", body = TokensView)),
)]
pub(crate) async fn login(
    Serving(accounts): Serving,
    RequestClient(client): RequestClient,
    limit: SignInLimit,
    Valid(body): Valid<LoginFactor>,
) -> Result<Json<TokensView>, ApiError> {
    let Some(presented) = presented(body.totp, body.recovery_code) else {
        return Err(ApiError::new(crate::code::Code::ValidationFailed)); // the check has refused it
    };
    let answer = ChallengeAnswer {
        challenge: body.challenge,
        presented,
        browser: None,
        client,
        keeps_account: body.keep_account == Some(true),
        remember: body.remember_device == Some(true),
    };
    let answering = async move { accounts.answer_challenge(answer, &Bearer).await };
    let tokens = to_the_end(limit.around(answering)).await?;
    Ok(Json(tokens.into()))
}

input! {
    /// Somebody who must enrol a second factor before there is a session.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct EnrolFirst {
        /// The `challenge` of the sign-in.
        #[schema(value_type = String, max_length = 1024)]
        challenge: Secret<String> = fields::typed_password,
    }
}

/// Begins the enrolment of an authenticator app at a sign-in that was answered `factor_enrolment_required`. The challenge is
/// good for fifteen minutes, and for five times. Beginning again gives another secret.
///
/// One that succeeds counts in no limit: its password has counted in that of the user, at `/login`. Others count in that of
/// their client address.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "enrol_first", tag = "Sessions", request_body = EnrolFirst,
    responses((status = 201, description = "To be shown once", body = EnrolmentView)),
)]
pub(crate) async fn begin_first(
    Serving(accounts): Serving,
    State(app): State<App>,
    limit: SignInLimit,
    Valid(body): Valid<EnrolFirst>,
) -> Result<(StatusCode, Json<EnrolmentView>), ApiError> {
    let enrolment = FirstEnrolment {
        challenge: body.challenge,
        browser: None,
    };
    let enrolling = limit.around(accounts.begin_first_enrolment(enrolment, labels(&app)));
    Ok((StatusCode::CREATED, Json(enrolling.await?.into())))
}

input! {
    /// What the app shows.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ConfirmFirst {
        /// The `challenge` of the sign-in.
        #[schema(value_type = String, max_length = 1024)]
        challenge: Secret<String> = fields::typed_password,
        /// Six digits, with or without a space.
        #[schema(value_type = String, max_length = 1024, example = "123 456")]
        code: Secret<String> = fields::typed_password,
    }
}

/// A session, and the recovery codes of the app that was enrolled for it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Enrolled)]
pub(crate) struct EnrolledView {
    #[serde(flatten)]
    tokens: TokensView,
    #[serde(flatten)]
    codes: RecoveryCodesView,
}

/// Confirms the enrolment by a code of the app, and opens a session by both factors. Every other session of the account ends.
/// The code that confirmed can't sign in. After five wrong codes of an account each further one must wait.
///
/// One that opens a session counts in no limit: its password has counted in that of the user, at `/login`. Others count in that
/// of their client address.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "confirm_first", tag = "Sessions", request_body = ConfirmFirst,
    responses((status = 200, description = "The first pair of tokens, and codes for whoever loses the app", body = EnrolledView)),
)]
pub(crate) async fn confirm_first(
    Serving(accounts): Serving,
    RequestClient(client): RequestClient,
    limit: SignInLimit,
    Valid(body): Valid<ConfirmFirst>,
) -> Result<Json<EnrolledView>, ApiError> {
    let typed = FirstCode {
        of: FirstEnrolment {
            challenge: body.challenge,
            browser: None,
        },
        code: body.code,
        client,
    };
    let confirming = async move { accounts.confirm_first_enrolment(typed, &Bearer).await };
    let (tokens, codes) = to_the_end(limit.around(confirming)).await?;
    Ok(Json(EnrolledView {
        tokens: tokens.into(),
        codes: codes.into(),
    }))
}

/// The second factor of the caller.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Factors)]
pub(crate) struct FactorsView {
    /// The authenticator app; null where none is enrolled.
    #[schema(required)]
    totp: Option<TotpView>,
    recovery_codes: RecoveryCodesLeft,
    /// Whether the server requires one: then the last can't be removed, and an account without one enrols it at a sign-in.
    required: bool,
    /// When the grace ends that an account without one has since its first sign-in under that rule; null where none is running.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    enrolment_due_at: Option<Timestamp>,
}

impl From<OwnFactors> for FactorsView {
    fn from(own: OwnFactors) -> Self {
        Self {
            totp: own.totp_since.map(|enrolled_at| TotpView { enrolled_at }),
            recovery_codes: RecoveryCodesLeft {
                left: own.recovery_codes,
            },
            required: own.required,
            enrolment_due_at: own.enrol_by,
        }
    }
}

/// An authenticator app.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Totp)]
pub(crate) struct TotpView {
    #[schema(value_type = String, format = DateTime)]
    enrolled_at: Timestamp,
}

/// How many recovery codes are left.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct RecoveryCodesLeft {
    #[schema(example = 10)]
    left: u32,
}

/// Lists one's own second factors.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "list_factors", tag = "Second factor", security(("access" = [])),
    responses((status = 200, description = "What the account has", body = FactorsView)),
)]
pub(crate) async fn list(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<Json<FactorsView>, ApiError> {
    Ok(Json(accounts.own_factors(&actor).await?.into()))
}

/// What an authenticator app is given. It is shown once.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Enrolment)]
pub(crate) struct EnrolmentView {
    /// To be typed into an app: base32.
    #[serde(serialize_with = "exposed_text")]
    #[schema(value_type = String, example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: Secret<String>,
    /// The same for an app on the same device.
    #[serde(serialize_with = "exposed_text")]
    #[schema(value_type = String, example = "otpauth://totp/Portcullis:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Portcullis")]
    uri: Secret<String>,
    /// The same as a QR code: an SVG to be put into a page.
    #[serde(serialize_with = "exposed_text")]
    #[schema(value_type = String)]
    qr_svg: Secret<String>,
}

/// What is said to who enrols, beside the secret.
fn labels(app: &App) -> AppLabels<'_> {
    AppLabels {
        issuer: &app.app_issuer,
        picture: texts::in_english("enrol-qr").unwrap_or_default(),
    }
}

impl From<Enrolling> for EnrolmentView {
    fn from(enrolling: Enrolling) -> Self {
        Self {
            secret: enrolling.secret,
            uri: enrolling.uri,
            qr_svg: enrolling.qr,
        }
    }
}

/// Begins the enrolment of an authenticator app (TOTP, RFC 6238). It waits 15 minutes for a code that confirms it; the app that
/// the account has stays good until then. Needs a fresh token, and a confirmed address where the server sends mail; once
/// there is an app, a fresh token of both factors.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "begin_totp", tag = "Second factor", security(("access" = [])),
    responses((status = 201, description = "To be shown once", body = EnrolmentView)),
)]
pub(crate) async fn begin(
    Serving(accounts): Serving,
    State(app): State<App>,
    Acting(actor): Acting,
) -> Result<(StatusCode, Json<EnrolmentView>), ApiError> {
    let enrolling = accounts.begin_enrolment(&actor, labels(&app));
    Ok((StatusCode::CREATED, Json(enrolling.await?.into())))
}

input! {
    /// What the app shows.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ConfirmTotp {
        /// Six digits, with or without a space.
        #[schema(value_type = String, max_length = 1024, example = "123 456")]
        code: Secret<String> = fields::typed_password,
    }
}

/// Recovery codes, each good once instead of a code of the app. They are shown once.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = RecoveryCodes)]
pub(crate) struct RecoveryCodesView {
    #[serde(serialize_with = "exposed_texts")]
    #[schema(value_type = Vec<String>, example = json!(["4FZ0B-7N1QK-M8YDC-5T2RX-9HJ3WE"]))]
    recovery_codes: Vec<Secret<String>>,
}

impl From<RecoveryCodes> for RecoveryCodesView {
    fn from(codes: RecoveryCodes) -> Self {
        Self {
            recovery_codes: codes.0,
        }
    }
}

fn exposed_texts<S: serde::Serializer>(
    texts: &[Secret<String>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(Secret::expose))
}

/// Confirms the enrolment by a code of the app. Every other session ends, and from now on a sign-in asks for a code. The code
/// that confirmed can't sign in.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "confirm_totp", tag = "Second factor", security(("access" = [])),
    request_body = ConfirmTotp,
    responses((status = 200, description = "Codes for whoever loses the app", body = RecoveryCodesView)),
)]
pub(crate) async fn confirm(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    Valid(body): Valid<ConfirmTotp>,
) -> Result<Json<RecoveryCodesView>, ApiError> {
    let confirming = async move { accounts.confirm_enrolment(&actor, &body.code).await };
    let codes = to_the_end(confirming).await?;
    Ok(Json(codes.into()))
}

/// Removes the authenticator app and the recovery codes: from now on the password alone signs in. Every other session ends.
/// Needs a fresh token of both factors. Refused where the server requires a second factor.
#[utoipa::path(
    delete, path = super::IN_ROUTES, operation_id = "remove_totp", tag = "Second factor", security(("access" = [])),
    responses((status = 204, description = "Removed")),
)]
pub(crate) async fn remove(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<StatusCode, ApiError> {
    accounts.remove_own_factor(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says how many recovery codes are left.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "count_recovery_codes", tag = "Second factor", security(("access" = [])),
    responses((status = 200, description = "How many are left", body = RecoveryCodesLeft)),
)]
pub(crate) async fn recovery_codes_left(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<Json<RecoveryCodesLeft>, ApiError> {
    let own = accounts.own_factors(&actor).await?;
    Ok(Json(RecoveryCodesLeft {
        left: own.recovery_codes,
    }))
}

/// Gives new recovery codes: those before are void. Needs a fresh token of both factors.
#[utoipa::path(
    post, path = super::IN_ROUTES, operation_id = "renew_recovery_codes", tag = "Second factor",
    security(("access" = [])),
    responses((status = 200, description = "To be shown once", body = RecoveryCodesView)),
)]
pub(crate) async fn renew_recovery_codes(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<Json<RecoveryCodesView>, ApiError> {
    let codes = accounts.renew_recovery_codes(&actor).await?;
    Ok(Json(codes.into()))
}
