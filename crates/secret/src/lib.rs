//! Secrets leak by accident: a `#[derive(Debug)]` on a struct with a password in it, an error that
//! quotes its input, a comparison that stops at the first wrong byte, a core dump long after a
//! value was needed. The types here make each of these accidents hard.
//!
//! - [`Secret`] holds a value that is neither printed nor serialised, and is wiped when dropped.
//! - [`PlainToken`] and [`HashedToken`] are the two sides of an opaque random token: the plain one is
//!   handed out once, only the hashed one is stored.
//! - `Sealer` (feature `sealed`) encrypts what is stored.
//! - [`same`] compares bytes in a time that does not depend on where they differ.
//!
//! What this can't do: the allocator, the kernel and the network have copies of their own. Wiping
//! shortens the life of a secret in this process, it does not end every copy.
//!
//! ```
//! use secret::Secret;
//!
//! #[derive(Debug)]
//! struct Login { name: String, password: Secret<String> }
//!
//! let login = Login { name: "alice".into(), password: Secret::new("correct horse".into()) };
//! assert_eq!(format!("{login:?}"), r#"Login { name: "alice", password: [redacted] }"#);
//! assert_eq!(login.password.expose(), "correct horse");
//! ```

#[cfg(feature = "sealed")]
mod sealed;
#[cfg(feature = "token")]
mod token;

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroize;

#[cfg(feature = "sealed")]
pub use sealed::{Sealer, Unsealable};
#[cfg(feature = "token")]
pub use token::{HashedToken, PlainToken, TokenPrefix, UnreadableToken};

/// A value that is not printed, not serialised, and wiped when dropped.
///
/// There is no `Display`, no `Serialize`, no `Deref` and no `PartialEq`: a use of the value reads
/// `.expose()`, so that it can be searched for.
#[derive(Clone, Default)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` into safekeeping.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self::new(value.to_owned())
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Whether `a` and `b` are the same bytes, in a time that depends on their lengths only.
///
/// Unequal lengths are told at once: the length of a MAC or a token is no secret.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_value_nor_its_length() {
        for value in ["", "hunter2", &"x".repeat(1000)] {
            assert_eq!(format!("{:?}", Secret::<String>::from(value)), "[redacted]");
            assert_eq!(
                format!("{:#?}", Secret::<String>::from(value)),
                "[redacted]"
            );
        }
    }

    #[test]
    fn same_tells_equal_from_unequal() {
        assert!(same(b"", b""));
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"abcd"));
        assert!(!same(b"abc", b""));
    }

    #[test]
    fn a_dropped_secret_is_wiped() {
        use std::sync::{Arc, Mutex};

        struct Witness(Arc<Mutex<bool>>);
        impl Zeroize for Witness {
            fn zeroize(&mut self) {
                *self.0.lock().unwrap() = true;
            }
        }

        let wiped = Arc::new(Mutex::new(false));
        drop(Secret::new(Witness(Arc::clone(&wiped))));
        assert!(*wiped.lock().unwrap());
    }
}
