//! `POST /api/v1/register`

use account::{Accounts, Registration};
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use model::{EmailAddress, Username};
use problem::{Valid, input};
use secret::Secret;

use super::fields;
use super::openapi::Problems;
use super::views::UserView;
use crate::error::ApiError;

input! {
    /// A new account.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct Register {
        /// 1 to 64 characters, without `@`; unique regardless of case and of look-alikes.
        #[schema(value_type = String, example = "alice")]
        username: Username = fields::username,
        /// Unique regardless of case.
        #[schema(value_type = String, example = "alice@example.org")]
        email: EmailAddress = fields::email,
        /// At least 8 characters and at most 1,024 bytes, and not easy to guess.
        #[schema(value_type = String, format = Password, example = "correct horse battery staple")]
        password: Secret<String>,
    }
}

/// Makes an account.
#[utoipa::path(
    post, path = "/api/v1/register", tag = "Accounts", request_body = Register,
    responses((status = 201, description = "The account", body = UserView<'_>), Problems),
)]
pub(crate) async fn register(
    State(accounts): State<Accounts>,
    Valid(body): Valid<Register>,
) -> Result<Response, ApiError> {
    let Register {
        username,
        email,
        password,
    } = body;
    let user = accounts
        .register(Registration {
            username,
            email,
            password,
        })
        .await?;
    Ok((StatusCode::CREATED, Json(UserView::from(&user))).into_response())
}
