//! `Forwarded` (RFC 7239), by hand.
//!
//! ```text
//! Forwarded = 1#( [pair] *( ";" [pair] ) )        pair = token "=" ( token / quoted-string )
//! ```
//!
//! A line is read as a whole, as only its beginning tells what is inside quotes; from a line with a
//! fault nothing is believed. Blanks around `;` are read, as some proxies write them.

use std::{borrow::Cow, net::IpAddr};

use http::{HeaderMap, HeaderName, header};

use super::{
    Hop, MAX_LINE, Scheme,
    x_forwarded::{bracketed, dotted},
};

pub(super) const NAME: HeaderName = header::FORWARDED;

/// The hops of all lines, from the right. `None` is one that can't be read.
pub(super) fn hops(headers: &HeaderMap) -> impl Iterator<Item = Option<Hop>> {
    headers.get_all(NAME).iter().rev().flat_map(|line| {
        let text = line.to_str().ok().filter(|text| text.len() <= MAX_LINE);
        let hops = text.and_then(elements);
        hops.unwrap_or_else(|| vec![None]).into_iter().rev()
    })
}

/// The elements of one line; `None` if the line does not follow the grammar.
fn elements(line: &str) -> Option<Vec<Option<Hop>>> {
    let mut rest = blanks(line);
    let mut elements = Vec::new();
    loop {
        // Empty elements of a list are skipped (RFC 9110 §5.6.1.2).
        if !rest.is_empty() && !rest.starts_with(',') {
            let (hop, after) = element(rest)?;
            elements.push(hop);
            rest = after;
        }
        if rest.is_empty() {
            return Some(elements);
        }
        rest = blanks(rest.strip_prefix(',')?);
    }
}

/// One element, and what follows it: nothing or a comma. The element is `None` when it names no
/// address.
fn element(text: &str) -> Option<(Option<Hop>, &str)> {
    let (mut by, mut host) = (None, None);
    let (mut node, mut proto) = (None, None);
    let mut rest = text;
    loop {
        if !rest.starts_with([';', ',']) && !rest.is_empty() {
            let (name, value, after) = pair(rest)?;
            let known = [
                ("for", &mut node),
                ("proto", &mut proto),
                ("by", &mut by),
                ("host", &mut host),
            ];
            if let Some((_, place)) = known
                .into_iter()
                .find(|(known, _)| name.eq_ignore_ascii_case(known))
            {
                // Each parameter at most once (RFC 7239 §4).
                if place.replace(value).is_some() {
                    return None;
                }
            }
            rest = blanks(after);
        }
        match rest.strip_prefix(';') {
            Some(after) => rest = blanks(after),
            None if rest.is_empty() || rest.starts_with(',') => break,
            None => return None,
        }
    }
    let scheme = proto.and_then(|proto| Scheme::read(&proto));
    let address = node.and_then(|node| address(&node));
    Some((address.map(|address| Hop { address, scheme }), rest))
}

/// `name=value`, and what follows.
fn pair(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = token(text)?;
    let rest = rest.strip_prefix('=')?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => unquote(quoted)?,
        None => token(rest).map(|(value, rest)| (Cow::Borrowed(value), rest))?,
    };
    Some((name, value, rest))
}

/// A token (RFC 9110 §5.6.2), and what follows.
fn token(text: &str) -> Option<(&str, &str)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// The rest of a quoted string after its opening quote (RFC 9110 §5.6.4), and what follows.
fn unquote(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let end = text.find(['"', '\\'])?;
    if text[end..].starts_with('"') {
        return Some((Cow::Borrowed(&text[..end]), &text[end + 1..]));
    }
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((Cow::Owned(value), &text[place + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

/// The address of a node (RFC 7239 §6): `192.0.2.1`, `[2001:db8::1]`, either with a port.
fn address(node: &str) -> Option<IpAddr> {
    let (name, port) = match node.rfind(':') {
        Some(colon) if !node.ends_with(']') => (&node[..colon], Some(&node[colon + 1..])),
        _ => (node, None),
    };
    if port.is_some_and(|port| !is_port(port)) {
        return None;
    }
    let address = dotted(name)
        .map(IpAddr::V4)
        .or_else(|| bracketed(name).map(IpAddr::V6))?;
    Some(address.to_canonical())
}

/// Up to five digits, or a name that hides the port (RFC 7239 §6).
fn is_port(port: &str) -> bool {
    match port.strip_prefix('_') {
        Some(hidden) => {
            let is_part = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !hidden.is_empty() && hidden.chars().all(is_part)
        }
        None => (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn blanks(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}
