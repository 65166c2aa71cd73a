//! `GET /static/pages.css`, `/static/pages.js` and `/static/icon.svg`: all that the pages load.

use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

const CSS: &str = include_str!("../../templates/pages.css");
const JS: &str = include_str!("../../templates/pages.js");
const SVG: &str = include_str!("../../templates/icon.svg");

/// Changes with the content, so that browsers may keep it for as long as they like.
const VERSION: u64 = fnv(CSS.as_bytes()) ^ fnv(JS.as_bytes()) ^ fnv(SVG.as_bytes());

/// What stands behind the address of each, so that pages ask for this version of it.
pub(super) fn version() -> String {
    format!("?v={VERSION:x}")
}

/// How the pages look.
pub(crate) async fn stylesheet() -> Response {
    kept("text/css; charset=utf-8", CSS)
}

/// Shows passwords to whoever types them, where scripts run.
pub(crate) async fn script() -> Response {
    kept("text/javascript; charset=utf-8", JS)
}

/// What stands in the browser's tab.
pub(crate) async fn icon() -> Response {
    kept("image/svg+xml", SVG)
}

fn kept(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, content).into_response()
}

/// FNV-1a: tells versions apart, protects nothing.
const fn fnv(bytes: &[u8]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}
