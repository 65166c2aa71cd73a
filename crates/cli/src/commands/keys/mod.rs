//! `portcullis keys`

mod reencrypt;

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use config::{Config, Keys};
use jwt::{Algorithm, GeneratedKey, VerifyingKey};
use secret::Secret;

use super::load;
use crate::arguments::{KeysCommand, ServeFlags};
use crate::wire::{previous_keys, replace_known_keys, signing_key};

/// Makes keys, lists them, or says how to replace them.
pub(super) fn run(command: KeysCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::Generate { algorithm } => generate(&algorithm)?,
        KeysCommand::Rotate(flags) => rotate(flags)?,
        KeysCommand::Replace { yes, flags } => replace(yes, flags)?,
        KeysCommand::Reencrypt {
            dry_run,
            json,
            flags,
        } => return reencrypt::run(dry_run, json, flags),
        KeysCommand::List(flags) => list(flags)?,
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn generate(name: &str) -> anyhow::Result<()> {
    let algorithm = Algorithm::from_name(name).context("no such algorithm")?;
    match secret_bytes(algorithm) {
        Some(bytes) => println!("JWT_SECRET_KEY={}", new_secret(bytes)?.expose()),
        None => print!("{}", GeneratedKey::new(algorithm)?.private_pem.expose()),
    }
    Ok(())
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is what the command is for"
)]
fn rotate(flags: ServeFlags) -> anyhow::Result<()> {
    let (config, keys) = settings(flags)?;
    let present = signing_key(&config, keys.jwt_secret_key.as_ref())?;
    let algorithm = present.algorithm();
    if let (Some(secret), Some(bytes)) = (&keys.jwt_secret_key, secret_bytes(algorithm)) {
        println!("JWT_SECRET_KEY={}", new_secret(bytes)?.expose());
        println!("JWT_SECRET_KEY_PREVIOUS={}", secret.expose());
    } else {
        let new = GeneratedKey::new(algorithm)?;
        println!(
            "JWT_PRIVATE_KEY=\"{}\"",
            new.private_pem.expose().trim_end()
        );
        match &config.tokens.public_key {
            Some(public) => println!("JWT_PUBLIC_KEY_PREVIOUS=\"{}\"", public.trim_end()),
            None => eprintln!(
                "JWT_PUBLIC_KEY_PREVIOUS is the public half of the present key: openssl pkey -in OLD.pem -pubout"
            ),
        }
    }
    let days = config
        .tokens
        .refresh_expires
        .as_secs()
        .div_ceil(24 * 60 * 60);
    eprintln!(
        "Set these on every node, in place of the present ones. After {days} days no token of the previous key is left: unset it then."
    );
    Ok(())
}

#[expect(clippy::print_stderr, reason = "this is what the command is for")]
fn replace(yes: bool, flags: ServeFlags) -> anyhow::Result<()> {
    let (config, keys) = settings(flags)?;
    anyhow::ensure!(
        config.storage.mongo_uri.is_some(),
        "only a MongoDB knows the keys of its servers: with SQLite set the new ones and restart"
    );
    anyhow::ensure!(
        yes,
        "servers with the old keys will not start any more, and everyone signs in again: stop every server, then add --yes"
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(replace_known_keys(&config, &keys))?;
    eprintln!("The database knows the present keys and no others. Start the servers with them.");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the command is for")]
fn list(flags: ServeFlags) -> anyhow::Result<()> {
    let (config, keys) = settings(flags)?;
    let present = signing_key(&config, keys.jwt_secret_key.as_ref())?;
    println!("{}", line(&present.verifying_key(), "signs"));
    for key in previous_keys(&config)? {
        println!("{}", line(&key, "accepted"));
    }
    Ok(())
}

fn line(key: &VerifyingKey, role: &str) -> String {
    format!("{}  {:<6} {role}", key.key_id(), key.algorithm().name())
}

/// The settings and their keys. Nothing is made: keys that don't exist yet can't be shown.
fn settings(flags: ServeFlags) -> anyhow::Result<(Config, Keys)> {
    let config = load(flags)??;
    anyhow::ensure!(
        !matches!(
            config.tokens.secret_key,
            config::SecretSource::ToBeGenerated
        ),
        "no key is set yet: the server makes one at its first start"
    );
    let keys = config.keys()?;
    Ok((config, keys))
}

/// How long a secret for `algorithm` is: that of its hash (RFC 7518 §3.2).
const fn secret_bytes(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::HS256 => Some(32),
        Algorithm::HS384 => Some(48),
        Algorithm::HS512 => Some(64),
        _ => None, // a key pair
    }
}

/// Random bytes in hexadecimal.
fn new_secret(length: usize) -> anyhow::Result<Secret<String>> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes)?;
    let bytes = Secret::new(bytes);
    let mut text = String::with_capacity(2 * length);
    for byte in bytes.expose() {
        write!(text, "{byte:02x}")?;
    }
    Ok(Secret::new(text))
}
