//! Addresses with a password in them, made fit to print.

/// `mongodb://user:password@host/db?x=y` as `mongodb://user:[redacted]@host/db?[redacted]`.
///
/// Meant to hide too much rather than too little: everything up to the last `@` counts as user and
/// password, for a password may hold `/`, `?` and `@` unescaped; parameters may hold keys. Text that is
/// no address is hidden whole.
pub(crate) fn uri(text: &str) -> String {
    const REDACTED: &str = "[redacted]";

    let Some((scheme, rest)) = text.split_once("://") else {
        return REDACTED.to_owned();
    };
    let (login, place) = match rest.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, rest),
    };
    let login = match login {
        Some(login) => match login.split_once(':') {
            Some((user, _)) => format!("{user}:{REDACTED}@"),
            None => format!("{REDACTED}@"), // some services take a key in the place of the user
        },
        None => String::new(),
    };
    let place = match place.split_once(['?', '#']) {
        Some((place, _)) => format!("{place}?{REDACTED}"),
        None => place.to_owned(),
    };
    format!("{scheme}://{login}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_and_parameters_are_hidden() {
        for (text, shown) in [
            ("mongodb://host/db", "mongodb://host/db"),
            ("mongodb://user:pw@host/", "mongodb://user:[redacted]@host/"),
            (
                "mongodb://user:p/w@x?y@host/",
                "mongodb://user:[redacted]@host/",
            ),
            ("mongodb://user@host/", "mongodb://[redacted]@host/"),
            (
                "mongodb://u:pw@a:1,b:2/db?replicaSet=x",
                "mongodb://u:[redacted]@a:1,b:2/db?[redacted]",
            ),
            ("mongodb://host/?key=k@k", "mongodb://[redacted]@k"),
            ("redis://:pw@host:6379/0", "redis://:[redacted]@host:6379/0"),
            ("hunter2", "[redacted]"),
            ("", "[redacted]"),
        ] {
            assert_eq!(uri(text), shown, "{text}");
        }
    }
}
