//! What the headers cost a response: `cargo bench -p portcullis-headers`.

use divan::Bencher;
use headers::{Context, Nonce, Policy, Scheme};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

fn main() {
    divan::main();
}

#[divan::bench]
fn api(bencher: Bencher<'_, '_>) {
    let policy = Policy::default();
    bencher
        .with_inputs(|| with_type("application/json"))
        .bench_refs(|headers| policy.apply(headers, Context::new(Scheme::Https)));
}

#[divan::bench]
fn page_with_nonce(bencher: Bencher<'_, '_>) {
    let policy = Policy::default();
    let nonce = Nonce::from_bytes([7; 24]);
    bencher
        .with_inputs(|| with_type("text/html; charset=utf-8"))
        .bench_refs(|headers| {
            policy.apply(headers, Context::new(Scheme::Https).nonce(Some(&nonce)));
        });
}

#[divan::bench]
fn nonce() -> Result<Nonce, getrandom::Error> {
    Nonce::random()
}

fn with_type(value: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(value));
    headers
}
