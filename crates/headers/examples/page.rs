//! A page whose own script runs and whose smuggled one doesn't:
//! `cargo run -p portcullis-headers --example page`, then the curl lines of the README.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, Response};
use axum::routing::{get, post};
use headers::{CspNonce, HttpsRedirect, HttpsRedirectLayer, Policy, Scheme, SecurityHeadersLayer};

async fn page(nonce: CspNonce) -> Html<String> {
    Html(format!(
        "<title>Before</title>\n\
         <script nonce={nonce}>document.title = 'Ours runs'</script>\n\
         <script>document.title = 'A smuggled one runs'</script>\n",
        nonce = nonce.as_str()
    ))
}

/// Every peer of this example counts as a trusted proxy: an application compares addresses here.
async fn note_scheme(mut request: Request, next: Next) -> Response {
    let scheme = Scheme::forwarded(request.headers(), Scheme::Http);
    request.extensions_mut().insert(scheme);
    next.run(request).await
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let redirect = HttpsRedirect::new("https://app.example")
        .map_err(std::io::Error::other)?
        .exempt_paths(&["/livez"]);
    let app = Router::new()
        .route("/", get(page))
        .route("/login", post(|| async { "hello" }))
        .route("/livez", get(|| async { "alive" }))
        .layer(HttpsRedirectLayer::new(redirect))
        .layer(SecurityHeadersLayer::new(Policy::default()))
        .layer(from_fn(note_scheme));

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    axum::serve(listener, app).await
}
