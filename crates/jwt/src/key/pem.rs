//! PEM (RFC 7468), as people have it: behind a byte order mark, with text around it, with the parameters of its
//! curve before it, in lines of any length.

use pem_rfc7468::LineEnding;
use zeroize::Zeroizing;

use super::KeyError;

/// The label of PKCS#8 (RFC 7468 §10).
pub(super) const PRIVATE: &str = "PRIVATE KEY";
/// The label of a `SubjectPublicKeyInfo` (RFC 7468 §13).
pub(super) const PUBLIC: &str = "PUBLIC KEY";

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Characters in each line of base64 (RFC 7468 §2).
const WIDTH: usize = 64;

/// How a private key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PrivateForm {
    /// RFC 5208 and RFC 5958.
    Pkcs8,
    /// RFC 5915, for a key on a curve.
    Sec1,
    /// RFC 8017 §A.1.2, for RSA.
    Pkcs1,
}

/// The one private key in `text`.
pub(super) fn private(text: &str) -> Result<(PrivateForm, Zeroizing<Vec<u8>>), KeyError> {
    let blocks = blocks(text);
    let mut keys = blocks.iter().filter(|block| block.label.ends_with(PRIVATE));
    let key = keys.next().ok_or(KeyError::NotPem(PRIVATE))?;
    if keys.next().is_some() {
        return Err(KeyError::Several);
    }
    let form = match key.label {
        PRIVATE => PrivateForm::Pkcs8,
        "EC PRIVATE KEY" => PrivateForm::Sec1,
        "RSA PRIVATE KEY" => PrivateForm::Pkcs1,
        "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
        "OPENSSH PRIVATE KEY" => return Err(KeyError::OpenSsh),
        _ => return Err(KeyError::NotPem(PRIVATE)),
    };
    if key.is_encrypted() {
        return Err(KeyError::Encrypted);
    }
    let document = key.decode().ok_or(KeyError::NotPem(PRIVATE))?;
    Ok((form, document))
}

/// The one public key in `text`: a `SubjectPublicKeyInfo`, or of RSA the numbers alone (RFC 8017 §A.1.1).
pub(super) fn public(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let blocks = blocks(text);
    let labelled = |wanted: &str| blocks.iter().any(|block| block.label.ends_with(wanted));
    let mut keys = blocks
        .iter()
        .filter(|block| [PUBLIC, "RSA PUBLIC KEY"].contains(&block.label));
    let key = match (keys.next(), keys.next()) {
        (Some(key), None) => key,
        (Some(_), Some(_)) => return Err(KeyError::Several),
        (None, _) if labelled(PRIVATE) => return Err(KeyError::Private),
        (None, _) if labelled("CERTIFICATE") => return Err(KeyError::Certificate),
        (None, _) => return Err(KeyError::NotPem(PUBLIC)),
    };
    key.decode().ok_or(KeyError::NotPem(PUBLIC))
}

/// `document` as PEM, with a final newline.
pub(super) fn encode(label: &'static str, document: &[u8]) -> Result<String, KeyError> {
    pem_rfc7468::encode_string(label, LineEnding::LF, document).map_err(|_| KeyError::NotMade)
}

/// What stands between two boundaries.
struct Block<'a> {
    label: &'a str,
    body: &'a str,
}

impl Block<'_> {
    /// Whether a header says so, as OpenSSL wrote it before PKCS#8 (RFC 1421 §4.6.1.1).
    fn is_encrypted(&self) -> bool {
        self.body.contains("Proc-Type:") && self.body.contains("ENCRYPTED")
    }

    /// The document inside. It is written anew in the strict form, so that what decodes it takes the same time
    /// whatever the key is.
    fn decode(&self) -> Option<Zeroizing<Vec<u8>>> {
        let (label, body) = (self.label, self.body);
        let capacity = 2 * body.len() + 2 * (BEGIN.len() + label.len() + DASHES.len() + 2);
        let mut strict = Zeroizing::new(String::with_capacity(capacity)); // it never grows
        strict.extend([BEGIN, label, DASHES]);
        let encoded = body.chars().filter(|c| !c.is_ascii_whitespace());
        for (number, c) in encoded.enumerate() {
            if number % WIDTH == 0 {
                strict.push('\n');
            }
            strict.push(c);
        }
        strict.extend(["\n", END, label, DASHES, "\n"]);
        let (_, document) = pem_rfc7468::decode_vec(strict.as_bytes()).ok()?;
        Some(Zeroizing::new(document))
    }
}

/// The blocks in `text` (RFC 7468 §3, `laxtextualmsg`), in their order. What lies around them is no part of them (§5.2).
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut begun = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let line = line.trim_start_matches('\u{feff}').trim();
        if let Some(label) = boundary(BEGIN, line) {
            begun = Some((label, at));
        } else if let Some(label) = boundary(END, line) {
            let block = begun.take().filter(|(opened, _)| *opened == label);
            blocks.extend(block.map(|(label, body)| Block {
                label,
                body: &text[body..start],
            }));
        }
    }
    blocks
}

/// The label in a boundary.
fn boundary<'a>(kind: &str, line: &'a str) -> Option<&'a str> {
    line.strip_prefix(kind)?.strip_suffix(DASHES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &[u8] = &[0x5a; 100];

    fn strict() -> String {
        encode(PRIVATE, DOCUMENT).unwrap()
    }

    #[track_caller]
    fn is_read(text: &str) {
        let (form, document) = private(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!((form, &document[..]), (PrivateForm::Pkcs8, DOCUMENT));
    }

    #[test]
    fn what_lies_around_a_key_is_no_part_of_it() {
        let pem = strict();
        let parameters =
            "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        for text in [
            pem.clone(),
            pem.trim_end().to_owned(),
            format!("\u{feff}{pem}"),
            format!("Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n{pem}"),
            format!("{parameters}{pem}"),
            format!("{pem}\nfor the service of 2026, made by Alice\n"),
            format!("{pem}{}", encode(PUBLIC, DOCUMENT).unwrap()),
            format!("\n\n  {}\n\n", pem.trim_end()),
        ] {
            is_read(&text);
            is_read(&text.replace('\n', "\r\n"));
        }
    }

    #[test]
    fn lines_may_have_any_length() {
        let pem = strict();
        let lines: Vec<_> = pem.lines().collect();
        let [first, body @ .., last] = lines.as_slice() else {
            panic!("{pem}");
        };
        let body = body.concat();
        is_read(&format!("{first}\n{body}\n{last}\n"));
        for width in [1, 48, 76] {
            let chunks: Vec<_> = body.as_bytes().chunks(width).collect();
            let body = String::from_utf8(chunks.join(&b'\n')).unwrap();
            is_read(&format!("{first}\n{body}\n{last}\n"));
            is_read(&format!("{first}\n\n  {body}  \n\n{last}\n"));
        }
    }

    #[test]
    fn what_is_damaged_or_unclosed_is_no_key() {
        let pem = strict();
        for text in [
            "",
            "hunter2",
            "-----BEGIN PRIVATE KEY-----",
            &pem.replace("-----END", "----END"),
            &pem.replace("BEGIN PRIVATE", "BEGIN EC PRIVATE"),
            &pem.replacen("Wlpa", "Wlp*", 1),
            &pem.replacen("Wlpa", "Wlpä", 1),
            &pem.replacen("Wlpa", "Wlp", 1),
            &pem.replacen("Wlpa", "Wl=a", 1),
        ] {
            assert_eq!(
                private(text).unwrap_err(),
                KeyError::NotPem(PRIVATE),
                "{text}"
            );
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_for_what_it_is() {
        let pem = strict();
        let labelled = |label: &str| pem.replace(PRIVATE, label);
        let header = "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
        let old = labelled("RSA PRIVATE KEY").replacen("-----\n", header, 1);
        for (text, expected) in [
            (labelled("ENCRYPTED PRIVATE KEY"), KeyError::Encrypted),
            (old, KeyError::Encrypted),
            (labelled("OPENSSH PRIVATE KEY"), KeyError::OpenSsh),
            (labelled("DSA PRIVATE KEY"), KeyError::NotPem(PRIVATE)),
            (labelled(PUBLIC), KeyError::NotPem(PRIVATE)),
            (format!("{pem}{pem}"), KeyError::Several),
        ] {
            assert_eq!(private(&text).unwrap_err(), expected, "{text}");
        }
        for (label, expected) in [
            (PRIVATE, KeyError::Private),
            ("EC PRIVATE KEY", KeyError::Private),
            ("CERTIFICATE", KeyError::Certificate),
            ("X509 CRL", KeyError::NotPem(PUBLIC)),
        ] {
            assert_eq!(public(&labelled(label)).unwrap_err(), expected, "{label}");
        }
        let key = labelled(PUBLIC);
        assert_eq!(
            public(&format!("{key}{key}")).unwrap_err(),
            KeyError::Several
        );
    }

    #[test]
    fn a_form_goes_by_its_label() {
        for (label, expected) in [
            ("EC PRIVATE KEY", PrivateForm::Sec1),
            ("RSA PRIVATE KEY", PrivateForm::Pkcs1),
        ] {
            let (form, _) = private(&strict().replace(PRIVATE, label)).unwrap();
            assert_eq!(form, expected);
        }
    }
}
