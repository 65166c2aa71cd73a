//! Mail, and the texts that people read.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// Where mail goes: `smtp://user:password@mail.example.org:587`, where TLS begins with STARTTLS and nothing is sent
    /// without it; `smtps://` (port 465), where TLS begins at once; or `file:///var/mail/portcullis`, a folder that gets
    /// one file for each message and is made with the first one. A server on a loopback address is spoken to without TLS, unless `?starttls=required`
    /// stands behind its port. In a user and a password `@` is written `%40`, `:` `%3A`, `/` `%2F`, `#` `%23`, `?` `%3F`,
    /// `%` `%25`. Without this nobody can recover a password. `portcullis mail test ADDRESS` tries it.
    MAIL_URL = "PORTCULLIS_MAIL_URL", Mail, Kind::MailUrl, Fallback::Described("unset: mail is off, and nobody can recover a password");

    /// The sender of all mail, with a name or without: `Example accounts <accounts@example.org>`. SPF and DMARC of its
    /// domain must allow the mail server. Required with `PORTCULLIS_MAIL_URL`.
    MAIL_FROM = "PORTCULLIS_MAIL_FROM", Mail, Kind::Text, Fallback::Described("unset");

    /// Where replies go, if not to the sender.
    MAIL_REPLY_TO = "PORTCULLIS_MAIL_REPLY_TO", Mail, Kind::Text, Fallback::Described("unset: to the sender");

    /// A file of certificates in PEM that are believed beside those of the public authorities: the authority of a mail
    /// server inside your network.
    MAIL_CA = "PORTCULLIS_MAIL_CA", Mail, Kind::Path, Fallback::Described("unset: the public authorities only");

    /// A folder with templates in place of ours, by name: `reset_password.html`. docs/mail.md lists them. All are tried
    /// at the start.
    MAIL_TEMPLATES = "PORTCULLIS_MAIL_TEMPLATES", Mail, Kind::Path, Fallback::Described("unset: ours");

    /// What the service is called, in up to 64 characters of one line: on every page and, once it is set, in every mail, as the name
    /// of a sender that has none, and in authenticator apps.
    BRAND_NAME = "PORTCULLIS_BRAND_NAME", Mail, Kind::Text, Fallback::Described("unset: Portcullis, in mail and apps the public host");

    /// A folder with texts for people, in Fluent: `de.ftl` or `de/*.ftl` adds a language, `en.ftl` replaces single
    /// texts of ours. A language is used for pages and for mail if it lacks no text of them. docs/mail.md says more.
    TEXTS = "PORTCULLIS_TEXTS", Mail, Kind::Path, Fallback::Described("unset: English");

    /// Whether people prove that their e-mail address is theirs: `off` is never, `optional` asks them and waits for
    /// nothing, `required` creates no account without. Other than `off` needs `PORTCULLIS_MAIL_URL`.
    EMAIL_VERIFICATION = "PORTCULLIS_EMAIL_VERIFICATION", Mail, Kind::Choice(&["off", "optional", "required"]), Fallback::Value("off");
}
