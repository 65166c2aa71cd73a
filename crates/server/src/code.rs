//! Every failure that a client can meet: one table of codes and statuses. Their sentences stand in the catalogue.
//!
//! `docs/errors.md` is made from it, and each `type` of a problem points there.

use http::StatusCode;

/// Where the codes are explained: the `type` of a problem is this and its code (RFC 9457 §3.1.1).
pub const ERRORS_PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/errors.md#");

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $status:ident;)+) => {
        /// What went wrong, as a program reads it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// All of them, in the order of their statuses.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word that stands for it in `code`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The HTTP status that it comes with.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }

            /// What it means, for the docs.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+)),+ }
            }
        }
    };
}

codes! {
    /// The body is not JSON, or JSON that two readers could understand differently (a name that stands twice, a lone surrogate, more than 32 levels). The message says where.
    MalformedJson = "malformed_json", BAD_REQUEST;
    /// The request itself can't be read: its line, a header, its path or query. Also for a request of HTTP/1.1 without one `Host`, and for one whose `Forwarded` and `X-Forwarded-For` name different clients (`PORTCULLIS_FORWARDED_HEADER`).
    MalformedRequest = "malformed_request", BAD_REQUEST;
    /// The link or the code that was mailed is wrong, was used, has expired, or the account has changed since. Check it, or ask for another.
    InvalidLink = "invalid_link", BAD_REQUEST;
    /// The name or address is unknown, or the password wrong: the answer doesn't say which. Where somebody is signed in and gives the current password, that is wrong. With the member `factor` (`totp`, `recovery_code`) it is that code which is wrong or was used before: the password, where one was sent, was right. No token is at fault, also where one was sent: `WWW-Authenticate` has no `error`, and refreshing changes nothing.
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED;
    /// The password is right, and the account has a second factor. At a sign-in the members `challenge` and `factors` (`totp`, `recovery_code`) say how to go on: `POST /api/v1/login/factor`. At `POST /api/v1/me/reauthenticate`, send `totp` or `recovery_code` with the password.
    FactorRequired = "factor_required", UNAUTHORIZED;
    /// The challenge between password and second factor is unknown, was used, was given to another client, has been tried five times, is older than five minutes (where a second factor is enrolled, fifteen), or the account has changed since. Sign in again.
    InvalidChallenge = "invalid_challenge", UNAUTHORIZED;
    /// The route needs a token and none was sent. Send `Authorization: Bearer <token>`.
    MissingToken = "missing_token", UNAUTHORIZED;
    /// The token was not issued here, was altered, or can't be read. Sign in again.
    InvalidToken = "invalid_token", UNAUTHORIZED;
    /// The token's time is over. Refresh, or sign in again.
    ExpiredToken = "expired_token", UNAUTHORIZED;
    /// The token was good once, but its session was ended: by a logout, a change of the password in another session, a deletion, or because its refresh token was used twice; or its account was disabled, or can't be read. A token that belongs to no session (the Flask application issued it) gets this, too, wherever a session is needed: trade its refresh token, or sign in again.
    RevokedToken = "revoked_token", UNAUTHORIZED;
    /// A refresh token was sent where an access token belongs, or the other way round.
    WrongTokenType = "wrong_token_type", UNAUTHORIZED;
    /// The act needs a token that was issued for a password within the last ten minutes (RFC 9470); for what changes the second factor of an account that has one, for both factors (`acr_values` in `WWW-Authenticate`). `POST /api/v1/me/reauthenticate` gives one.
    InsufficientUserAuthentication = "insufficient_user_authentication", UNAUTHORIZED;
    /// The account is not yours. Whether it exists isn't said.
    Forbidden = "forbidden", FORBIDDEN;
    /// A form did not come from its own page, or its form token is missing, too old or not of this session. Load the page again and send it once more. The request must have `Origin` or `Sec-Fetch-Site`, as browsers send them. The log says in `reason` what was wrong. Only the pages need this; the API takes no cookies.
    CsrfFailed = "csrf_failed", FORBIDDEN;
    /// The request came over http, where anyone on the way could read it: send it over https. Safe methods are redirected instead. The pages need https, too, unless they are reached at a loopback address.
    HttpsRequired = "https_required", FORBIDDEN;
    /// The operator has closed registration.
    RegistrationClosed = "registration_closed", FORBIDDEN;
    /// The password is right, and the address must be confirmed before anybody signs in (`PORTCULLIS_EMAIL_VERIFICATION=required`), or before a second factor is enrolled. `POST /api/v1/email/resend` sends the mail once more.
    EmailUnverified = "email_unverified", FORBIDDEN;
    /// The password is right, the account has no second factor, and this server requires one (`PORTCULLIS_MFA=required`). The member `challenge` says how to go on: `POST /api/v1/login/enrol`.
    FactorEnrolmentRequired = "factor_enrolment_required", FORBIDDEN;
    /// Name and password are right, and the account is scheduled for deletion, as its owner wanted (`PORTCULLIS_DELETION_GRACE`): the member `deletion_due_at` says when it will be deleted. To keep it, sign in once more with `"keep_account": true`.
    DeletionScheduled = "deletion_scheduled", FORBIDDEN;
    /// This server sends no mail (`PORTCULLIS_MAIL_URL` is unset), so this can't be done here.
    MailDisabled = "mail_disabled", FORBIDDEN;
    /// There is nothing at this address; or, of the second factor, no enrolment is waiting for a code (begin it again), or the account has none. The message says which.
    NotFound = "not_found", NOT_FOUND;
    /// The address is right, the method isn't; `Allow` names those that are.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED;
    /// The client took too long to send the request.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT;
    /// Another account has this name, or one that looks like it.
    UsernameTaken = "username_taken", CONFLICT;
    /// Another account has this address.
    EmailTaken = "email_taken", CONFLICT;
    /// This server requires a second factor (`PORTCULLIS_MFA=required`), so the last one can't be removed. To replace it, enrol another.
    FactorNotRemovable = "factor_not_removable", CONFLICT;
    /// The body has more than 64 KiB. A form of a page that is too large and has no good form token within its first 64 KiB is `csrf_failed`.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE;
    /// The path and query are too long.
    UriTooLong = "uri_too_long", URI_TOO_LONG;
    /// The body is not `application/json` in UTF-8, or it is compressed.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE;
    /// The body was understood, but some of its fields break their rules; `errors` has every one, with a JSON pointer, a code and a sentence.
    ValidationFailed = "validation_failed", UNPROCESSABLE_ENTITY;
    /// Asked too often. `Retry-After` says when there is room again. `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11), which every answer of a limited route has, show how much is left; here they show the limit that refused. `X-RateLimit-Limit`, `-Remaining` and `-Reset`, which Flask-Limiter sends, are not sent: read `q` (how much is allowed) of `RateLimit-Policy`, and `r` (what is left) and `t` (in how many seconds there is more) of `RateLimit`. Each limit is a member with a name: its window (`"hour"`, `"day"`, `"minute"`) if it is that of the route for the client's address (`RATELIMIT_DEFAULT`; on `GET` of a page `PORTCULLIS_RATELIMIT_PAGES`) or of the signed-in user (`PORTCULLIS_RATELIMIT_USER`); `"sign-in"`, if a user has signed in too often (`PORTCULLIS_RATELIMIT_SIGNIN`); `"hashing"`, if a user had the password checked too often (`PORTCULLIS_RATELIMIT_HASHING`); `"taken"`, if somebody learned too often that a name or an address is taken, or changed theirs too often (`PORTCULLIS_RATELIMIT_TAKEN`). A second limit of a name has a number: `"sign-in-2"`.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS;
    /// Too many wrong passwords for this name, on this device or by this account, or too many wrong codes of the second factor of this account: after five each further one must wait longer, up to five minutes. Nothing was checked, the right password neither; the answer doesn't say whether the name is known. Try again after `Retry-After` seconds. An attempt counts until it is answered: of sign-ins at one name that are sent at once no more than five are checked, and the others get this, even if every password is right. They count in the limit of the client's address all the same: let a program sign in once and keep its tokens. `RateLimit` is not sent with it: these budgets are shown to nobody.
    TooManyAttempts = "too_many_attempts", TOO_MANY_REQUESTS;
    /// The headers are too many or too large: 100 headers and 64 KiB are the limit.
    HeadersTooLarge = "headers_too_large", REQUEST_HEADER_FIELDS_TOO_LARGE;
    /// Something went wrong here. The `request_id` finds the cause in the log.
    Internal = "internal", INTERNAL_SERVER_ERROR;
    /// The server has too much to do, its store does not answer, or the request took longer than `PORTCULLIS_REQUEST_TIMEOUT`. Try again after `Retry-After` seconds. A change that was asked for may have been made all the same, or be made yet: its answer is what was lost.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE;
}

impl Code {
    /// The code that this word stands for.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == word)
    }

    /// The key of the sentence for people.
    pub fn key(self) -> String {
        format!("problem-{}", self.as_str().replace('_', "-"))
    }

    /// The sentence for people, in English.
    pub fn message(self) -> &'static str {
        texts::in_english(&self.key()).unwrap_or(self.as_str())
    }

    /// The code for a status that came without one, from the framework.
    pub fn for_status(status: StatusCode) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.status() == status && !code.is_particular())
            .unwrap_or(if status.is_server_error() {
                Self::Internal
            } else {
                Self::MalformedRequest
            })
    }

    /// Whether it says more than its status does.
    const fn is_particular(self) -> bool {
        matches!(
            self,
            Self::MalformedJson
                | Self::InvalidCredentials
                | Self::CsrfFailed
                | Self::HttpsRequired
                | Self::InvalidLink
                | Self::FactorRequired
                | Self::InvalidChallenge
                | Self::FactorEnrolmentRequired
                | Self::FactorNotRemovable
                | Self::RegistrationClosed
                | Self::EmailUnverified
                | Self::DeletionScheduled
                | Self::MailDisabled
                | Self::TooManyAttempts
        )
    }

    /// The URL that explains it.
    pub fn type_url(self) -> String {
        format!("{ERRORS_PAGE}{}", self.as_str())
    }
}

/// The codes of single fields, in `errors` of a 422. They come from `problem`, `model` and `password`.
const OF_FIELDS: &[(&str, &str)] = &[
    (
        "breached_password",
        "The password is known from data breaches elsewhere.",
    ),
    ("contains_at", "A name has no `@` in it."),
    ("invalid_email", "It is no e-mail address."),
    ("invalid_type", "Another type of JSON belongs here."),
    (
        "invalid_username",
        "A name has a character that it may not have.",
    ),
    (
        "like_password",
        "The password is too much like the name that is to be the account's.",
    ),
    (
        "mixed_directions",
        "A name mixes writing from left to right with writing from right to left.",
    ),
    (
        "mixed_scripts",
        "A name mixes scripts whose letters look alike.",
    ),
    (
        "out_of_range",
        "A number is smaller or greater than it may be; the message says how great it may be.",
    ),
    ("invalid_cursor", "It is no `next_cursor` of a page before."),
    ("required", "The field is missing."),
    ("same_as_current", "The new password is the current one."),
    (
        "same_as_identity",
        "The password is the user's own name or address.",
    ),
    (
        "too_long",
        "It is longer than it may be; the message says how long.",
    ),
    (
        "too_short",
        "It is shorter than it may be; the message says how long.",
    ),
    (
        "too_weak",
        "The password is among the first that anybody would try.",
    ),
    ("unknown_field", "There is no such field here."),
];

/// The page that explains every code, in Markdown.
pub fn render_reference() -> String {
    use std::fmt::Write as _;

    let mut page = String::from(
        "<!-- Made from crates/server/src/code.rs. -->\n\n# Errors\n\nEvery failure is `application/problem+json` (RFC 9457); a browser that asks for a page (`Accept: text/html`, anywhere but under `/api/`) gets the same as a page, unless its request could not be read at all (`headers_too_large`, say: then what it accepts isn't known either):\n\n```json\n{\n  \"type\": \"…/docs/errors.md#validation_failed\",\n  \"title\": \"Unprocessable Content\",\n  \"status\": 422,\n  \"code\": \"validation_failed\",\n  \"message\": \"The input has one fault.\",\n  \"request_id\": \"6f1c…\",\n  \"errors\": [{\"pointer\": \"/email\", \"code\": \"invalid_email\", \"message\": \"…\"}]\n}\n```\n\n`code` is stable and meant for programs, `message` for people. `request_id` is the `X-Request-Id` of the answer, and finds the cause in the server's log. Of a failure of the server an answer reveals no more than `An error occurred.`, or, for one that passes by itself, `Temporarily unavailable. Try again shortly.`\n",
    );
    for code in Code::ALL {
        let status = code.status();
        // Writing to a String can't fail.
        let _ = write!(
            page,
            "\n### {}\n\n**{}** {}\n",
            code.as_str(),
            status.as_u16(),
            code.explanation().trim(),
        );
    }
    page.push_str("\n## Codes of fields\n\nOne fault in `errors` of a `validation_failed` has one of these.\n\n| code | what is wrong |\n|---|---|\n");
    for (code, meaning) in OF_FIELDS {
        let _ = writeln!(page, "| `{code}` | {meaning} |"); // as above
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence() {
        for code in Code::ALL {
            assert_ne!(code.message(), code.as_str());
            assert_eq!(Code::named(code.as_str()), Some(*code));
        }
    }
}
