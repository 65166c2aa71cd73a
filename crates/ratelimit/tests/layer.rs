//! The layer around a service, with the clock and the store in the test's hand.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    convert::Infallible,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::Response};
use http::{Request, StatusCode, header};
use ratelimit::{
    ByAddress, Headers, Hit, Key, KeyHasher, Limit, Limits, MemoryStore, RateLimitLayer,
    RateLimited, SharedStore, Store, StoreUnavailable, Timestamp, TrustedProxies, Unavailable,
    Usage,
};
use tower::{Layer as _, ServiceExt as _, service_fn};

const START: u64 = 1_700_000_000;

type Layer<S> = RateLimitLayer<S, ByAddress>;

fn layer<S: Store>(limits: Limits<S>, clock: &Arc<AtomicU64>) -> Layer<S> {
    let identify = ByAddress {
        proxies: TrustedProxies::default(),
        peer: |request| request.get::<IpAddr>().copied(),
        route: |request| request.get::<&'static str>().copied(),
    };
    let clock = Arc::clone(clock);
    RateLimitLayer::new(Arc::new(limits), identify, move || {
        Timestamp::from_secs(clock.load(Ordering::Relaxed))
    })
}

fn clock() -> Arc<AtomicU64> {
    Arc::new(AtomicU64::new(START))
}

fn two_limits<S: Store>(store: S) -> Limits<S> {
    let limit: Limit = "200 per day; 2 per hour".parse().unwrap();
    Limits::new(store, KeyHasher::random()).with_default(limit)
}

async fn get<S: Store>(layer: &Layer<S>, address: &str, route: Option<&'static str>) -> Response {
    let mut request = Request::new(Body::empty());
    request
        .extensions_mut()
        .insert(address.parse::<IpAddr>().unwrap());
    if let Some(route) = route {
        request.extensions_mut().insert(route);
    }
    let service =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::empty())));
    layer.layer(service).oneshot(request).await.unwrap()
}

fn text<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn every_response_tells_of_every_limit_and_a_refusal_of_those_charged() {
    let clock = clock();
    let layer = layer(two_limits(MemoryStore::default()), &clock);
    let policy = r#""hour";q=2;w=3600, "day";q=200;w=86400"#;

    let response = get(&layer, "192.0.2.1", Some("/a")).await;
    assert_eq!(text(&response, "ratelimit-policy"), Some(policy));
    assert_eq!(
        text(&response, "ratelimit"),
        Some(r#""hour";r=1;t=3600, "day";r=199;t=86400"#)
    );
    assert_eq!(text(&response, "retry-after"), None);

    get(&layer, "192.0.2.1", Some("/a")).await;
    clock.fetch_add(100, Ordering::Relaxed);
    let response = get(&layer, "192.0.2.1", Some("/a")).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(text(&response, "ratelimit-policy"), Some(policy));
    assert_eq!(text(&response, "ratelimit"), Some(r#""hour";r=0;t=3500"#));
    assert_eq!(text(&response, "retry-after"), Some("3500"));

    clock.fetch_add(3500, Ordering::Relaxed);
    let response = get(&layer, "192.0.2.1", Some("/a")).await;
    // The refused request did not charge the day.
    assert_eq!(
        text(&response, "ratelimit"),
        Some(r#""hour";r=1;t=3600, "day";r=197;t=82800"#)
    );
}

#[tokio::test]
async fn a_refusal_carries_its_decision() {
    let layer = layer(two_limits(MemoryStore::default()), &clock());
    for _ in 0..2 {
        get(&layer, "192.0.2.1", Some("/a")).await;
    }
    let response = get(&layer, "192.0.2.1", Some("/a")).await;
    let rejection = response.extensions().get::<RateLimited>().unwrap();
    let refused = rejection.decision().refused().unwrap();
    assert_eq!(
        (refused.name, refused.quota.to_string().as_str()),
        ("hour", "2 per 1 hour")
    );
    assert_eq!(
        rejection.decision().retry_after(),
        Some(Duration::from_hours(1))
    );
}

#[tokio::test]
async fn requests_without_a_route_share_one_budget() {
    let layer = layer(two_limits(MemoryStore::default()), &clock());
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(get(&layer, "192.0.2.1", None).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn a_64_can_not_multiply_its_budget() {
    let layer = layer(two_limits(MemoryStore::default()), &clock());
    let mut refused = 0;
    for host in 1..=200 {
        let address = format!("2001:db8::{host:x}");
        refused += u32::from(get(&layer, &address, Some("/a")).await.status() == 429);
    }
    assert_eq!(refused, 198);
}

#[tokio::test]
async fn an_exempt_route_has_neither_limits_nor_headers() {
    let limits = two_limits(MemoryStore::default()).with_exemption("/livez");
    let layer = layer(limits, &clock());
    for _ in 0..10 {
        let response = get(&layer, "192.0.2.1", Some("/livez")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(text(&response, "ratelimit"), None);
    }
}

#[tokio::test]
async fn the_headers_are_the_applications_choice() {
    for (headers, standard, x) in [
        (Headers::Standard, true, false),
        (Headers::XRateLimit, false, true),
        (Headers::Both, true, true),
        (Headers::Hidden, false, false),
    ] {
        let layer = layer(two_limits(MemoryStore::default()), &clock()).with_headers(headers);
        let response = get(&layer, "192.0.2.1", Some("/a")).await;
        assert_eq!(text(&response, "ratelimit").is_some(), standard);
        assert_eq!(text(&response, "x-ratelimit-limit").is_some(), x);
    }
}

#[tokio::test]
async fn equal_quotas_get_names_of_their_own_and_are_charged_once_where_they_are_one() {
    let limit = |text: &str| text.parse::<Limit>().unwrap();
    let limits = Limits::new(MemoryStore::default(), KeyHasher::random())
        .with_everywhere(limit("9 per hour"))
        .with_route(
            "/a",
            [
                limit("5/hour; 5/hour"),
                limit("7/hour").named("se\"arch\u{e9}"),
            ],
        );
    let response = get(&layer(limits, &clock()), "192.0.2.1", Some("/a")).await;
    let due = r#""hour";r=8;t=3600, "hour-2";r=4;t=3600, "search";r=6;t=3600"#;
    assert_eq!(text(&response, "ratelimit"), Some(due));
}

#[tokio::test]
async fn limits_of_all_routes_are_charged_before_those_that_a_route_has_of_its_own() {
    let limit = |text: &str| text.parse::<Limit>().unwrap();
    let limits = || {
        Limits::new(MemoryStore::default(), KeyHasher::random())
            .with_everywhere(limit("9 per day"))
            .with_default(limit("1 per minute"))
            .with_route("/own", [limit("1 per minute")])
    };
    // Of five requests four are refused by the minute. They cost the day where it comes first.
    for (route, of_the_day) in [("/own", 4), ("/other", 8)] {
        let layer = layer(limits(), &clock());
        for _ in 0..5 {
            get(&layer, "192.0.2.1", Some(route)).await;
        }
        let response = get(&layer, "192.0.2.1", Some("/third")).await;
        let due = format!(r#""minute";r=0;t=60, "day";r={};t=86400"#, of_the_day - 1);
        assert_eq!(text(&response, "ratelimit"), Some(&*due), "{route}");
    }
}

/// A store behind a network: never at once, and sometimes not at all.
struct Remote {
    memory: MemoryStore,
    broken: Arc<AtomicBool>,
}

impl Store for Remote {
    async fn hit(&self, hit: Hit) -> Result<Usage, Unavailable> {
        tokio::task::yield_now().await;
        if self.broken.load(Ordering::Relaxed) {
            return Err(Unavailable::new("connection refused"));
        }
        Ok(self.memory.hit(&hit))
    }

    async fn give_back(&self, hit: Hit, usage: Usage) -> Result<(), Unavailable> {
        self.memory.give_back(&hit, &usage);
        Ok(())
    }

    async fn clear(&self, key: Key) -> Result<(), Unavailable> {
        self.memory.clear(key);
        Ok(())
    }
}

#[tokio::test]
async fn a_store_that_waits_gives_the_same_answers() {
    let remote = Remote {
        memory: MemoryStore::default(),
        broken: Arc::default(),
    };
    let layer = layer(two_limits(SharedStore::new(remote)), &clock());
    for status in [200, 200, 429] {
        assert_eq!(get(&layer, "192.0.2.1", Some("/a")).await.status(), status);
    }
}

#[tokio::test]
async fn a_broken_store_is_never_unlimited() {
    let broken = Arc::new(AtomicBool::new(true));
    let remote = Remote {
        memory: MemoryStore::default(),
        broken: Arc::clone(&broken),
    };
    let layer = layer(two_limits(remote), &clock());

    let response = get(&layer, "192.0.2.1", Some("/a")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key(header::RETRY_AFTER));
    let rejection = response.extensions().get::<StoreUnavailable>().unwrap();
    let cause = std::error::Error::source(rejection.cause()).unwrap();
    assert_eq!(cause.to_string(), "connection refused");

    broken.store(false, Ordering::Relaxed);
    assert_eq!(
        get(&layer, "192.0.2.1", Some("/a")).await.status(),
        StatusCode::OK
    );
}
