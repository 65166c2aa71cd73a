//! The hashes of other systems, read and checked as their own libraries do.
//!
//! One file per family reads its strings into a [`Stored`]; `kdf` does the work. To add a format,
//! write its file, add it to [`FAMILIES`], and a case for each of its quirks to the tests.

mod aspnet;
mod bcrypt;
mod crypt;
mod django;
mod dovecot;
mod firebase;
mod kdf;
mod labelled;
mod ldap;
mod passlib;
mod preparation;
mod python;
mod spring;
mod werkzeug;

use crate::Malformed;
use crate::stored::Stored;
pub(crate) use crypt::yescrypt_parameters;
pub(crate) use firebase::{CIPHER_KEY_BYTES, encrypt};
pub(crate) use kdf::derive;
pub(crate) use preparation::Preparation;

type Read = fn(&str) -> Result<Stored, Malformed>;

/// How a hash begins, and who reads it: the first that fits.
const FAMILIES: &[(&str, Read)] = &[
    // Werkzeug's own, and Django's `scrypt$`, which begins like Werkzeug's
    ("scrypt:", werkzeug::read),
    ("scrypt$", django::read_scrypt_or_werkzeug),
    ("pbkdf2:", werkzeug::read),
    ("pbkdf2$", werkzeug::read),
    // Django
    ("pbkdf2_sha256$", django::read_pbkdf2),
    ("pbkdf2_sha1$", django::read_pbkdf2),
    ("argon2$", django::read_argon2),
    ("bcrypt$", django::read_bcrypt),
    ("bcrypt_sha256$", django::read_bcrypt),
    ("md5$", django::read_digest),
    ("sha1$", django::read_digest),
    // bcrypt, of any language
    ("$2", bcrypt::read_bare),
    ("$wp$", bcrypt::read_wordpress),
    ("$bcrypt-sha256$", passlib::read_bcrypt_sha256),
    // passlib
    ("$pbkdf2$", passlib::read_pbkdf2),
    ("$pbkdf2-sha", passlib::read_pbkdf2),
    ("grub.pbkdf2.sha512.", passlib::read_grub),
    ("$p5k2$", passlib::read_p5k2),
    ("$scrypt$", passlib::read_scrypt),
    ("$7$", passlib::read_scrypt_7),
    // crypt(3) and what grew from it
    ("$1$", crypt::read_md5),
    ("$apr1$", crypt::read_md5),
    ("$5$", crypt::read_sha2),
    ("$6$", crypt::read_sha2),
    ("$y$", crypt::read_yescrypt),
    ("$P$", crypt::read_phpass),
    ("$H$", crypt::read_phpass),
    ("$S$", crypt::read_phpass),
    ("U$", crypt::read_drupal_upgrade),
    // LDAP (RFC 2307), Dovecot, Spring Security
    ("{", labelled::read),
    ("$e0801$", spring::read_scrypt),
    ("$100801$", spring::read_scrypt),
    // ASP.NET Core Identity
    ("AQAAAA", aspnet::read_3),
    ("A", aspnet::read_2),
    ("$fbscrypt$", firebase::read),
    // No password at all: Django's unusable ones, shadow(5)'s locked ones
    ("!", unusable),
    ("*", unusable),
];

/// Reads a stored hash of any of the families.
pub(crate) fn read(text: &str) -> Result<Stored, Malformed> {
    match FAMILIES.iter().find(|(start, _)| text.starts_with(start)) {
        Some((_, read)) => read(text),
        None if werkzeug::is_hmac(text) => werkzeug::read_hmac(text),
        None => django::read_unsalted_md5(text),
    }
}

fn unusable(_: &str) -> Result<Stored, Malformed> {
    Err(Malformed::Unusable)
}
