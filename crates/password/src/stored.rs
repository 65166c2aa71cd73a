//! A stored hash, read: what to compute, and what to compare it with.

use secret::{Secret, same};

use crate::kind::Work;
#[cfg(feature = "legacy")]
pub(crate) use crate::legacy::Preparation;
use crate::memory::Memory;
use crate::{Kind, Malformed, Params, argon};

pub(crate) struct Stored {
    /// The work, checked against the bounds.
    pub(crate) kind: Kind,
    pub(crate) salt: Vec<u8>,
    /// What the work must give. `None` for text that is of its form, but that the system which owns
    /// the form would never write: the work is done, and nothing matches.
    pub(crate) tag: Option<Vec<u8>>,
    /// What happens to the password before the work.
    pub(crate) preparation: Preparation,
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
    fn apply(&self, password: &[u8]) -> (Secret<Vec<u8>>, bool) {
        match self {
            Self::AsSent => (Secret::new(password.to_vec()), true),
        }
    }
}

/// Bytes to compute when there is no tag to compare with.
const ANY_TAG_BYTES: usize = 32;

impl Stored {
    /// Whether `password` gives the tag.
    ///
    /// The work is the same whether it does or not, also for a password that the hash's own system
    /// would have refused.
    pub(crate) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, Malformed> {
        let (prepared, accepted) = self.preparation.apply(password);
        let mut computed = vec![0; self.tag.as_ref().map_or(ANY_TAG_BYTES, Vec::len)];
        derive(
            self.kind,
            prepared.expose(),
            &self.salt,
            &mut computed,
            memory,
        )?;
        let computed = Secret::new(computed);
        Ok(accepted
            && self
                .tag
                .as_ref()
                .is_some_and(|tag| same(computed.expose(), tag)))
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
