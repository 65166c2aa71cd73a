//! How the fields of inputs are read.

use model::{EmailAddress, Username};
use problem::Fault;
use secret::Secret;

/// The longest text that is read as a login name or a password, in bytes.
const MAX_BYTES: usize = 1024;

/// A name for an account.
pub(crate) fn username(text: &str) -> Result<Username, Fault> {
    Username::parse(text).map_err(|fault| Fault::new(fault.code(), fault.to_string()))
}

/// An e-mail address.
pub(crate) fn email(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text).map_err(|fault| Fault::new(fault.code(), fault.to_string()))
}

/// What someone types to say who they are: no rule but the size, an imported name may be odd.
pub(crate) fn identifier(text: &str) -> Result<String, Fault> {
    bounded(text).map(str::to_owned)
}

/// A password as it was typed: no rule but the size, an old one is what it was.
pub(crate) fn typed_password(text: &str) -> Result<Secret<String>, Fault> {
    bounded(text).map(Secret::from)
}

fn bounded(text: &str) -> Result<&str, Fault> {
    if text.len() > MAX_BYTES {
        return Err(Fault::new(
            "too_long",
            format!("Use {MAX_BYTES} bytes or fewer."),
        ));
    }
    Ok(text)
}
