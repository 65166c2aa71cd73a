//! `GET`, `PUT`, `PATCH` and `DELETE /api/v1/users/{id}`

use account::{Accounts, ChangedProfile, Deletion, NewProfile};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use model::{EmailAddress, Username};
use problem::{Valid, ValidPath, input};

use super::fields;
use super::views::{ScheduledView, UserView};
use crate::error::ApiError;
use crate::extract::{Acting, Reading, Serving};
use crate::json::Json;
use crate::limits::TakenBudget;

input! {
    /// An account's name and address.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ReplaceUser {
        /// Another name than the present one needs a fresh token.
        #[schema(value_type = String, min_length = 1, example = "alice")]
        username: Username = fields::username,
        /// Another address than the present one needs a fresh token.
        #[schema(value_type = String, format = Email, min_length = 3, max_length = 254, example = "alice@example.org")]
        email: EmailAddress = fields::email,
    }
}

input! {
    /// A new name, a new address or both.
    #[derive(utoipa::ToSchema)]
    pub(crate) struct ChangeUser {
        /// Needs a fresh token.
        #[schema(value_type = String, required = false, min_length = 1, example = "alice")]
        username: Option<Username> = fields::username,
        /// Needs a fresh token.
        #[schema(value_type = String, required = false, format = Email, min_length = 3, max_length = 254, example = "alice@example.org")]
        email: Option<EmailAddress> = fields::email,
    }
}

/// Reads one's own account.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "get_user", tag = "Accounts", security(("access" = [])),
    params(("id" = String, Path, description = "One's own id; any other is answered 403")),
    responses((status = 200, description = "The account", body = UserView<'_>)),
)]
pub(crate) async fn read(
    State(accounts): State<Accounts>,
    Reading(caller): Reading,
    ValidPath(id): ValidPath<String>,
) -> Result<Response, ApiError> {
    let user = accounts.profile(caller, &id).await?;
    Ok(Json(UserView::from(&user)).into_response())
}

/// Replaces one's own name and address.
#[utoipa::path(
    put, path = super::IN_ROUTES, operation_id = "replace_user", tag = "Accounts", security(("access" = [])),
    params(("id" = String, Path, description = "One's own id; any other is answered 403")),
    request_body = ReplaceUser,
    responses(
        (status = 200, description = "The account", body = UserView<'_>),
        (status = 202, description = "A mail to the new address asks for its confirmation; the account, which has the present one until then", body = UserView<'_>),
    ),
)]
pub(crate) async fn replace(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    taken: TakenBudget,
    ValidPath(id): ValidPath<String>,
    Valid(body): Valid<ReplaceUser>,
) -> Result<Response, ApiError> {
    let new = NewProfile {
        username: Some(body.username),
        email: Some(body.email),
    };
    let changing = accounts.change_profile(&actor, &id, new);
    let changed = taken.spend(Some(&actor.user), changing).await??;
    Ok(answer(&changed))
}

/// Changes one's own name, address or both. What was there before is reserved for its owner for 30 days.
#[utoipa::path(
    patch, path = super::IN_ROUTES, operation_id = "change_user", tag = "Accounts", security(("access" = [])),
    params(("id" = String, Path, description = "One's own id; any other is answered 403")),
    request_body = ChangeUser,
    responses(
        (status = 200, description = "The account", body = UserView<'_>),
        (status = 202, description = "A mail to the new address asks for its confirmation; the account, which has the present one until then", body = UserView<'_>),
    ),
)]
pub(crate) async fn change(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    taken: TakenBudget,
    ValidPath(id): ValidPath<String>,
    Valid(body): Valid<ChangeUser>,
) -> Result<Response, ApiError> {
    let new = NewProfile {
        username: body.username,
        email: body.email,
    };
    let changing = accounts.change_profile(&actor, &id, new);
    let changed = taken.spend(Some(&actor.user), changing).await??;
    Ok(answer(&changed))
}

/// The account as it is now; where a new address waits for its confirmation, the status says so.
fn answer(changed: &ChangedProfile) -> Response {
    let status = match changed.asked {
        Some(_) => StatusCode::ACCEPTED,
        None => StatusCode::OK,
    };
    (status, Json(UserView::from(&changed.user))).into_response()
}

/// Deletes one's own account. Needs a fresh token. Its name and its address are reserved for 30 days.
///
/// Where the server is set to wait (`PORTCULLIS_DELETION_GRACE`), every session ends, and the account is deleted later:
/// until then a sign-in with `keep_account` keeps it.
#[utoipa::path(
    delete, path = super::IN_ROUTES, operation_id = "delete_user", tag = "Accounts", security(("access" = [])),
    params(("id" = String, Path, description = "One's own id; any other is answered 403")),
    responses(
        (status = 204, description = "Deleted, with every session"),
        (status = 202, description = "Scheduled for deletion; every session has ended", body = ScheduledView),
    ),
)]
pub(crate) async fn remove(
    Serving(accounts): Serving,
    Acting(actor): Acting,
    ValidPath(id): ValidPath<String>,
) -> Result<Response, ApiError> {
    Ok(match accounts.delete_account(&actor, &id).await? {
        Deletion::Done => StatusCode::NO_CONTENT.into_response(),
        Deletion::Due(deletion_due_at) => {
            let scheduled = ScheduledView { deletion_due_at };
            (StatusCode::ACCEPTED, Json(scheduled)).into_response()
        }
    })
}
