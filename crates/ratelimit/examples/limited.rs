//! An axum application with limits: `cargo run -p portcullis-ratelimit --example limited`
//!
//! It listens on 127.0.0.1:3000, or on the address given as the first argument.

use std::{env, error::Error, net::SocketAddr, sync::Arc, time::SystemTime};

use axum::{
    Router,
    extract::{ConnectInfo, MatchedPath},
    routing::{get, post},
};
use ratelimit::{
    ByAddress, KeyHasher, Limit, Limits, MemoryStore, RateLimitLayer, Timestamp, TrustedProxies,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let login: Limit = "3 per minute".parse()?;
    let limits = Limits::new(MemoryStore::default(), KeyHasher::random())
        .with_default("200 per day; 20 per hour".parse()?)
        .with_route("/login", [login.named("login")])
        .with_exemption("/livez");

    let identify = ByAddress {
        proxies: "127.0.0.1 ::1".parse::<TrustedProxies>()?,
        peer: |request| {
            request
                .get::<ConnectInfo<SocketAddr>>()
                .map(|peer| peer.0.ip())
        },
        route: |request| request.get::<MatchedPath>().map(MatchedPath::as_str),
    };
    let layer = RateLimitLayer::new(Arc::new(limits), identify, now);

    let app = Router::new()
        .route("/", get(async || "Hello.\n"))
        .route("/login", post(async || "Welcome.\n"))
        .route("/livez", get(async || "ok\n"))
        .fallback(async || (axum::http::StatusCode::NOT_FOUND, "Not found.\n"))
        .layer(layer);

    let address = env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    axum::serve(
        listener,
        app.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .await?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the clock"
)]
fn now() -> Timestamp {
    SystemTime::now().into()
}
