//! The address of a mail server, or of a folder.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use secret::Secret;
use url::{Host, Url};

/// Where letters go, as the operator writes it: `smtp://user:password@mail.example.org:587`, `smtps://…`,
/// `file:///var/mail/portcullis`.
#[derive(Clone, Debug)]
pub struct MailUrl(pub(crate) Place);

#[derive(Clone, Debug)]
pub(crate) enum Place {
    Server(Server),
    Folder(PathBuf),
}

/// A mail server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) login: Option<Login>,
}

/// A user and a password.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: Secret<String>,
    pub(crate) password: Secret<String>,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// At once.
    Wrapped,
    /// By STARTTLS, and nothing is sent before it.
    StartTls,
    /// Never: the server is on this machine.
    None,
}

/// Why a text is no [`MailUrl`]. Nothing of it is quoted: there may be a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailUrlFault {
    /// No address at all, or of another kind.
    #[error("must begin with smtp://, smtps:// or file:/// and an absolute path")]
    Scheme,
    /// It can't be read. A password with a character that has a meaning in addresses does that.
    #[error(
        "is not an address; in a user and a password write %40 for @, %3A for :, %2F for /, %23 for #, %3F for ? and %25 for %"
    )]
    Unreadable,
    /// No host.
    #[error("names no host")]
    NoHost,
    /// A path behind the host.
    #[error("must end after the host and port")]
    Path,
    /// A parameter that there isn't.
    #[error("has a parameter other than starttls=required")]
    Parameter,
    /// `smtps` has TLS from the beginning.
    #[error("must begin with smtp:// where STARTTLS is required")]
    StartTlsTwice,
    /// A user without a password, or the other way round.
    #[error("must have both a user and a password, or neither")]
    HalfALogin,
    /// No absolute path.
    #[error("must name a folder by its absolute path: file:///var/mail/portcullis")]
    Folder,
}

impl MailUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// [`MailUrlFault`].
    pub fn parse(text: &str) -> Result<Self, MailUrlFault> {
        let (scheme, _) = text.split_once("://").ok_or(MailUrlFault::Scheme)?;
        let place = match scheme {
            "file" => Place::Folder(folder(text)?),
            "smtp" | "smtps" => Place::Server(server(text)?),
            _ => return Err(MailUrlFault::Scheme),
        };
        Ok(Self(place))
    }

    /// The folder, if letters go to one.
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.0 {
            Place::Folder(path) => Some(path),
            Place::Server(_) => None,
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.encryption {
            Encryption::Wrapped => "smtps",
            Encryption::StartTls | Encryption::None => "smtp",
        };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

fn folder(text: &str) -> Result<PathBuf, MailUrlFault> {
    let url = Url::parse(text).map_err(|_| MailUrlFault::Unreadable)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(MailUrlFault::Folder);
    }
    let path = url.to_file_path().map_err(|()| MailUrlFault::Folder)?;
    if path.parent().is_none() {
        return Err(MailUrlFault::Folder);
    }
    Ok(path)
}

fn server(text: &str) -> Result<Server, MailUrlFault> {
    let url = Url::parse(text).map_err(|_| MailUrlFault::Unreadable)?;
    // Of a scheme that it doesn't know the parser takes any host: read again as one that it knows.
    let host = Host::parse(url.host_str().unwrap_or_default()).map_err(|_| MailUrlFault::NoHost)?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err(MailUrlFault::Path);
    }
    let demands_starttls = match url.query() {
        None => false,
        Some("starttls=required") => true,
        Some(_) => return Err(MailUrlFault::Parameter),
    };
    let (encryption, port) = match url.scheme() {
        "smtps" if demands_starttls => return Err(MailUrlFault::StartTlsTwice),
        "smtps" => (Encryption::Wrapped, 465),
        _ if demands_starttls || !is_loopback(&host) => (Encryption::StartTls, 587),
        _ => (Encryption::None, 587),
    };
    Ok(Server {
        host: match host {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        },
        port: url.port().unwrap_or(port),
        encryption,
        login: login(&url)?,
    })
}

fn login(url: &Url) -> Result<Option<Login>, MailUrlFault> {
    let (user, password) = match (url.username(), url.password()) {
        ("", None) => return Ok(None),
        ("", Some(_)) | (_, None) => return Err(MailUrlFault::HalfALogin),
        (user, Some(password)) => (user, password),
    };
    let decoded = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.map_err(|_| MailUrlFault::Unreadable)?;
        Ok(Secret::new(decoded.into_owned()))
    };
    Ok(Some(Login {
        user: decoded(user)?,
        password: decoded(password)?,
    }))
}

fn is_loopback(host: &Host<String>) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).to_canonical().is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        match MailUrl::parse(text) {
            Ok(MailUrl(Place::Server(server))) => server,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_server_off_this_machine_is_never_spoken_to_in_the_clear() {
        use Encryption::{None, StartTls, Wrapped};
        for (text, host, port, encryption) in [
            ("smtp://mail.example.org", "mail.example.org", 587, StartTls),
            (
                "smtp://mail.example.org:25",
                "mail.example.org",
                25,
                StartTls,
            ),
            ("smtp://192.0.2.1", "192.0.2.1", 587, StartTls),
            (
                "smtp://localhost.example.org/",
                "localhost.example.org",
                587,
                StartTls,
            ),
            ("smtp://exämple.com", "xn--exmple-cua.com", 587, StartTls),
            ("smtps://mail.example.org", "mail.example.org", 465, Wrapped),
            ("smtps://localhost:4650", "localhost", 4650, Wrapped),
            ("smtp://localhost:1025", "localhost", 1025, None),
            ("smtp://127.0.0.2", "127.0.0.2", 587, None),
            ("smtp://[::1]:25", "::1", 25, None),
            (
                "smtp://localhost?starttls=required",
                "localhost",
                587,
                StartTls,
            ),
        ] {
            let server = server(text);
            assert_eq!(
                (&*server.host, server.port, server.encryption),
                (host, port, encryption),
                "{text}"
            );
            assert!(server.login.is_none());
        }
    }

    #[test]
    fn a_login_is_decoded_and_never_shown() {
        let server = server("smtp://user%40example.org:p%2Fw%3A%40%C3%A9@mail.example.org");
        let login = server.login.clone().unwrap();
        assert_eq!(login.user.expose(), "user@example.org");
        assert_eq!(login.password.expose(), "p/w:@é");
        let shown = format!("{server:?} {server}");
        assert!(
            !shown.contains("user%40") && !shown.contains("p/w") && !shown.contains("p%2F"),
            "{shown}"
        );
    }

    #[test]
    fn a_folder_is_named_by_its_path() {
        let url = MailUrl::parse("file:///var/mail/port%20cullis").unwrap();
        assert_eq!(
            url.folder(),
            Some(std::path::Path::new("/var/mail/port cullis"))
        );
        for text in ["file://mail", "file:///", "file:///a?b"] {
            assert_eq!(
                MailUrl::parse(text).unwrap_err(),
                MailUrlFault::Folder,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        use MailUrlFault as Fault;
        for (text, fault) in [
            ("", Fault::Scheme),
            ("mail.example.org", Fault::Scheme),
            ("http://mail.example.org", Fault::Scheme),
            ("smtp://", Fault::NoHost),
            ("smtp://user:pa/ss@mail.example.org", Fault::Unreadable),
            ("smtp://mail.example.org:x", Fault::Unreadable),
            ("smtp://mail.example.org/x", Fault::Path),
            ("smtp://mail.example.org?tls=none", Fault::Parameter),
            (
                "smtp://mail.example.org?starttls=required&x=y",
                Fault::Parameter,
            ),
            (
                "smtps://mail.example.org?starttls=required",
                Fault::StartTlsTwice,
            ),
            ("smtp://user@mail.example.org", Fault::HalfALogin),
            ("smtp://:pw@mail.example.org", Fault::HalfALogin),
        ] {
            assert_eq!(MailUrl::parse(text).unwrap_err(), fault, "{text}");
        }
    }
}
