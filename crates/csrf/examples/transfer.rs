//! A bank with one form: `cargo run -p portcullis-csrf --example transfer`, then the curl lines of
//! the README.

use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use csrf::{CsrfLayer, CsrfToken, FormTokens, PublicOrigin, RenderError, SessionCookie};

/// A real application issues the session: here it is whatever the cookie `session` says.
async fn form(csrf: CsrfToken) -> Result<Html<String>, RenderError> {
    Ok(Html(format!(
        "<form method=post>{}<input name=amount><button>Transfer</button></form>\n",
        csrf.hidden_input()?
    )))
}

async fn transfer(body: String) -> String {
    format!("done: {} bytes of form\n", body.len())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the system's time"
)]
fn seconds_since_1970() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let layer = CsrfLayer::new(
        FormTokens::new(b"an example: never use a secret that was published")?,
        PublicOrigin::of("http://localhost:3000")?,
        SessionCookie::named("session"),
        Arc::new(seconds_since_1970),
    );
    let app = Router::new()
        .route("/", get(form).post(transfer))
        .layer(layer);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await?;
    Ok(())
}
