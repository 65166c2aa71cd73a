//! The application's secrets.

use secret::Secret;

use crate::{
    Origin,
    development_secrets::Found,
    env_vars::{
        EnvVar,
        tokens::{JWT_SECRET_KEY, SECRET_KEY, SECRET_KEY_PREVIOUS},
    },
    reader::Reader,
    strength::{self, HOW_TO_MAKE},
    values::Value,
};

/// The least length of a secret in bytes: 256 bits, the output of the hash it is used with.
pub(super) const MIN_LENGTH: usize = 32;

/// The secret that protects everything but tokens.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// The secret that encrypts and authenticates.
    pub secret_key: SecretSource,
    /// The secret before it, which only decrypts and verifies.
    pub previous: Option<Secret<String>>,
}

/// A secret, or the lack of one that [`Config::keys`](crate::Config::keys) makes good.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// The secret: set, or generated at an earlier start.
    Set(Secret<String>),
    /// None yet. It is generated at the start, which only happens on a loopback address.
    ToBeGenerated,
    /// None is needed: tokens are signed with a private key.
    NotUsed,
}

impl Secrets {
    pub(crate) fn read(reader: &mut Reader, generated: &Found) -> Self {
        Self {
            secret_key: current(reader, &SECRET_KEY, MIN_LENGTH, generated),
            previous: previous(reader, &SECRET_KEY_PREVIOUS, MIN_LENGTH, &SECRET_KEY),
        }
    }
}

/// A secret that must be there: set, or generated.
pub(super) fn current(
    reader: &mut Reader,
    var: &'static EnvVar,
    min_length: usize,
    generated: &Found,
) -> SecretSource {
    if reader.raw(var).is_some() || reader.is_faulty(var) {
        let set = reader.optional(var, |text| {
            strength::check(text, min_length).map(|()| Secret::from(text))
        });
        return set.map_or(SecretSource::ToBeGenerated, SecretSource::Set);
    }
    match generated {
        Found::Present { path, secrets } => {
            let text = secrets.of(var).clone();
            let origin = Origin::Generated { path: path.clone() };
            reader.values.known.insert(
                var.name,
                Value {
                    text: text.clone(),
                    origin,
                },
            );
            SecretSource::Set(text)
        }
        Found::Absent { path } => {
            let origin = Origin::ToBeGenerated { path: path.clone() };
            reader.derived(var, "[not yet]", origin);
            SecretSource::ToBeGenerated
        }
        Found::Faulty => SecretSource::ToBeGenerated,
        Found::NotUsed => {
            reader.fault(
                var,
                format!("must be set where other machines can reach the server: {HOW_TO_MAKE}"),
            );
            SecretSource::ToBeGenerated
        }
    }
}

/// A secret that was replaced. It can still be guessed, so it must be as strong.
pub(super) fn previous(
    reader: &mut Reader,
    var: &'static EnvVar,
    min_length: usize,
    current: &'static EnvVar,
) -> Option<Secret<String>> {
    let previous = reader.optional(var, |text| {
        strength::check(text, min_length).map(|()| Secret::from(text))
    })?;
    if is_same(reader, var, current) {
        reader.fault(var, format!("is the same as {}: unset it", current.name));
    }
    Some(previous)
}

/// One value must not serve two purposes: whoever learns it by one has the other.
pub(crate) fn check_distinct(reader: &mut Reader) {
    if is_same(reader, &SECRET_KEY, &JWT_SECRET_KEY) {
        reader.fault(
            &SECRET_KEY,
            format!("is the same as JWT_SECRET_KEY: leave that one, so that tokens stay good, and change this one; {HOW_TO_MAKE}"),
        );
    }
}

fn is_same(reader: &Reader, a: &EnvVar, b: &EnvVar) -> bool {
    match (reader.raw(a), reader.raw(b)) {
        (Some(a), Some(b)) => secret::same(a.text.expose().as_bytes(), b.text.expose().as_bytes()),
        _ => false,
    }
}
