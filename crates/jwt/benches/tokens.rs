//! What issuing and verifying cost.

use divan::{Bencher, black_box};
use jwt::{Algorithm, Authority, Claims, GeneratedKey, SigningKey};

const NOW: u64 = 1_700_000_000;
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::HS256,
    Algorithm::EdDSA,
    Algorithm::ES256,
    Algorithm::RS256,
];

fn main() {
    divan::main();
}

#[expect(clippy::unwrap_used, reason = "a benchmark may stop")]
fn key(algorithm: Algorithm) -> SigningKey {
    if algorithm == Algorithm::HS256 {
        return SigningKey::hmac(algorithm, &[7; 32]).unwrap();
    }
    let key = GeneratedKey::new(algorithm).unwrap();
    SigningKey::from_pem(algorithm, key.private_pem.expose()).unwrap()
}

fn claims() -> Claims {
    Claims::access(
        "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b",
        "f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
        NOW,
        900,
    )
    .with_session("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2c", 7)
    .with_csrf("0d1c2b3a-4958-4766-8574-839201abcdef")
}

fn authority(algorithm: Algorithm, cache_entries: usize) -> Authority {
    let builder = Authority::builder(key(algorithm)).issuer("https://notes.example");
    builder.cache_entries(cache_entries).build()
}

#[expect(clippy::unwrap_used, reason = "a benchmark may stop")]
fn token(authority: &Authority) -> String {
    authority.issue(&claims()).unwrap().expose().to_owned()
}

#[divan::bench(args = ALGORITHMS)]
fn issue(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let authority = authority(algorithm, 0);
    let claims = claims();
    bencher.bench_local(|| authority.issue(black_box(&claims)));
}

#[divan::bench(args = ALGORITHMS)]
fn verify_anew(bencher: Bencher<'_, '_>, algorithm: Algorithm) {
    let authority = authority(algorithm, 0);
    let token = token(&authority);
    bencher.bench_local(|| authority.verify(black_box(&token), NOW));
}

#[divan::bench(threads = [1, 2])]
fn verify_remembered(bencher: Bencher<'_, '_>) {
    let authority = authority(Algorithm::HS256, 4096);
    let token = token(&authority);
    bencher.bench(|| authority.verify(black_box(&token), NOW));
}

#[divan::bench]
fn refuse_a_wrong_signature(bencher: Bencher<'_, '_>) {
    let authority = authority(Algorithm::HS256, 4096);
    let mut token = token(&authority);
    token.replace_range(token.len() - 4.., "AAAA");
    bencher.bench_local(|| authority.verify(black_box(&token), NOW));
}
