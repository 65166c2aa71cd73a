//! Registers and signs in, in memory:
//!
//! ```text
//! cargo run --release --example login
//! curl -i localhost:8080/register -d 'name=alice&password=correct horse battery staple'
//! curl -i localhost:8080/login -d 'name=alice&password=correct horse battery staple'
//! curl -i localhost:8080/login -d 'name=alice&password=wrong'
//! curl -i localhost:8080/login -d 'name=flask&password=hunter2'
//! ```
//!
//! `flask` came with a hash of Werkzeug's, which the first login replaces.
#![expect(clippy::print_stdout, reason = "an example says where it listens")]

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, RawForm, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use password::{
    Busy, Fault, HashError, Hasher, HasherConfig, Kind, PasswordHash, Policy, Principal, Purpose,
    Verdict,
};
use secret::Secret;

#[derive(Clone)]
struct App {
    hasher: Hasher,
    users: Arc<Mutex<HashMap<String, PasswordHash>>>,
}

impl App {
    fn hash_of(&self, name: &str) -> Option<PasswordHash> {
        let users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.get(name).cloned()
    }

    fn store(&self, name: &str, hash: PasswordHash) {
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        users.insert(name.to_owned(), hash);
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = App {
        hasher: Hasher::new(HasherConfig::default())?,
        users: Arc::default(),
    };
    let from_flask = "scrypt:1024:8:1$MLkzdn3z$b870ff48724141293ac0d6bb3d08e743c4b9f7fda2a0663c2251\
        61efd988f91f5a48016694193bd9469c90bb50283b3a317fab459e1bda5468b017e1ec6406a6";
    app.store("flask", PasswordHash::from(from_flask));

    let router = Router::new()
        .route("/register", post(register))
        .route("/login", post(login))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await
}

async fn register(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    form: RawForm,
) -> Result<StatusCode, Refused> {
    let permit = app.hasher.admit(Purpose::Other, network_of(peer))?;
    let (name, password) = fields(&form)?;
    let identities = vec![name.clone()];
    permit
        .check(Policy::default(), password.clone(), identities)
        .await??;
    let hash = permit.hash(password).await?;
    app.store(&name, hash);
    Ok(StatusCode::CREATED)
}

async fn login(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    form: RawForm,
) -> Result<&'static str, Refused> {
    let permit = app.hasher.admit(Purpose::SignIn, network_of(peer))?; // before the look-up, so that a full queue tells nothing
    let (name, password) = fields(&form)?;
    let known = app.hash_of(&name);
    // An unknown name takes as long as a known one.
    let hash = known
        .clone()
        .unwrap_or_else(|| password::decoy(&Kind::of(app.hasher.params())));

    let verdict = permit.verify(password.clone(), hash).await?;
    let (Some(_), Verdict::Match(strength)) = (known, verdict) else {
        return Err(Refused::Credentials);
    };
    if strength.is_outdated() {
        app.store(&name, permit.hash(password).await?);
        return Ok("welcome, your hash is up to date now\n");
    }
    Ok("welcome\n")
}

/// Who shares a turn: an IPv4 address, or an IPv6 /64.
fn network_of(peer: SocketAddr) -> Principal {
    Principal::Network(match peer.ip().to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        IpAddr::V4(address) => address.into(),
    })
}

/// `name=…&password=…`, without escapes.
fn fields(RawForm(body): &RawForm) -> Result<(String, Secret<String>), Refused> {
    let body = std::str::from_utf8(body).map_err(|_| Refused::Form)?;
    let (name, password) = body
        .strip_prefix("name=")
        .and_then(|rest| rest.split_once("&password="))
        .ok_or(Refused::Form)?;
    Ok((name.to_owned(), password.into()))
}

enum Refused {
    Form,
    Credentials,
    Password(Vec<Fault>),
    Hash(HashError),
    Busy(Busy),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Form => (StatusCode::BAD_REQUEST, "name=…&password=…\n").into_response(),
            Self::Credentials => (StatusCode::UNAUTHORIZED, "not so\n").into_response(),
            Self::Password(faults) => {
                let lines = faults
                    .iter()
                    .map(|fault| format!("{}: {fault}\n", fault.code()));
                (StatusCode::UNPROCESSABLE_ENTITY, lines.collect::<String>()).into_response()
            }
            Self::Hash(error) => {
                (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response()
            }
            Self::Busy(busy) => {
                let seconds = busy.retry_after.as_secs().to_string();
                (
                    StatusCode::SERVICE_UNAVAILABLE,
                    [(header::RETRY_AFTER, seconds)],
                )
                    .into_response()
            }
        }
    }
}

impl From<Busy> for Refused {
    fn from(busy: Busy) -> Self {
        Self::Busy(busy)
    }
}

impl From<Vec<Fault>> for Refused {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Password(faults)
    }
}

impl From<HashError> for Refused {
    fn from(error: HashError) -> Self {
        Self::Hash(error)
    }
}
