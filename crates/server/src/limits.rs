//! How often anyone may ask: what of a request is charged to whom.
//!
//! - Who isn't signed in is charged by client address, for each route apart; a request that no route
//!   fits, or whose method doesn't, for one route that stands for all of these.
//! - A valid token, access or refresh, is charged to its user, all routes together. Routes that are
//!   there to sign in or up don't look at tokens: else an account would buy guesses at others.
//! - Pages go by cookies, which are not looked up for this: they are charged by client, with a budget of
//!   its own for looking at them and for what one does in one's account.
//! - Without the store safe requests are charged to this process alone, and others refused with 503:
//!   a failing limiter is never "unlimited". A store that is only busy counts for others meanwhile, so
//!   everyone is refused with 503.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use http::Method;
use jwt::{Authentication, Verified};
use model::Timestamp;
use ratelimit::{
    Call, Caller, Capacity, Decision, KeyHasher, Limit, Limits, MemoryStore, Quotas, SharedStore,
    Strategy, Unavailable,
};

use crate::error::ApiError;
use crate::router::{Charged, Route, all};

/// Counters that are kept while the store can't be asked.
const WITHOUT_STORE: Capacity = Capacity::keys(100_000);

/// How much is allowed.
#[derive(Clone, Debug)]
pub struct Allowances {
    /// What each client may ask of each route while it isn't signed in.
    pub default: Quotas,
    /// What each signed-in user may ask.
    pub user: Quotas,
    /// How often each client may look at pages.
    pub pages: Quotas,
    /// How it is counted.
    pub strategy: Strategy,
}

/// Where it is counted.
#[derive(Clone, Debug)]
pub struct Counters {
    /// Who isn't signed in.
    pub clients: SharedStore,
    /// Who is.
    pub users: SharedStore,
}

/// The limits of the server.
#[derive(Debug)]
pub struct RequestLimits {
    clients: Limits<SharedStore>,
    users: Limits<SharedStore>,
    without_store: Limits<MemoryStore>,
}

/// What became of charging a request.
pub(crate) enum Charge {
    /// It is known already.
    Done(Result<Decision, ApiError>),
    /// The store takes its time.
    Waiting(Pin<Box<dyn Future<Output = Result<Decision, ApiError>> + Send>>),
}

/// Who is charged.
#[derive(Clone, Debug)]
enum Who {
    Client(IpAddr),
    User(Arc<Verified>),
}

/// A request, as far as limits look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    /// Its client.
    pub(crate) client: IpAddr,
    /// Its route, where one fits.
    pub(crate) route: Option<&'static Route>,
    pub(crate) method: &'a Method,
    pub(crate) now: Timestamp,
}

impl RequestLimits {
    /// Counts in `counters`, under keys that `key` makes.
    pub fn new(counters: Counters, key: &[u8; 16], allowances: &Allowances) -> Self {
        let hasher = KeyHasher::new(key);
        let strategy = allowances.strategy;
        let user = Limit::new(allowances.user.clone()).shared("user");
        let clients = Limits::new(counters.clients, hasher.clone()).with_strategy(strategy);
        let without = Limits::new(MemoryStore::new(WITHOUT_STORE), hasher.clone());
        Self {
            clients: for_clients(clients, allowances),
            users: Limits::new(counters.users, hasher)
                .with_strategy(strategy)
                .with_default(user),
            without_store: for_clients(without.with_strategy(strategy), allowances),
        }
    }

    /// Charges a request, unless its route is exempt or charges by itself.
    pub(crate) fn charge(
        self: &Arc<Self>,
        asked: Asked<'_>,
        authentication: &Authentication,
    ) -> Option<Charge> {
        let by_token = match asked.route.map(|route| route.charged) {
            Some(Charged::Nobody) => return None,
            Some(Charged::Client | Charged::Page | Charged::PageOfAccount) => false,
            Some(Charged::UserElseClient) | None => true,
        };
        let who = match authentication.verified() {
            Ok(token) if by_token => Who::User(Arc::clone(token)),
            Ok(_) | Err(_) => Who::Client(asked.client),
        };
        Some(self.charge_to(who, asked))
    }

    fn charge_to(self: &Arc<Self>, who: Who, asked: Asked<'_>) -> Charge {
        let limits = self.limits(&who);
        match limits.begin(&asked.call(&who)) {
            Ok(Ok(decision)) => Charge::Done(Ok(decision)),
            Ok(Err(error)) => Charge::Done(self.without_store(asked, error)),
            Err(begun) => {
                let (this, method) = (Arc::clone(self), asked.method.clone());
                let (client, route, now) = (asked.client, asked.route, asked.now);
                Charge::Waiting(Box::pin(async move {
                    let asked = Asked {
                        client,
                        route,
                        method: &method,
                        now,
                    };
                    let limits = this.limits(&who);
                    match limits.finish(&asked.call(&who), begun).await {
                        Ok(decision) => Ok(decision),
                        Err(error) => this.without_store(asked, error),
                    }
                }))
            }
        }
    }

    const fn limits(&self, who: &Who) -> &Limits<SharedStore> {
        match who {
            Who::Client(_) => &self.clients,
            Who::User(_) => &self.users,
        }
    }

    fn without_store(&self, asked: Asked<'_>, error: Unavailable) -> Result<Decision, ApiError> {
        if error.is_busy() {
            return Err(error.into());
        }
        let local = match *asked.method {
            Method::GET | Method::HEAD | Method::OPTIONS => self
                .without_store
                .begin(&asked.call(&Who::Client(asked.client))),
            _ => return Err(error.into()),
        };
        match local {
            Ok(Ok(decision)) => Ok(decision),
            // Memory answers at once; should it ever not, this is refused.
            Ok(Err(_)) | Err(_) => Err(error.into()),
        }
    }
}

fn for_clients<S: ratelimit::Store>(limits: Limits<S>, allowances: &Allowances) -> Limits<S> {
    let pages = || Limit::new(allowances.pages.clone()).shared("pages");
    let limits = limits.with_default(Limit::new(allowances.default.clone()));
    all().fold(limits, |limits, route| match route.charged {
        Charged::Nobody => limits.with_exemption(route.template),
        Charged::Page => limits.with_route(route.template, [pages().methods(["GET", "HEAD"])]),
        Charged::PageOfAccount => limits.with_route(route.template, [pages()]),
        Charged::Client | Charged::UserElseClient => limits,
    })
}

impl<'a> Asked<'a> {
    fn call(&self, who: &'a Who) -> Call<'a>
    where
        Self: 'a,
    {
        Call {
            caller: match who {
                Who::Client(address) => Caller::Address(*address),
                Who::User(token) => Caller::User(token.subject()),
            },
            route: self.route.map(|route| route.template),
            method: self.method.as_str(),
            cost: 1,
            now: ratelimit::Timestamp::from_millis(
                u64::try_from(self.now.as_millis()).unwrap_or_default(),
            ),
        }
    }
}

/// A charge that waits for the handler to learn who asks: a refresh token may stand in the body.
#[derive(Clone, Debug)]
pub(crate) struct Deferred(Arc<Later>);

#[derive(Debug)]
struct Later {
    limits: Arc<RequestLimits>,
    client: IpAddr,
    route: Option<&'static Route>,
    method: Method,
    now: Timestamp,
    decided: OnceLock<Decision>,
}

impl Deferred {
    pub(crate) fn new(limits: &Arc<RequestLimits>, asked: Asked<'_>) -> Self {
        Self(Arc::new(Later {
            limits: Arc::clone(limits),
            client: asked.client,
            route: asked.route,
            method: asked.method.clone(),
            now: asked.now,
            decided: OnceLock::new(),
        }))
    }

    /// Charges the user of `token`, or else the client.
    ///
    /// # Errors
    /// When it is refused, or the store can't be asked.
    pub(crate) async fn charge(&self, token: Option<&Arc<Verified>>) -> Result<(), ApiError> {
        let later = &*self.0;
        let asked = Asked {
            client: later.client,
            route: later.route,
            method: &later.method,
            now: later.now,
        };
        let who = token.map_or(Who::Client(later.client), |token| {
            Who::User(Arc::clone(token))
        });
        let decision = match later.limits.charge_to(who, asked) {
            Charge::Done(done) => done?,
            Charge::Waiting(waiting) => waiting.await?,
        };
        let refused = decision.retry_after();
        let _ = later.decided.set(decision); // asked once
        refused.map_or(Ok(()), |wait| Err(ApiError::rate_limited(wait)))
    }

    /// What came of it.
    pub(crate) fn decision(&self) -> Option<&Decision> {
        self.0.decided.get()
    }
}
