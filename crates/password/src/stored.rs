//! A stored hash, read: what to compute, and what to compare it with.

use secret::{Secret, same};

use crate::kind::Work;
#[cfg(feature = "legacy")]
pub(crate) use crate::legacy::Preparation;
use crate::memory::Memory;
use crate::{ForeignSettings, Kind, Malformed, Params, argon};

pub(crate) struct Stored {
    /// The work, checked against the bounds.
    pub(crate) kind: Kind,
    pub(crate) salt: Vec<u8>,
    /// What the work must give. Text that no password could match, such as a tag that was cut or has a newline
    /// behind it, is not read at all: it is a damaged hash, not a wrong password.
    pub(crate) tag: Vec<u8>,
    /// What happens to the password before the work.
    pub(crate) preparation: Preparation,
    /// What is encrypted under the outcome of the work before the two are compared (Firebase).
    #[cfg(feature = "legacy")]
    pub(crate) encrypts: Option<Vec<u8>>,
    /// The same text as another system reads it that shares the form. The kind stands for both.
    #[cfg(feature = "legacy")]
    pub(crate) or: Option<Box<Stored>>,
    /// An Argon2 string with at least the salt and the tag of a new hash.
    pub(crate) native: bool,
}

/// Without the older formats a password is always hashed as it was sent.
#[cfg(not(feature = "legacy"))]
pub(crate) enum Preparation {
    AsSent,
}

#[cfg(not(feature = "legacy"))]
impl Preparation {
    fn apply(&self, password: &[u8], _: &ForeignSettings) -> (Secret<Vec<u8>>, bool) {
        match self {
            Self::AsSent => (Secret::new(password.to_vec()), true),
        }
    }
}

impl Stored {
    /// A hash of another system, of the password as it was sent.
    pub(crate) fn foreign(kind: Kind, salt: Vec<u8>, tag: Vec<u8>) -> Self {
        Self {
            kind,
            salt,
            tag,
            preparation: Preparation::AsSent,
            #[cfg(feature = "legacy")]
            encrypts: None,
            #[cfg(feature = "legacy")]
            or: None,
            native: false,
        }
    }

    /// Whether `password` gives the tag.
    ///
    /// The work is the same whether it does or not, also for a password that the hash's own system
    /// would have refused.
    pub(crate) fn matches(
        &self,
        password: &[u8],
        settings: &ForeignSettings,
        memory: &mut Memory,
    ) -> Result<bool, Malformed> {
        let (prepared, accepted) = self.preparation.apply(password, settings);
        let computed = self.compute(prepared.expose(), memory)?;
        let matches = accepted & same(computed.expose(), &self.tag);
        #[cfg(feature = "legacy")]
        if let Some(other) = &self.or {
            return Ok(matches | other.matches(password, settings, memory)?);
        }
        Ok(matches)
    }

    /// What is compared with the tag.
    fn compute(&self, password: &[u8], memory: &mut Memory) -> Result<Secret<Vec<u8>>, Malformed> {
        #[cfg(feature = "legacy")]
        if let Some(text) = &self.encrypts {
            let mut key = vec![0; crate::legacy::CIPHER_KEY_BYTES];
            derive(self.kind, password, &self.salt, &mut key, memory)?;
            let key = Secret::new(key);
            return crate::legacy::encrypt(key.expose(), text).map(Secret::new);
        }
        let mut computed = vec![0; self.tag.len()];
        derive(self.kind, password, &self.salt, &mut computed, memory)?;
        Ok(Secret::new(computed))
    }
}

/// Does the work of `kind`.
pub(crate) fn derive(
    kind: Kind,
    password: &[u8],
    salt: &[u8],
    tag: &mut [u8],
    memory: &mut Memory,
) -> Result<(), Malformed> {
    match kind.0 {
        Work::Argon2 {
            variant,
            version,
            memory_kib,
            passes,
            lanes,
        } => {
            let params =
                Params::new(memory_kib, passes, lanes).map_err(|_| Malformed::Parameters)?;
            argon::derive((variant, version, params), password, salt, tag, memory)
        }
        #[cfg(feature = "legacy")]
        work => crate::legacy::derive(work, password, salt, tag),
        #[cfg(not(feature = "legacy"))]
        _ => Err(Malformed::Unsupported),
    }
}

/// Reads a stored hash of any supported format.
///
/// # Errors
/// [`Malformed`], before any work is done.
pub(crate) fn read(text: &str) -> Result<Stored, Malformed> {
    if text.len() > crate::bounds::MAX_HASH_BYTES {
        return Err(Malformed::TooLong);
    }
    if text.starts_with("$argon2") {
        return argon::read_phc(text);
    }
    #[cfg(feature = "legacy")]
    return crate::legacy::read(text);
    #[cfg(not(feature = "legacy"))]
    Err(Malformed::UnknownFormat)
}
