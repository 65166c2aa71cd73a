//! What a hash of each kind costs, and a check of a new password.
#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't start has failed"
)]

use divan::Bencher;
use password::{Hasher, HasherConfig, Kind, Params, Policy, Principal, Purpose, decoy, verify};

fn main() {
    divan::main();
}

/// The defaults of the systems that are taken over. None matches, so each does all its work.
const KINDS: [&str; 10] = [
    "argon2id:19456:2:1",
    "argon2id:65536:3:4",
    "argon2id:102400:2:8",
    "bcrypt:12",
    "pbkdf2:sha1:131000",
    "pbkdf2:sha256:1000000",
    "pbkdf2:sha512:210000",
    "scrypt:32768:8:1",
    "sha512crypt:656000",
    "phpass:13",
];

#[divan::bench(args = KINDS, sample_count = 10)]
fn verify_on_this_thread(bencher: Bencher<'_, '_>, label: &str) {
    let kind: Kind = label.parse().unwrap();
    let (hash, params) = (decoy(&kind), Params::default());
    let password = "correct horse battery staple".into();
    bencher.bench_local(|| verify(&password, &hash, &params));
}

#[divan::bench(sample_count = 50)]
fn hash_on_the_pool(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let permit = Hasher::new(HasherConfig::default())
        .unwrap()
        .admit(Purpose::SignIn, Principal::Name("alice".to_owned()))
        .unwrap();
    bencher.bench_local(|| runtime.block_on(permit.hash("correct horse battery staple".into())));
}

/// An ordinary password, and the worst that was found.
const PASSWORDS: [&str; 2] = [
    "kX8#vQ2m!pL5",
    "4@8({[<369!|1076$5+2%0x2z4@8({[<369!|1076$5+2%0x",
];

#[divan::bench(args = PASSWORDS)]
fn check_a_new_password(password: &str) -> bool {
    let policy = Policy::default();
    policy
        .check(&password.into(), &["alice", "alice@example.com"])
        .is_ok()
}
