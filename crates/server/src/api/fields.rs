//! How the fields of inputs are read.

use model::{EmailAddress, EmailFault, Username, UsernameFault};
use problem::Fault;
use secret::Secret;

/// The longest text that is read as a login name or a password, in bytes.
pub(crate) const MAX_BYTES: usize = 1024;

/// A name for an account.
pub(crate) fn username(text: &str) -> Result<Username, Fault> {
    Username::parse(text).map_err(|fault| {
        let key = match fault {
            UsernameFault::TooShort => "field-username-too-short",
            UsernameFault::TooLong => "field-username-too-long",
            UsernameFault::ContainsAt => "field-username-contains-at",
            UsernameFault::InvalidCharacter => "field-username-invalid",
            UsernameFault::MixedDirections => "field-username-mixed-directions",
            UsernameFault::MixedScripts => "field-username-mixed-scripts",
        };
        Fault::new(fault.code(), fault.to_string()).with_key(key)
    })
}

/// An e-mail address.
pub(crate) fn email(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text).map_err(|fault| {
        let key = match fault {
            EmailFault::TooLong => "field-email-too-long",
            EmailFault::NoAt => "field-email-no-at",
            EmailFault::NotBare => "field-email-not-bare",
            EmailFault::Local => "field-email-local",
            EmailFault::Domain => "field-email-domain",
            EmailFault::NoTopLevelDomain => "field-email-no-top-level-domain",
            EmailFault::SpecialUse => "field-email-special-use",
        };
        Fault::new(fault.code(), fault.to_string()).with_key(key)
    })
}

/// What someone types to say who they are: no rule but the size, an imported name may be odd.
pub(crate) fn identifier(text: &str) -> Result<String, Fault> {
    bounded(text).map(str::to_owned)
}

/// A password as it was typed: no rule but the size, an old one is what it was.
pub(crate) fn typed_password(text: &str) -> Result<Secret<String>, Fault> {
    bounded(text).map(Secret::from)
}

/// What a client keeps, and shows again: whatever it is, it is looked up or counts for nothing.
#[expect(
    clippy::unnecessary_wraps,
    reason = "a field is read by a function that may refuse"
)]
pub(crate) fn kept(text: &str) -> Result<Secret<String>, Fault> {
    Ok(Secret::from(text))
}

fn bounded(text: &str) -> Result<&str, Fault> {
    if text.len() > MAX_BYTES {
        let message = format!("Use {MAX_BYTES} bytes or fewer.");
        return Err(Fault::new("too_long", message).with_key("field-too-long"));
    }
    Ok(text)
}
