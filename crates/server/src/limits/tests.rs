//! What becomes of requests when the store doesn't count.

use std::net::IpAddr;

use ratelimit::{Hit, Key, Store, Usage};

use super::*;
use crate::routes;

/// A store that never counts.
#[derive(Clone, Copy)]
enum Failing {
    /// It can't be reached, as is known at once.
    Gone,
    /// It can't be reached, as is known after a while.
    GoneLater,
    /// It is there, but too many came at once.
    Contended,
}

impl Failing {
    fn error(self) -> Unavailable {
        match self {
            Self::Gone | Self::GoneLater => Unavailable::gone("connection refused"),
            Self::Contended => Unavailable::new("too many at once"),
        }
    }
}

impl Store for Failing {
    async fn hit(&self, _: Hit) -> Result<Usage, Unavailable> {
        Err(self.error())
    }

    async fn give_back(&self, _: Hit, _: Usage) -> Result<(), Unavailable> {
        Err(self.error())
    }

    async fn clear(&self, _: Key) -> Result<(), Unavailable> {
        Err(self.error())
    }

    fn hit_now(&self, _: Hit) -> Option<Result<Usage, Unavailable>> {
        match self {
            Self::GoneLater => None,
            Self::Gone | Self::Contended => Some(Err(self.error())),
        }
    }
}

fn limits(store: Failing) -> Arc<RequestLimits> {
    limits_in(SharedStore::new(store))
}

/// Small ones, counted in `store`.
pub(super) fn limits_in(store: SharedStore) -> Arc<RequestLimits> {
    let counters = Counters {
        clients: store.clone(),
        users: store,
    };
    let allowances = Allowances {
        default: "3 per hour".parse().unwrap(),
        user: "5 per minute".parse().unwrap(),
        hashing: "3 per minute".parse().unwrap(),
        sign_in: "2 per hour".parse().unwrap(),
        pages: "4 per minute".parse().unwrap(),
        taken: "2 per hour".parse().unwrap(),
        strategy: Strategy::default(),
    };
    Arc::new(RequestLimits::new(
        counters,
        &[7; 16],
        &allowances,
        routes::routes(),
    ))
}

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

fn alice() -> Payer {
    Payer::Person(UserId::parse("alice").unwrap())
}

/// The status of a request, 200 when it is admitted.
async fn status(limits: &Arc<RequestLimits>, who: Payer, method: Method, path: &str) -> u16 {
    let asked = Asked {
        client: HERE,
        route: routes::route_at(path),
        method: &method,
        now: Timestamp::from_seconds(1_800_000_000),
    };
    let decided = match limits.charge_to(who, asked) {
        Charge::Done(done) => done,
        Charge::Waiting(waiting) => waiting.await,
    };
    match decided {
        Ok(decision) if decision.is_allowed() => 200,
        Ok(_) => 429,
        Err(error) => error.into_problem().status().as_u16(),
    }
}

async fn several(
    limits: &Arc<RequestLimits>,
    count: usize,
    who: &Payer,
    method: Method,
    path: &str,
) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(status(limits, who.clone(), method.clone(), path).await);
    }
    statuses
}

#[tokio::test]
async fn while_the_store_is_gone_safe_requests_of_strangers_are_counted_here() {
    for store in [Failing::Gone, Failing::GoneLater] {
        let (limits, who) = (limits(store), Payer::Client(HERE));
        let me = several(&limits, 5, &who, Method::GET, "/api/v1/me").await;
        assert_eq!(me, [200, 200, 200, 429, 429]);
        let unknown = several(&limits, 4, &who, Method::HEAD, "/nothing").await;
        assert_eq!(unknown, [200, 200, 200, 429]);
        let pages = several(&limits, 5, &who, Method::GET, "/login").await;
        assert_eq!(pages, [200, 200, 200, 200, 429]);
    }
}

#[tokio::test]
async fn while_the_store_is_gone_users_have_their_own_limit_here() {
    for store in [Failing::Gone, Failing::GoneLater] {
        let limits = limits(store);
        let me = several(&limits, 6, &alice(), Method::GET, "/api/v1/me").await;
        assert_eq!(me, [200, 200, 200, 200, 200, 429]);
        let other = Payer::Person(UserId::parse("bob").unwrap());
        let sessions = several(&limits, 1, &other, Method::GET, "/api/v1/sessions").await;
        assert_eq!(sessions, [200], "others are not concerned");
    }
}

#[tokio::test]
async fn while_the_store_is_gone_nothing_is_changed() {
    for store in [Failing::Gone, Failing::GoneLater] {
        let limits = limits(store);
        for who in [Payer::Client(HERE), alice()] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let method_name = method.clone();
                let answers = several(&limits, 2, &who, method, "/api/v1/users/1").await;
                assert_eq!(answers, [503, 503], "{method_name} by {who:?}");
            }
        }
    }
}

#[tokio::test]
async fn beside_a_store_that_counts_nothing_is_counted_here() {
    let limits = limits(Failing::Contended);
    for who in [Payer::Client(HERE), alice()] {
        for method in [Method::GET, Method::POST] {
            let answers = several(&limits, 2, &who, method, "/api/v1/me").await;
            assert_eq!(answers, [503, 503]);
        }
    }
}
