//! How often anyone may ask: what of a request is charged to whom.
//!
//! - Who isn't signed in is charged by client address, for each route apart; a request that no route
//!   fits, or whose method doesn't, for one route that stands for all of these.
//! - A valid token, access or refresh, is charged to its user, all routes together. Routes that are
//!   there to sign in or up don't look at tokens: else an account would buy guesses at others.
//! - Routes that have a password checked for somebody who is signed in have a small limit for each user besides,
//!   all of them together: hashing costs a thousand times what other requests do.
//! - A sign-in is charged to its client before anything is checked. One that succeeds is charged to its user
//!   and given back to its client, so that an office, or a back end that signs its users in, has room for
//!   all of them. Whoever guesses gains nothing by that: a guess that fails stays charged, and a success
//!   gives back its own charge only. Whoever has used up the limit of a user gets nothing back. The steps after the
//!   password are given back likewise, and charged to nobody: the user has paid for the challenge, which bounds them.
//! - Nobody's body is read before somebody is charged for it. Where the token may stand in the body, the
//!   client is charged first, and gets that back when the token turns out to be a user's to pay for.
//! - Pages go by cookies. Looking at them is charged to the client, with a budget of its own. So is, at
//!   first, what is done in one's account with a cookie: so that the look-up of cookies is limited, too.
//!   Once it is known whose the cookie is, its user is charged; without one, or with one that leads
//!   nowhere, the client is, as anyone who isn't signed in. A form that is refused before that, for its
//!   origin or its token, does nothing and costs no more than a look.
//! - A page of another site can have its visitor's browser send requests here, and must not use up the sign-ins of
//!   the visitor's address by that. So a form of any page that no page of ours sent is charged as a look. The
//!   API refuses what a browser sends for another site without asking, which is no JSON and has no token:
//!   it is charged as what no route fits. Both are told by the head alone, by the same functions that refuse
//!   the request afterwards: nothing that is charged so has a password checked or an account made.
//! - An answer that reveals that a name or an address is taken costs something of a small budget besides
//!   (`limits/taken.rs`).
//! - While the store can't be reached safe requests are counted by this process alone, users and clients
//!   apart as ever, and others refused with 503: a failing limiter is never "unlimited". A store that is
//!   there but did not count is a 503 for all: beside its count another would admit too much.

mod deferred;
mod sign_in;
mod taken;

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use account::Throttled;
use http::Method;
use jwt::{Authentication, Verified};
use model::{Timestamp, UserId};
use ratelimit::{
    Call, Capacity, Decision, KeyHasher, Limit, Limits, MemoryStore, Principal, Quotas,
    SharedStore, Strategy, Unavailable,
};

use crate::error::ApiError;
use crate::route::{Charged, Route};

pub(crate) use deferred::Deferred;
pub(crate) use sign_in::SignInLimit;
pub(crate) use taken::TakenBudget;

/// The group of the limit of password checks.
const HASHING: &str = "hashing";

/// Counters that are kept while the store can't be asked.
const WITHOUT_STORE: Capacity = Capacity::keys(100_000);

/// How much is allowed.
#[derive(Clone, Debug)]
pub struct Allowances {
    /// What each client may ask of each route while it isn't signed in.
    pub default: Quotas,
    /// What each signed-in user may ask.
    pub user: Quotas,
    /// How often each signed-in user may have a password checked.
    pub hashing: Quotas,
    /// How often each user may sign in.
    pub sign_in: Quotas,
    /// How often each client may look at pages.
    pub pages: Quotas,
    /// How many answers each user, and each client, may get that reveal that a name or an address is taken.
    pub taken: Quotas,
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
    /// Of clients and users. Both are counted where clients are: exactly.
    taken: Limits<SharedStore>,
    sign_ins: Limits<SharedStore>,
    clients_without_store: Limits<MemoryStore>,
    users_without_store: Limits<MemoryStore>,
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
enum Payer {
    Client(IpAddr),
    /// By a token.
    User(Arc<Verified>),
    /// By a cookie.
    Person(UserId),
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
    /// Counts what is asked of `routes` in `counters`, under keys that `key` makes.
    pub fn new(
        counters: Counters,
        key: &[u8; 16],
        allowances: &Allowances,
        routes: impl Iterator<Item = &'static Route> + Clone,
    ) -> Self {
        let hasher = KeyHasher::new(key);
        let strategy = allowances.strategy;
        let taken = Limits::new(counters.clients.clone(), hasher.clone()).with_strategy(strategy);
        // Exactly as many as it says: nothing is leased of so small a limit.
        let sign_in = apart("sign-in", &allowances.sign_in);
        let sign_ins = Limits::new(counters.clients.clone(), hasher.clone());
        let clients = Limits::new(counters.clients, hasher.clone()).with_strategy(strategy);
        let users = Limits::new(counters.users, hasher.clone()).with_strategy(strategy);
        let here = || Limits::new(MemoryStore::new(WITHOUT_STORE), hasher.clone());
        let here = || here().with_strategy(strategy);
        Self {
            clients: for_clients(clients, allowances, routes.clone()),
            users: for_users(users, allowances, routes.clone()),
            taken: taken.with_default(apart("taken", &allowances.taken)),
            sign_ins: sign_ins.with_strategy(strategy).with_default(sign_in),
            clients_without_store: for_clients(here(), allowances, routes.clone()),
            users_without_store: for_users(here(), allowances, routes),
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
            Ok(token) if by_token => Payer::User(Arc::clone(token)),
            Ok(_) | Err(_) => Payer::Client(asked.client),
        };
        Some(self.charge_to(who, asked))
    }

    /// Charges the client of a request as one that looks at its page and does nothing.
    pub(crate) fn charge_look(self: &Arc<Self>, asked: Asked<'_>) -> Charge {
        let look = Asked {
            method: &Method::GET,
            ..asked
        };
        self.charge_to(Payer::Client(asked.client), look)
    }

    /// Charges the client of a request as one that no route fits: it will come to nothing.
    pub(crate) fn charge_unmatched(self: &Arc<Self>, asked: Asked<'_>) -> Charge {
        let nowhere = Asked {
            route: None,
            ..asked
        };
        self.charge_to(Payer::Client(asked.client), nowhere)
    }

    fn charge_to(self: &Arc<Self>, who: Payer, asked: Asked<'_>) -> Charge {
        let limits = self.limits(&who);
        match limits.begin(&asked.call(&who)) {
            Ok(Ok(decision)) => Charge::Done(Ok(decision)),
            Ok(Err(error)) => Charge::Done(self.without_store(&who, asked, error)),
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
                        Err(error) => this.without_store(&who, asked, error),
                    }
                }))
            }
        }
    }

    /// Charges `user` for a sign-in.
    async fn charge_sign_in(
        &self,
        asked: Asked<'_>,
        user: &UserId,
    ) -> Result<Decision, Unavailable> {
        let who = Payer::Person(user.clone());
        self.sign_ins.check(&asked.call(&who)).await
    }

    /// Gives a client back what a request was charged, which came to `decision`. Where that fails it stays
    /// charged.
    async fn give_back(&self, asked: Asked<'_>, decision: &Decision) {
        let who = Payer::Client(asked.client);
        let call = asked.call(&who);
        if let Err(error) = self.clients.give_back(&call, decision).await {
            tracing::debug!(%error, "a rate limit charge could not be refunded");
        }
    }

    const fn limits(&self, who: &Payer) -> &Limits<SharedStore> {
        match who {
            Payer::Client(_) => &self.clients,
            Payer::User(_) | Payer::Person(_) => &self.users,
        }
    }

    fn without_store(
        &self,
        who: &Payer,
        asked: Asked<'_>,
        error: Unavailable,
    ) -> Result<Decision, ApiError> {
        if !error.is_gone() || !asked.method.is_safe() {
            return Err(error.into());
        }
        let here = match who {
            Payer::Client(_) => &self.clients_without_store,
            Payer::User(_) | Payer::Person(_) => &self.users_without_store,
        };
        match here.begin(&asked.call(who)) {
            Ok(Ok(decision)) => Ok(decision),
            // Memory answers at once; should it ever not, this is refused.
            Ok(Err(_)) | Err(_) => Err(error.into()),
        }
    }
}

/// A limit that stands beside that of the route, and has a name of its own in the headers.
fn apart(name: &str, quotas: &Quotas) -> Limit {
    Limit::new(quotas.clone()).named(name).shared(name)
}

/// The limit that refused, after the setting that says how much it allows: `default`, `user`, `hashing`, `sign-in`,
/// `pages` or `taken`.
pub(crate) fn refusing(decision: &Decision) -> Option<&str> {
    Some(decision.refused()?.group.unwrap_or("default"))
}

/// What `decision` keeps somebody from who has had the password checked too often.
pub(crate) fn throttled(route: Option<&Route>, decision: &Decision) -> Option<Throttled> {
    route?
        .hashes
        .filter(|_| refusing(decision) == Some(HASHING))
}

fn for_users<S: ratelimit::Store>(
    limits: Limits<S>,
    allowances: &Allowances,
    routes: impl Iterator<Item = &'static Route>,
) -> Limits<S> {
    let user = Limit::new(allowances.user.clone()).shared("user");
    let hashing = || apart(HASHING, &allowances.hashing);
    let hash = routes.filter(|route| route.hashes.is_some());
    hash.fold(limits.with_default(user), |limits, route| {
        limits.with_route_added(route.template, [hashing()])
    })
}

fn for_clients<S: ratelimit::Store>(
    limits: Limits<S>,
    allowances: &Allowances,
    routes: impl Iterator<Item = &'static Route>,
) -> Limits<S> {
    let pages = || Limit::new(allowances.pages.clone()).shared("pages");
    let limits = limits.with_default(Limit::new(allowances.default.clone()));
    routes.fold(limits, |limits, route| match route.charged {
        Charged::Nobody => limits.with_exemption(route.template),
        Charged::Page | Charged::PageOfAccount => {
            limits.with_route(route.template, [pages().methods(["GET", "HEAD"])])
        }
        Charged::Client | Charged::UserElseClient => limits,
    })
}

impl<'a> Asked<'a> {
    fn gives_back(&self) -> bool {
        self.route
            .is_some_and(|route| route.gives_back(self.method))
    }

    fn call(&self, who: &'a Payer) -> Call<'a>
    where
        Self: 'a,
    {
        Call {
            caller: match who {
                Payer::Client(address) => Principal::Address(*address),
                Payer::User(token) => Principal::User(token.subject()),
                Payer::Person(user) => Principal::User(user.as_str()),
            },
            route: self.route.map(|route| route.template),
            method: self.method.as_str(),
            cost: 1,
            refundable: matches!(who, Payer::Client(_)) && self.gives_back(),
            now: milliseconds(self.now),
        }
    }
}

fn milliseconds(now: Timestamp) -> ratelimit::Timestamp {
    ratelimit::Timestamp::from_millis(u64::try_from(now.as_millis()).unwrap_or_default())
}

#[cfg(test)]
mod tests;
