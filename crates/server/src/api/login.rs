//! `POST /api/v1/login`

use account::{Accounts, LoginAttempt};
use axum::Json;
use axum::extract::State;
use problem::{Valid, input};
use secret::Secret;

use super::fields;
use super::openapi::Problems;
use super::views::TokensView;
use crate::error::ApiError;
use crate::extract::RequestOrigin;

input! {
    /// Who wants to sign in.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct Login {
        /// The name, or the e-mail address.
        #[schema(example = "alice")]
        username: String = fields::identifier,
        #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
        password: Secret<String> = fields::typed_password,
    }
}

/// Signs in and opens a session.
#[utoipa::path(
    post, path = "/api/v1/login", tag = "Sessions", request_body = Login,
    responses((status = 200, description = "The first pair of tokens", body = TokensView), Problems),
)]
pub(crate) async fn login(
    State(accounts): State<Accounts>,
    RequestOrigin(origin): RequestOrigin,
    Valid(body): Valid<Login>,
) -> Result<Json<TokensView>, ApiError> {
    let attempt = LoginAttempt {
        identifier: body.username,
        password: body.password,
        origin,
    };
    Ok(Json(accounts.login(attempt).await?.into()))
}
