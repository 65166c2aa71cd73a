//! The peer of `scripts/bench`: axum alone, with the same JSON as `GET /api/v1/me`, no authentication
//! and no layer. Takes the address to listen on.

use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

#[derive(Clone, Serialize)]
struct User {
    id: String,
    username: String,
    email: String,
    email_verified: bool,
    created_at: String,
    updated_at: String,
}

async fn me() -> Json<User> {
    Json(User {
        id: "0193a1c2-5b1f-7a3e-9c0d-2f8e6b7a4c11".to_owned(),
        username: "alice".to_owned(),
        email: "alice@example.org".to_owned(),
        email_verified: false,
        created_at: "2026-01-31T08:15:30.250Z".to_owned(),
        updated_at: "2026-01-31T08:15:30.250Z".to_owned(),
    })
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8090".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(listener, Router::new().route("/api/v1/me", get(me))).await
}
