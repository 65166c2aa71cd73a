//! API keys that are shown once and stored hashed.
//!
//! `cargo run -p portcullis-secret --example api_keys`, then the lines of the README.

#![expect(clippy::print_stderr, reason = "an example speaks to its terminal")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Router, serve};
use secret::{PlainToken, Secret, TokenPrefix};
use tokio::net::TcpListener;

/// What a secret scanner looks for, and a person recognises.
const PREFIX: TokenPrefix = TokenPrefix("shop_");

/// Only hashes are kept: whoever reads this can't use one of them.
type Keys = Arc<Mutex<HashMap<[u8; 32], Owner>>>;

#[derive(Clone, Debug)]
struct Owner {
    name: &'static str,
    note: Secret<String>,
}

async fn make(State(keys): State<Keys>) -> Result<String, StatusCode> {
    let key = PlainToken::random(PREFIX).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let owner = Owner {
        name: "alice",
        note: "likes tea".into(),
    };
    eprintln!("made {key:?} for {owner:?}"); // neither is printed
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    keys.insert(*key.hashed().as_bytes(), owner);
    Ok(format!("{}\n", key.expose())) // shown this once
}

async fn who(State(keys): State<Keys>, headers: HeaderMap) -> Result<String, StatusCode> {
    let sent = headers
        .get("x-api-key")
        .and_then(|value| value.to_str().ok());
    let key = PlainToken::parse(PREFIX, sent.unwrap_or_default());
    let key = key.map_err(|_| StatusCode::UNAUTHORIZED)?;
    let keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    let owner = keys
        .get(key.hashed().as_bytes())
        .ok_or(StatusCode::UNAUTHORIZED)?;
    Ok(format!("{}, who {}\n", owner.name, owner.note.expose()))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route("/keys", post(make))
        .route("/who", get(who))
        .with_state(Keys::default());
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    eprintln!("listening on http://{}", listener.local_addr()?);
    serve(listener, app).await
}
