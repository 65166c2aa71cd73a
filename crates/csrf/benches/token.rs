//! What a form token costs: `cargo bench -p portcullis-csrf`.

use csrf::{FormTokens, SessionBinding, TokenError};
use divan::Bencher;

const NOW: u64 = 1_700_000_000;

fn main() {
    divan::main();
}

fn tokens() -> FormTokens {
    match FormTokens::new(&[7; 32]) {
        Ok(tokens) => tokens,
        Err(_) => unreachable!("32 bytes are enough"),
    }
}

#[divan::bench]
fn issue(bencher: Bencher<'_, '_>) {
    let (tokens, session) = (tokens(), SessionBinding::new(b"a session"));
    bencher.bench(|| tokens.issue(&session, NOW));
}

#[divan::bench]
fn issue_without_drawing_the_mask(bencher: Bencher<'_, '_>) {
    let (tokens, session) = (tokens(), SessionBinding::new(b"a session"));
    bencher.bench(|| tokens.issue_masked(&session, NOW, &[9; 40]));
}

#[divan::bench]
fn verify(bencher: Bencher<'_, '_>) {
    let (tokens, session) = (tokens(), SessionBinding::new(b"a session"));
    let token = tokens.issue_masked(&session, NOW, &[9; 40]);
    bencher.bench(|| tokens.verify(&token, &session, NOW));
}

#[divan::bench]
fn refuse_another_session(bencher: Bencher<'_, '_>) {
    let (tokens, session) = (tokens(), SessionBinding::new(b"a session"));
    let token = tokens.issue_masked(&SessionBinding::new(b"another"), NOW, &[9; 40]);
    bencher.bench(|| -> Result<(), TokenError> { tokens.verify(&token, &session, NOW) });
}

#[divan::bench]
fn bind_to_a_cookie() -> SessionBinding {
    SessionBinding::new(divan::black_box(
        b"kq2Zt0yP0T9b8g4n5v1c7x3m6a2s4d8f0h1j3l5k7w9",
    ))
}
