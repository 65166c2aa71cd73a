//! What foreign hashes don't say about themselves.

use secret::Secret;

/// Settings of the application that wrote the stored hashes, where they can't be read from the hash.
#[derive(Clone, Debug, Default)]
pub struct ForeignSettings {
    /// Whether a password of more than 72 bytes is cut there for bcrypt, as most libraries did for decades. The
    /// default is that it doesn't match: whatever stands behind the 72nd byte would open the account.
    pub truncate_bcrypt: bool,
    /// Devise's `pepper`, which stands behind every password that bcrypt sees. It holds for the hashes that begin with
    /// bcrypt's own `$2…$`; those under another system's label have none.
    pub bcrypt_pepper: Option<Secret<String>>,
}
