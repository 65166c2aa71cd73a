//! `POST /api/v1/login`

use account::{Bearer, LoginAttempt, RememberedDevice};
use problem::{Fault, Faults, Field, Valid, Value, input};
use secret::Secret;

use super::fields;
use super::views::TokensView;
use crate::error::ApiError;
use crate::extract::{Device, RequestClient, Serving};
use crate::json::Json;
use crate::limits::SignInLimit;
use crate::to_the_end::to_the_end;

input! {
    /// Who wants to sign in.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct Login {
        /// The name, or the e-mail address.
        #[schema(max_length = 1024, example = "alice")]
        username: String = fields::identifier,
        #[schema(value_type = String, format = Password, max_length = 1024, example = "correct horse battery staple")]
        password: Secret<String> = fields::typed_password,
        /// The `remembered_device` of an earlier sign-in with a second factor: while it is good, the password alone signs in.
        /// Any other counts for nothing.
        #[schema(value_type = String, required = false, max_length = 1024)]
        remembered_device: Option<Secret<String>> = fields::kept,
        /// Cancels the deletion of an account that is scheduled for it (`deletion_scheduled`).
        #[schema(value_type = bool, required = false, example = false)]
        keep_account: Option<bool>,
        #[schema(ignore)]
        email: Option<Misnamed>,
    }
}

/// What is in `email`, though an address goes into `username`, too.
struct Misnamed;

impl Field for Misnamed {
    fn from_value(_: Value) -> Result<Self, Faults> {
        let message = "Send the name or the address as `username`.";
        Err(Fault::new("unknown_field", message).into())
    }
}

/// Signs in and opens a session. After five wrong passwords each further one must wait.
///
/// A sign-in that succeeds counts in the limit of its user, as does one that leads on to a second factor (`factor_required`,
/// `factor_enrolment_required`); others count in that of their client address.
#[utoipa::path(
    post, path = super::IN_ROUTES, tag = "Sessions", request_body = Login,
    params(
        ("X-Portcullis-Device" = Option<String>, Header,
         description = "The `device_token` of an earlier sign-in: on that device its own account has five tries that no stranger can use up"),
    ),
    responses((status = 200, description = "The first pair of tokens", body = TokensView)),
)]
pub(crate) async fn login(
    Serving(accounts): Serving,
    RequestClient(client): RequestClient,
    Device(device): Device,
    limit: SignInLimit,
    Valid(body): Valid<Login>,
) -> Result<Json<TokensView>, ApiError> {
    let attempt = LoginAttempt {
        identifier: body.username,
        password: body.password,
        device,
        client,
        browser: None,
        remembered: body
            .remembered_device
            .and_then(|sent| RememberedDevice::presented(sent.expose())),
        quota: limit.quota(),
    };
    let keeps = body.keep_account == Some(true);
    let signing_in = async move {
        let trying = async {
            if keeps {
                accounts.come_back(attempt, &Bearer).await
            } else {
                accounts.login(attempt, &Bearer).await
            }
        };
        limit.around(trying).await
    };
    let tokens = to_the_end(signing_in).await?;
    Ok(Json(tokens.into()))
}
