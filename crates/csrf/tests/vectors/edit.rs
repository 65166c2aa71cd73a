//! `{t1}` and its edits, as the recording's description lists them, on tokens of our format.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Where the halves of a token begin: its version, the mask, the masked time and signature.
const MASK: usize = 1;
const CONTENT: usize = 41;
const SIGNATURE: usize = CONTENT + 8;

/// Puts our tokens where `text` names them. `raw` is what the session is known by.
pub(crate) fn fill(text: &str, tokens: &HashMap<String, String>, raw: &str) -> String {
    let mut filled = text.to_owned();
    for (name, token) in tokens {
        filled = filled.replace(&format!("{{{name}}}"), token);
        for edit in [
            "flip", "cut", "nosig", "dataonly", "later", "raw", "quoted", "space",
        ] {
            let placeholder = format!("{{{name}:{edit}}}");
            if filled.contains(&placeholder) {
                filled = filled.replace(&placeholder, &edited(edit, token, raw));
            }
        }
    }
    assert!(!filled.contains("{t"), "unknown edit in {text}");
    filled
}

fn edited(edit: &str, token: &str, raw: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
    match edit {
        "flip" => with_flipped(bytes, SIGNATURE),
        "later" => with_flipped(bytes, SIGNATURE - 1),
        "cut" => token[..token.len() - 1].to_owned(),
        "nosig" => URL_SAFE_NO_PAD.encode(&bytes[..SIGNATURE]),
        "dataonly" => URL_SAFE_NO_PAD.encode(&bytes[MASK..CONTENT]),
        "raw" => raw.to_owned(),
        "quoted" => format!("\"{token}\""),
        "space" => format!(" {token} "),
        _ => unreachable!(),
    }
}

fn with_flipped(mut bytes: Vec<u8>, index: usize) -> String {
    bytes[index] ^= 1;
    URL_SAFE_NO_PAD.encode(bytes)
}
