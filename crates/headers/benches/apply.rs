//! What the headers cost a response: `cargo bench -p portcullis-headers`.

use divan::Bencher;
use headers::{Context, Nonce, Policy, Scheme};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

fn main() {
    divan::main();
}

#[divan::bench]
fn api(bencher: Bencher<'_, '_>) {
    let policy = Policy::default();
    bencher
        .with_inputs(|| with_type(JSON))
        .bench_refs(|headers| policy.apply(headers, Context::new(Scheme::Https)));
}

/// As a map that a handler made without room for more.
#[divan::bench]
fn api_growing(bencher: Bencher<'_, '_>) {
    let policy = Policy::default();
    bencher
        .with_inputs(|| HeaderMap::from_iter([(CONTENT_TYPE, JSON)]))
        .bench_refs(|headers| policy.apply(headers, Context::new(Scheme::Https)));
}

#[divan::bench]
fn page_with_nonce(bencher: Bencher<'_, '_>) {
    let policy = Policy::default();
    let nonce = Nonce::from_bytes([7; 24]);
    bencher
        .with_inputs(|| with_type(HTML))
        .bench_refs(|headers| {
            policy.apply(headers, Context::new(Scheme::Https).nonce(Some(&nonce)));
        });
}

#[divan::bench]
fn nonce() -> Result<Nonce, getrandom::Error> {
    Nonce::random()
}

fn with_type(value: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(Policy::ROOM);
    headers.insert(CONTENT_TYPE, value);
    headers
}
