//! MD5-crypt, Poul-Henning Kamp's of 1994, and Apache's variant of it.

use md5::{Digest as _, Md5};

/// The two magics, which go into the first digest.
const MAGICS: [&[u8]; 2] = [b"$1$", b"$apr1$"];

/// MD5-crypt of a password under `$1$` or `$apr1$` and the salt behind it.
pub(super) fn md5_crypt(password: &[u8], magic_and_salt: &[u8]) -> [u8; 16] {
    let (magic, salt) = MAGICS
        .into_iter()
        .find_map(|magic| Some((magic, magic_and_salt.strip_prefix(magic)?)))
        .unwrap_or((MAGICS[0], magic_and_salt));

    let alternate = md5(&[password, salt, password]);
    let mut first = Md5::new()
        .chain_update(password)
        .chain_update(magic)
        .chain_update(salt);
    for chunk in password.chunks(alternate.len()) {
        first.update(&alternate[..chunk.len()]);
    }
    // For each bit of the length a NUL or the first byte of the password: an oversight of the
    // original that became the standard.
    let mut length = password.len();
    while length > 0 {
        first.update(if length & 1 == 1 {
            &[0]
        } else {
            &password[..1]
        });
        length >>= 1;
    }

    let mut digest: [u8; 16] = first.finalize().into();
    for round in 0..1000 {
        let is_odd = round % 2 == 1;
        let (start, end): (&[u8], &[u8]) = if is_odd {
            (password, &digest)
        } else {
            (&digest, password)
        };
        let salt = if round % 3 == 0 { &[][..] } else { salt };
        let again = if round % 7 == 0 { &[][..] } else { password };
        digest = md5(&[start, salt, again, end]);
    }
    digest
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part);
    }
    md5.finalize().into()
}
