//! `GET /api/v1/me/export`

use account::{Export, ListedSession};
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, HeaderValue};
use model::{Authentication, Timestamp};
use serde::Serialize;

use super::events::EventView;
use super::factors::FactorsView;
use super::remembered::RememberedDeviceView;
use super::views::{SessionView, UserView};
use crate::error::ApiError;
use crate::extract::{Acting, Serving};
use crate::json::Json;

/// A browser that meets it saves it.
const FILE: HeaderValue =
    HeaderValue::from_static("attachment; filename=\"portcullis-export.json\"");

/// No copy of it is kept on the way.
const NO_COPY: HeaderValue = HeaderValue::from_static("no-store");

/// What is held, and not in here.
const NOTES: &[&str] = &[
    "The password is stored as a hash, of which only the kind is given.",
    "The secret of an authenticator app is stored encrypted, and recovery codes and what a remembered device keeps as hashes: none of them is given.",
    "Links and codes that were mailed, and mail that waits to be sent, are stored as hashes or encrypted, expire by themselves, and are not listed.",
    "Names and addresses that were given up stay reserved for 30 days as keyed hashes, from which nothing can be read.",
    "Failed attempts and requests are counted under keyed hashes until they expire.",
    "The server's log names accounts by their ids, and client addresses.",
];

/// Everything that is held about a person.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Export)]
pub(crate) struct ExportView<'a> {
    #[schema(value_type = String, format = DateTime)]
    exported_at: Timestamp,
    account: ExportedAccount<'a>,
    /// What there is besides the password.
    factors: FactorsView,
    /// The devices on which the second factor isn't asked for, the oldest first.
    remembered_devices: Vec<RememberedDeviceView>,
    /// Those that go on, at most a hundred, the one used last first.
    sessions: Vec<ExportedSession>,
    /// What happened to the account, as far as it is kept, the last first.
    events: Vec<EventView>,
    /// What is held besides, or in a form that can't be given.
    notes: &'static [&'static str],
}

/// The account, with what only its owner reads.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExportedAccount<'a> {
    #[serde(flatten)]
    user: UserView<'a>,
    disabled: bool,
    /// Since when the mail server refuses the address for good; null unless it does.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    email_undeliverable_since: Option<Timestamp>,
    /// The kind of the password's hash; null where there is none, or none that can be read.
    #[schema(required, example = "argon2id:19456:2:1")]
    password_kind: Option<&'a str>,
}

/// A session, with how it was opened.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ExportedSession {
    #[serde(flatten)]
    session: SessionView,
    /// Whether a browser's cookie leads to it.
    in_browser: bool,
    authentication: AuthenticationView,
}

/// How somebody has proven who they are.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Authentication)]
pub(crate) struct AuthenticationView {
    /// By what (RFC 8176).
    #[schema(example = json!(["pwd"]))]
    amr: Vec<&'static str>,
    /// How much.
    #[schema(example = "urn:portcullis:acr:1")]
    acr: &'static str,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// Everything that is held about oneself, as a file. Needs a fresh token.
#[utoipa::path(
    get, path = super::IN_ROUTES, operation_id = "export_me", tag = "Accounts", security(("access" = [])),
    responses((status = 200, description = "What is held", body = ExportView<'_>)),
)]
pub(crate) async fn export(
    Serving(accounts): Serving,
    Acting(actor): Acting,
) -> Result<Response, ApiError> {
    Ok(file(&accounts.export(&actor).await?))
}

/// It, as a file.
pub(crate) fn file(export: &Export) -> Response {
    let headers = [(CONTENT_DISPOSITION, FILE), (CACHE_CONTROL, NO_COPY)];
    (headers, Json(ExportView::from(export))).into_response()
}

impl<'a> From<&'a Export> for ExportView<'a> {
    fn from(export: &'a Export) -> Self {
        let sessions = export.sessions.iter().cloned();
        let devices = export.remembered_devices.iter().copied();
        Self {
            exported_at: export.at,
            account: ExportedAccount {
                user: UserView::from(&export.user),
                disabled: export.user.disabled,
                email_undeliverable_since: export.undeliverable_since,
                password_kind: export.hash.as_deref(),
            },
            factors: export.factors.into(),
            remembered_devices: devices.map(RememberedDeviceView::from).collect(),
            sessions: sessions.map(ExportedSession::from).collect(),
            events: export.events.iter().cloned().map(EventView::from).collect(),
            notes: NOTES,
        }
    }
}

impl From<ListedSession> for ExportedSession {
    fn from(listed: ListedSession) -> Self {
        Self {
            in_browser: listed.session.browser.is_some(),
            authentication: listed.session.authentication.into(),
            session: listed.into(),
        }
    }
}

impl From<Authentication> for AuthenticationView {
    fn from(authentication: Authentication) -> Self {
        Self {
            amr: authentication.methods.names().collect(),
            acr: authentication.level.name(),
            at: authentication.at,
        }
    }
}
