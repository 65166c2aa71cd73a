//! What an attacker serves: any page, and a record of who came.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Response};
use axum_server::tls_rustls::RustlsConfig;

/// A server of the attacker's, over https.
#[derive(Debug)]
pub struct Stranger {
    pub(super) address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    handle: axum_server::Handle<SocketAddr>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its method.
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its headers.
    pub headers: http::HeaderMap,
    /// Its body.
    pub body: String,
}

#[derive(Debug, Default)]
struct Shared {
    page: String,
    policy: String,
    visits: Vec<Visit>,
}

impl Visit {
    /// A header, if it came.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Stranger {
    /// Another site: browsers send it no cookie of the accounts'.
    pub const HOST: &'static str = "evil.test";

    /// Another origin of the same site: `SameSite` doesn't keep it from sending the accounts' cookies.
    pub const NEIGHBOUR: &'static str = "evil.accounts.test";

    pub(super) async fn start(folder: &Path) -> Self {
        let tls = RustlsConfig::from_pem_file(folder.join("cert.pem"), folder.join("key.pem"));
        let tls = tls.await.expect("the certificate was just made");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("it is a socket");
        let shared = Arc::<Mutex<Shared>>::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let handle = axum_server::Handle::new();
        let server = axum_server::from_tcp_rustls(listener, tls).expect("it listens");
        let serving = server
            .handle(handle.clone())
            .serve(router.into_make_service());
        tokio::spawn(serving);
        Self {
            address,
            shared,
            handle,
        }
    }

    /// From now on every address shows `page`.
    pub fn shows(&self, page: impl Into<String>) {
        self.change(|shared| {
            shared.page = page.into();
            shared.policy.clear();
        });
    }

    /// From now on every address shows `page`, under this Content-Security-Policy.
    pub fn shows_under(&self, policy: &str, page: &str) {
        self.change(|shared| {
            page.clone_into(&mut shared.page);
            policy.clone_into(&mut shared.policy);
        });
    }

    /// Who came since this was last asked, save for a favicon.
    pub fn visits(&self) -> Vec<Visit> {
        let mut visits = self.change(|shared| std::mem::take(&mut shared.visits));
        visits.retain(|visit| visit.path != "/favicon.ico");
        visits
    }

    fn change<T>(&self, act: impl FnOnce(&mut Shared) -> T) -> T {
        act(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.handle.shutdown();
    }
}

async fn answer(State(shared): State<Arc<Mutex<Shared>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await;
    let visit = Visit {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body: String::from_utf8_lossy(&body.unwrap_or_else(|_| Bytes::new())).into_owned(),
    };
    let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
    shared.visits.push(visit);
    let page = Html(shared.page.clone());
    if shared.policy.is_empty() {
        return page.into_response();
    }
    ([("content-security-policy", shared.policy.clone())], page).into_response()
}
