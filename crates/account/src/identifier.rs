//! What someone typed to say who they are.

use model::{EmailAddress, User, UsernameKey};
use storage::LoginName;

/// Longer than any name or address: beyond this nothing is looked up.
const MAX_IDENTIFIER_BYTES: usize = 1024;

/// Every form in which `typed` could be meant. The address is looked up only when there is an `@`,
/// which no name has.
pub(crate) fn login_name(typed: &str) -> LoginName {
    if typed.len() > MAX_IDENTIFIER_BYTES {
        return LoginName::default();
    }
    let address = typed
        .contains('@')
        .then(|| EmailAddress::parse(typed).ok())
        .flatten();
    LoginName {
        exact: typed.to_owned(),
        username_key: UsernameKey::of_login(typed).map(|key| key.as_str().to_owned()),
        email_key: address.map(|address| address.key()),
    }
}

/// One text for all the ways to type the same identifier, for whatever counts or hashes by it.
pub(crate) fn canonical(name: &LoginName) -> &str {
    name.email_key
        .as_deref()
        .or(name.username_key.as_deref())
        .unwrap_or(&name.exact)
}

/// Whether `name` could be typed for the name or the address of `user`.
pub(crate) fn is_named(user: &User, name: &LoginName) -> bool {
    let typed = canonical(name);
    user.identities()
        .any(|own| canonical(&login_name(own)) == typed)
}
