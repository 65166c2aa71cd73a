//! Notes that only their owner reads: signing in, using a token, refreshing it, signing out.
//!
//! `cargo run -p portcullis-jwt --example notes`, then the lines of the README.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example speaks to its terminal"
)]

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jwt::revocation::{Entry, RevocationSet, Revoked};
use jwt::{
    Access, Algorithm, AuthLayer, Authority, Claims, Clock, EvenExpired, Fresh, FreshAccess,
    IssueError, Refresh, SigningKey, Token,
};
use serde::Serialize;
use uuid::Uuid;

/// Seconds.
const ACCESS_LIFETIME: u64 = 900;
const REFRESH_LIFETIME: u64 = 30 * 24 * 3600;

#[derive(Clone)]
struct Notes {
    authority: Authority,
    revocations: Arc<RevocationSet>,
    clock: Clock,
}

#[derive(Serialize)]
struct Tokens {
    access_token: String,
    refresh_token: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let revocations = Arc::new(RevocationSet::new());
    // A real application reads its secret from its configuration.
    let secret = [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat();
    let authority = Authority::builder(SigningKey::hmac(Algorithm::HS256, &secret)?)
        .issuer("http://127.0.0.1:3000")
        .accept_issuer("http://127.0.0.1:3000")
        .require_session()
        .revocations(Arc::clone(&revocations))
        .build();
    let clock: Clock = Arc::new(unix_seconds);

    let app = Router::new()
        .route("/login", post(login))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .route("/notes", get(notes).delete(burn))
        .layer(AuthLayer::new(authority.clone(), Arc::clone(&clock)))
        .with_state(Notes {
            authority,
            revocations,
            clock,
        });

    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("listening on {}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the time is read"
)]
fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

/// Whoever asks is alice: this example is about what comes after the password.
async fn login(State(notes): State<Notes>) -> Result<Json<Tokens>, StatusCode> {
    let session = Uuid::new_v4().to_string();
    let until = Fresh::Until((notes.clock)() + 600);
    notes
        .tokens("alice", &session, until)
        .map(Json)
        .map_err(internal)
}

/// A real application also makes sure that each refresh token is used once.
async fn refresh(token: Refresh, State(notes): State<Notes>) -> Result<Json<Tokens>, StatusCode> {
    let session = token.claims.sid.as_deref().unwrap_or_default();
    notes
        .tokens(token.subject(), session, Fresh::No)
        .map(Json)
        .map_err(internal)
}

async fn logout(token: EvenExpired, State(notes): State<Notes>) -> StatusCode {
    if let Some(session) = token.claims.sid.clone() {
        notes.revocations.add(&Entry {
            subject: Revoked::Session(session),
            expires: (notes.clock)() + REFRESH_LIFETIME,
        });
    }
    StatusCode::NO_CONTENT
}

async fn notes(token: Option<Access>) -> String {
    token.map_or_else(
        || "sign in to see your notes\n".to_owned(),
        |token| format!("the notes of {}\n", token.subject()),
    )
}

async fn burn(token: FreshAccess) -> String {
    format!("the notes of {} are gone\n", token.subject())
}

impl Notes {
    fn tokens(&self, subject: &str, session: &str, fresh: Fresh) -> Result<Tokens, IssueError> {
        let (now, name) = ((self.clock)(), || Uuid::new_v4().to_string());
        let access = Claims::access(subject, name(), now, ACCESS_LIFETIME)
            .with_session(session, 0)
            .with_fresh(fresh);
        let refresh =
            Claims::refresh(subject, name(), now, REFRESH_LIFETIME).with_session(session, 0);
        let text = |token: Token| token.expose().to_owned();
        Ok(Tokens {
            access_token: text(self.authority.issue(&access)?),
            refresh_token: text(self.authority.issue(&refresh)?),
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "so that it fits `map_err`")]
fn internal(error: IssueError) -> StatusCode {
    eprintln!("{error}");
    StatusCode::INTERNAL_SERVER_ERROR
}
