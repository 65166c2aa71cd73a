//! What accounts, tokens and sessions look like from outside. No view holds a hash.

use account::{DeviceToken, ListedSession, RememberedDevice, Tokens};
use model::{Timestamp, User};
use secret::Secret;
use serde::{Serialize, Serializer};

/// An account.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = User)]
pub(crate) struct UserView<'a> {
    /// UUIDv7; an imported account keeps the id it had.
    #[schema(example = "0193a1c2-5b1f-7a3e-9c0d-2f8e6b7a4c11")]
    id: &'a str,
    /// Null for an imported account that has none.
    #[schema(required, example = "alice")]
    username: Option<&'a str>,
    /// Null for an imported account that has none.
    #[schema(required, example = "alice@example.org")]
    email: Option<&'a str>,
    /// Whether the owner has proven the address.
    email_verified: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl<'a> From<&'a User> for UserView<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id.as_str(),
            username: user.username.as_deref(),
            email: user.email.as_deref(),
            email_verified: user.email_verified,
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

/// A pair of tokens.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Tokens)]
pub(crate) struct TokensView {
    /// Send it as `Authorization: Bearer`. A JWT: beside the account (`sub`) and the session (`sid`) it says
    /// when its owner last proved who they are (`auth_time`), and where it was not one factor, a password,
    /// how much and by what (`acr`, `amr`).
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = String)]
    access_token: jwt::Token,
    /// Trade it once for the next pair at `POST /api/v1/refresh`.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = String)]
    refresh_token: jwt::Token,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: u64,
    /// Seconds.
    #[schema(example = 2_592_000)]
    refresh_expires_in: u64,
    session_id: String,
    /// Keep it, and send it at the next sign-in as `X-Portcullis-Device`: strangers who guess then shut
    /// nobody out of a device that is known. For 180 days, or until the password changes. A sign-in
    /// gives it, and so does a change of the password; a refresh doesn't.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_device_if_any"
    )]
    #[schema(value_type = Option<String>)]
    device_token: Option<DeviceToken>,
    /// Where the server requires a second factor and the account has none: from then on a sign-in enrols one. Only an answer
    /// to a sign-in has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    factor_enrolment_due_at: Option<Timestamp>,
    /// After `remember_device`: keep it as safe as a password, and send it with the name and the password at the next
    /// sign-ins on this device, which don't ask for the second factor then. A change of the password or of the factors voids
    /// it.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "exposed_remembered_if_any"
    )]
    #[schema(value_type = Option<String>)]
    remembered_device: Option<RememberedDevice>,
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access,
            refresh_token: tokens.refresh,
            token_type: "Bearer",
            expires_in: tokens.expires_in.as_secs(),
            refresh_expires_in: tokens.refresh_expires_in.as_secs(),
            session_id: tokens.session.to_string(),
            device_token: tokens.device,
            factor_enrolment_due_at: tokens.enrol_by,
            remembered_device: tokens.remembered,
        }
    }
}

/// What proves that this device is known.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Device)]
pub(crate) struct DeviceView {
    /// Keep it in place of the one of the sign-in, which is void now: see `Tokens`.
    #[serde(serialize_with = "exposed_device")]
    #[schema(value_type = String)]
    device_token: DeviceToken,
}

impl From<DeviceToken> for DeviceView {
    fn from(device_token: DeviceToken) -> Self {
        Self { device_token }
    }
}

/// A fresh access token.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = FreshAccessToken)]
pub(crate) struct FreshAccessView {
    /// Counts as fresh for ten minutes from its `auth_time`.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = String)]
    access_token: jwt::Token,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: u64,
}

impl From<account::FreshAccess> for FreshAccessView {
    fn from(fresh: account::FreshAccess) -> Self {
        Self {
            access_token: fresh.access,
            token_type: "Bearer",
            expires_in: fresh.expires_in.as_secs(),
        }
    }
}

/// An account that is scheduled for deletion.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = ScheduledDeletion)]
pub(crate) struct ScheduledView {
    /// When it will be deleted. Until then a sign-in with `keep_account` keeps it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) deletion_due_at: Timestamp,
}

/// A session.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    id: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it last got a pair of tokens.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    /// When it ends, however much it is used.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The network address that last got a pair of tokens.
    #[schema(example = "203.0.113.7")]
    address: String,
    /// Its `User-Agent`.
    agent: String,
    /// Whether it is the one that asks.
    current: bool,
}

impl From<ListedSession> for SessionView {
    fn from(listed: ListedSession) -> Self {
        let session = listed.session;
        Self {
            id: session.id.to_string(),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            address: session.client.address,
            agent: session.client.agent,
            current: listed.current,
        }
    }
}

/// A sentence, and nothing to parse.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageView {
    pub(crate) message: &'static str,
}

/// The one place where a token leaves: the answer to its owner.
fn exposed<S: Serializer>(token: &jwt::Token, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

/// Likewise, of what is shown once.
pub(super) fn exposed_text<S: Serializer>(
    text: &Secret<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text.expose())
}

/// Likewise.
fn exposed_device<S: Serializer>(token: &DeviceToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

/// Likewise.
#[expect(clippy::ref_option, reason = "serde calls it with the field")]
fn exposed_device_if_any<S: Serializer>(
    token: &Option<DeviceToken>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    token
        .as_ref()
        .map(DeviceToken::expose)
        .serialize(serializer)
}

/// Likewise.
#[expect(clippy::ref_option, reason = "serde calls it with the field")]
fn exposed_remembered_if_any<S: Serializer>(
    device: &Option<RememberedDevice>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    device
        .as_ref()
        .map(RememberedDevice::expose)
        .serialize(serializer)
}
