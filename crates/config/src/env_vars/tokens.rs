//! Secrets, tokens and their lifetimes.

use super::{Fallback, Kind, env_vars};

/// The names of the algorithms, as RFC 7518 §3.1 and RFC 8037 §3.1 write them.
pub(crate) const ALGORITHMS: &[&str] = &["HS256", "HS384", "HS512", "EdDSA", "ES256", "RS256"];

/// What holds for a secret that isn't set.
const GENERATED_OR_REQUIRED: Fallback =
    Fallback::Described("generated into the data folder on a loopback address, else required");

env_vars! {
    /// Encrypts and authenticates whatever needs it besides access and refresh tokens. At least 32
    /// random bytes (`openssl rand -hex 32`), and not the value of `JWT_SECRET_KEY`.
    SECRET_KEY = "SECRET_KEY", Secrets, Kind::Secret, GENERATED_OR_REQUIRED;

    /// The `SECRET_KEY` before the present one: it still decrypts and verifies, and makes nothing
    /// new. Codes in mails stay good. Unset it when `portcullis keys reencrypt` says that it may be. After a leak, leave it
    /// unset.
    SECRET_KEY_PREVIOUS = "SECRET_KEY_PREVIOUS", Secrets, Kind::Secret, Fallback::Described("unset");

    /// Signs access and refresh tokens with `HS256`, `HS384` or `HS512`. At least 32 random bytes (48 for
    /// `HS384`, 64 for `HS512`: RFC 7518 §3.2). Whoever holds it can issue tokens for anyone: share it
    /// with a Flask service only if that is acceptable.
    JWT_SECRET_KEY = "JWT_SECRET_KEY", Tokens, Kind::Secret, GENERATED_OR_REQUIRED;

    /// The `JWT_SECRET_KEY` before the present one: tokens signed with it are still accepted, none is
    /// signed with it. After a leak, leave it unset.
    JWT_SECRET_KEY_PREVIOUS = "JWT_SECRET_KEY_PREVIOUS", Tokens, Kind::Secret, Fallback::Described("unset");

    /// The algorithm that signs tokens, and the only one that is accepted (besides that of a previous
    /// key). With `EdDSA`, `ES256` and `RS256` services verify with the public key, which stands at
    /// `/.well-known/jwks.json`, and share no secret.
    JWT_ALGORITHM = "JWT_ALGORITHM", Tokens, Kind::Choice(ALGORITHMS), Fallback::Value("HS256");

    /// The private key for `EdDSA`, `ES256` or `RS256`, in PEM: `portcullis keys generate` makes one. PKCS #8, for
    /// `ES256` also SEC1 (`EC PRIVATE KEY`), for `RS256` also PKCS #1 (`RSA PRIVATE KEY`); text around it is passed over.
    /// It must not be encrypted.
    JWT_PRIVATE_KEY = "JWT_PRIVATE_KEY", Tokens, Kind::PrivateKey, Fallback::Described("unset");

    /// The public key that belongs to `JWT_PRIVATE_KEY`, in PEM. It isn't needed; one that doesn't
    /// belong to it refuses the start.
    JWT_PUBLIC_KEY = "JWT_PUBLIC_KEY", Tokens, Kind::PublicKey, Fallback::Described("derived from the private key");

    /// The public key before the present one, in PEM: tokens signed with its private key are still
    /// accepted, and services still find it. After a leak, leave it unset.
    JWT_PUBLIC_KEY_PREVIOUS = "JWT_PUBLIC_KEY_PREVIOUS", Tokens, Kind::PublicKey, Fallback::Described("unset");

    /// How long an access token is good for. Tokens that never expire (`False` in Flask) are refused.
    JWT_ACCESS_TOKEN_EXPIRES = "JWT_ACCESS_TOKEN_EXPIRES", Tokens, Kind::Seconds { min: 1, max: 2_592_000 }, Fallback::Value("900");

    /// How long a refresh token is good for; each is used once, and its successor starts anew. At
    /// least as long as an access token.
    JWT_REFRESH_TOKEN_EXPIRES = "JWT_REFRESH_TOKEN_EXPIRES", Tokens, Kind::Seconds { min: 1, max: 31_536_000 }, Fallback::Value("2592000");

    /// The issuer (`iss`) written into tokens.
    JWT_ENCODE_ISSUER = "JWT_ENCODE_ISSUER", Tokens, Kind::Text, Fallback::Described("the public URL");

    /// The issuer that tokens must name. Unset, the issuer isn't looked at.
    JWT_DECODE_ISSUER = "JWT_DECODE_ISSUER", Tokens, Kind::Text, Fallback::Described("unset");

    /// The audience (`aud`) written into tokens.
    JWT_ENCODE_AUDIENCE = "JWT_ENCODE_AUDIENCE", Tokens, Kind::Text, Fallback::Described("unset");

    /// The audience that tokens must name. Unset, the audience isn't looked at.
    JWT_DECODE_AUDIENCE = "JWT_DECODE_AUDIENCE", Tokens, Kind::Text, Fallback::Described("unset");

    /// How far other clocks may differ: for this long an expired token is still accepted, and one
    /// that isn't valid yet already.
    JWT_DECODE_LEEWAY = "JWT_DECODE_LEEWAY", Tokens, Kind::Seconds { min: 0, max: 300 }, Fallback::Value("0");

    /// Until when tokens of the Flask application before this one are accepted, signed with the same
    /// key: a time such as `2027-01-31T00:00:00Z`. Unset: never. These are tokens with none of `sid`,
    /// `gen` and `iss`. They read their account, sign out, and a refresh token opens a session, once;
    /// changes need a session. Choose the move and the longest lifetime of that application's refresh
    /// tokens.
    LEGACY_TOKENS_UNTIL = "PORTCULLIS_LEGACY_TOKENS_UNTIL", Tokens, Kind::Time, Fallback::Described("unset");
}
