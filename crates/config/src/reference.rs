//! `docs/configuration.md` and `.env.example`, generated from the settings.

use std::fmt::{self, Write as _};

use crate::env_vars::{self, Area, EnvVar, Fallback, Kind, Status};

const INTRODUCTION: &str = "\
<!-- Generated from crates/config/src/env_vars. To change it, change the settings there and run
     PORTCULLIS_UPDATE_GENERATED=1 cargo test -p portcullis-config -->

# Configuration

Settings come from four places, each over the one before it:

1. the defaults below;
2. a file `.env` in the working folder, in python-dotenv's notation;
3. environment variables;
4. flags of `portcullis serve`.

An empty value counts as not set, and the place before it applies: an empty environment variable doesn't
switch off what `.env` sets. Remove it there, or comment it out. A name that starts with `PORTCULLIS_` and isn't below stops the
start, unless it starts with `PORTCULLIS_TEST_`: those belong to the tests of this project. Names of
other programs are ignored, so that a Flask application's `.env` can be used as it is.

A secret may stand in a file of its own: `JWT_SECRET_KEY_FILE=/run/secrets/jwt` takes the content of
that file, without a byte order mark before it and a line end after it, as `JWT_SECRET_KEY`. To set both
is refused. The settings that can do this say so below. Neither such a file nor `.env` may be writable
by every user.

`portcullis config check` prints every value and where it came from, with secrets masked, or everything
that is wrong with them at once; and once nothing is, everything that is wrong with what they name:
keys, certificates, the data folder, the connection string, templates, texts.
";

/// The text of `docs/configuration.md`.
pub fn render_reference() -> String {
    let mut page = String::from(INTRODUCTION);
    for area in Area::ALL {
        let _ = write!(page, "\n## {}\n", area.title()); // writing to a string can't fail
        for var in env_vars::all().filter(|var| var.area == area) {
            let _ = write_entry(&mut page, var);
        }
    }
    page
}

/// The text of `.env.example`: every setting that can be used, as a comment.
pub fn render_env_example() -> String {
    let mut file = String::from(
        "# Settings of Portcullis. Copy this file to .env and remove the # before what you change;\n\
         # docs/configuration.md says more. Make each secret with: openssl rand -hex 32\n",
    );
    for area in Area::ALL {
        let vars: Vec<_> = env_vars::all()
            .filter(|var| var.area == area && var.status == Status::Active)
            .collect();
        if !vars.is_empty() {
            let _ = write!(file, "\n# {}\n", area.title());
        }
        for var in vars {
            let _ = match var.default {
                Fallback::Value(text) => writeln!(file, "#{}={text}", var.name),
                Fallback::Described(words) => {
                    writeln!(file, "#{}=    # {}", var.name, words.replace('`', ""))
                }
            };
        }
    }
    file
}

fn write_entry(page: &mut String, var: &EnvVar) -> fmt::Result {
    write!(page, "\n### `{}`\n\n", var.name)?;
    if var.status != Status::Active {
        page.push_str("**Planned.** ");
        page.push_str(match var.status {
            Status::PlannedRefused => "This version refuses to start with it.\n\n",
            _ => "This version doesn't carry it out, and says so at the start.\n\n",
        });
    }
    for line in var.doc.lines() {
        writeln!(page, "{}", line.strip_prefix(' ').unwrap_or(line))?;
    }
    write!(page, "\n- Value: {}\n", Form(var.kind))?;
    match var.default {
        Fallback::Value(text) => writeln!(page, "- Default: `{text}`")?,
        Fallback::Described(words) => writeln!(page, "- Default: {words}")?,
    }
    if let Some(flag) = var.flag {
        writeln!(page, "- Flag: `{flag}`")?;
    }
    if let Some(file) = var.file_variable() {
        writeln!(page, "- In a file: `{file}`")?;
    }
    Ok(())
}

/// What a value looks like, in words.
struct Form(Kind);

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Address => f.write_str("an IP address and a port"),
            Kind::Path => f.write_str("a path"),
            Kind::PublicUrl => f.write_str("an http or https address without a path"),
            Kind::Seconds { min, max } => write!(f, "whole seconds, {min} to {max}"),
            Kind::Number { min, max } => write!(f, "a whole number, {min} to {max}"),
            Kind::Switch => f.write_str("`true` or `false`"),
            Kind::Choice(words) => write!(f, "`{}`", words.join("`, `")),
            Kind::Text => f.write_str("text"),
            Kind::Time => f.write_str("a time in RFC 3339"),
            Kind::Networks => f.write_str("networks or addresses, separated by commas"),
            Kind::Origins => {
                f.write_str("http or https addresses without a path, separated by commas")
            }
            Kind::Limits => f.write_str("limits such as `200 per day; 20 per hour`"),
            Kind::LogFilter => f.write_str("levels, separated by commas"),
            Kind::Secret => f.write_str("a random secret"),
            Kind::ForeignSecret => f.write_str("a secret of another application"),
            Kind::PrivateKey => f.write_str("a private key in PEM"),
            Kind::PublicKey => f.write_str("a public key in PEM"),
            Kind::StoreUri => f.write_str("a connection string"),
            Kind::MailUrl => {
                f.write_str("an address that begins with `smtp://`, `smtps://` or `file:///`")
            }
        }
    }
}
