//! `limiter_responses.json`: requests against Flask-Limiter, here against the layer with its headers.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex},
};

use axum::{body::Body, response::Response};
use http::{HeaderMap, Request};
use ratelimit::{
    ByAddress, ForwardedBy, Headers, KeyHasher, Limit, Limits, MemoryStore, RateLimitLayer,
    Timestamp, TrustedProxies,
};
use serde_json::Value;
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{list, moment, none_of, number, recorded, text};

/// Where the proxies of the recorded cases are.
const PROXIES: &str = "10.0.0.0/8";

/// The view that sends a `Retry-After` of its own, in seconds.
const OWN_RETRY_AFTER: (&str, &str) = ("/retry", "500");

#[tokio::test]
async fn vectors_limiter_responses() {
    let file = recorded("limiter_responses.json");
    let (mut mismatches, mut played) = (Vec::new(), 0);
    for case in list(&file["cases"]) {
        let profile = &file["profiles"][text(&case["profile"])];
        if left_out(case, profile).is_some() {
            continue;
        }
        played += 1;
        if let Err(mismatch) = play(case, profile).await {
            mismatches.push(format!("{} {}: {mismatch}", case["id"], case["name"]));
        }
    }
    none_of(&mismatches);
    assert!(played > 0);
}

#[test]
fn vectors_limiter_responses_left_out() {
    let file = recorded("limiter_responses.json");
    for case in list(&file["cases"]) {
        let profile = &file["profiles"][text(&case["profile"])];
        if let Some(reason) = left_out(case, profile) {
            println!("{} {}: {reason}", case["id"], case["name"]);
        }
    }
    // What stands in the place of two of the rules.
    assert!("junk".parse::<Limit>().is_err());
    assert!("five per minute".parse::<Limit>().is_err());
}

/// Why a case is left out on purpose. Among the published ones these are limiter-006 (a /64), 016
/// (404), 037 (all breaches), 038, 039 and 040 (unparsable).
fn left_out(case: &Value, profile: &Value) -> Option<&'static str> {
    let limiter = &profile["limiter"];
    let steps = list(&case["steps"]);
    let any = |test: &dyn Fn(&Value) -> bool| steps.iter().any(test);
    let on = |path: &str| any(&|step| text(&step["path"]).split('?').next() == Some(path));

    if any(&|step| matches!(number(&step["response"]["status"]), 404 | 405)) {
        return Some("the library does not limit 404 and 405: here they share one budget");
    }
    if limiter["fail_on_first_breach"] == false {
        return Some("charging on after a refusal uses up the longer limits: not offered");
    }
    if !limiter["meta_limits"].is_null() {
        return Some("limits on being limited are not offered");
    }
    if on("/fail-only") {
        return Some("charging by the answer's status is not offered: parallel guesses pass it");
    }
    if on("/bad-limit") || case["profile"] == "unparsable" {
        return Some("a limit that can't be read is an error at the start, not dropped or a 500");
    }
    if !profile["proxy_fix"].is_null() && any(&|step| !peer(step).to_string().starts_with("10.")) {
        return Some(
            "ProxyFix counts hops and believes whoever connects: here the peer is checked",
        );
    }
    let networks: Vec<_> = steps
        .iter()
        .map(peer)
        .collect::<HashSet<_>>()
        .into_iter()
        .filter_map(network)
        .collect();
    if networks.iter().collect::<HashSet<_>>().len() < networks.len() {
        return Some("addresses of one /64 are one caller here");
    }
    None
}

fn peer(step: &Value) -> IpAddr {
    step["remote_addr"]
        .as_str()
        .unwrap_or("127.0.0.1")
        .parse()
        .unwrap()
}

fn network(address: IpAddr) -> Option<Ipv6Addr> {
    let IpAddr::V6(address) = address.to_canonical() else {
        return None;
    };
    Some(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))
}

async fn play(case: &Value, profile: &Value) -> Result<(), String> {
    let limiter = &profile["limiter"];
    let proxies = match &profile["proxy_fix"] {
        Value::Null => TrustedProxies::default(),
        _ => PROXIES
            .parse::<TrustedProxies>()
            .unwrap()
            .believing(ForwardedBy::XForwarded),
    };
    let clock = Arc::new(Mutex::new(Timestamp::default()));
    let identify = ByAddress {
        proxies,
        peer: |request| request.get::<IpAddr>().copied(),
        route: |request| request.get::<Route>().map(|route| route.0.as_str()),
    };
    let now = Arc::clone(&clock);
    let layer = RateLimitLayer::new(Arc::new(limits(profile)), identify, move || {
        *now.lock().unwrap()
    })
    .with_headers(Headers::XRateLimit);

    for (place, step) in list(&case["steps"]).iter().enumerate() {
        if fewer_entries_than_hops(step, profile) {
            continue;
        }
        *clock.lock().unwrap() = moment(&step["at"]);
        let view = service_fn(view);
        let response = match limiter["enabled"].as_bool() {
            Some(false) => view.oneshot(request(step)).await,
            _ => layer.layer(view).oneshot(request(step)).await,
        };
        let response = response.unwrap();
        let status = number(&step["response"]["status"]);
        if u64::from(response.status().as_u16()) != status {
            return Err(format!(
                "step {place}: {} is not {status}",
                response.status()
            ));
        }
        compare(step, profile, response.headers())
            .map_err(|error| format!("step {place}: {error}"))?;
    }
    Ok(())
}

/// `ProxyFix` with two hops falls back to the peer when one entry was sent. Here the entry of a trusted
/// proxy names the client, however many there are.
fn fewer_entries_than_hops(step: &Value, profile: &Value) -> bool {
    let hops = profile["proxy_fix"]["x_for"].as_u64().unwrap_or(0);
    let entries = step["headers"]["X-Forwarded-For"]
        .as_str()
        .map_or(0, |entries| entries.split(',').count());
    (entries as u64) < hops
}

/// The recorded application's limits.
fn limits(profile: &Value) -> Limits<MemoryStore> {
    let limit = |text: &str| text.parse::<Limit>().unwrap();
    let limiter = &profile["limiter"];
    let mut limits = Limits::new(MemoryStore::default(), KeyHasher::random())
        .with_exemption("/exempt")
        .with_exemption("/static")
        .with_route("/strict", [limit("1 per minute")])
        .with_route_added("/strict-plus", [limit("2 per minute")])
        .with_route("/message", [limit("1 per minute")])
        .with_route("/cost", [limit("5 per minute").cost(2)])
        .with_route("/shared1", [limit("2 per minute").shared("group")])
        .with_route("/shared2", [limit("2 per minute").shared("group")])
        .with_route("/post-only", [limit("1 per minute").methods(["POST"])])
        .with_route("/bp1", [limit("2 per minute")])
        .with_route("/bp2", [limit("2 per minute")]);

    if let Some(strategy) = limiter["strategy"].as_str() {
        limits = limits.with_strategy(strategy.parse().unwrap());
    }
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().map_or(Vec::new(), |all| {
            all.iter().map(|one| text(one).to_owned()).collect()
        })
    };
    for everywhere in texts(&limiter["application_limits"]) {
        limits = limits.with_everywhere(limit(&everywhere));
    }
    let mut defaults = texts(&limiter["default_limits"]);
    if defaults.is_empty() {
        defaults.extend(
            profile["app"]["RATELIMIT_DEFAULT"]
                .as_str()
                .map(str::to_owned),
        );
    }
    for default in defaults {
        let default = limit(&default);
        limits = limits.with_default(match limiter["default_limits_per_method"].as_bool() {
            Some(true) => default.per_method(),
            _ => default,
        });
    }
    limits
}

#[derive(Clone)]
struct Route(String);

/// The recorded request, with what a server and a router know of it. It carries the status that the
/// view is to answer.
fn request(step: &Value) -> Request<Body> {
    let path = text(&step["path"]).split('?').next().unwrap();
    let route = match path.split('/').nth(1) {
        Some("item") => "/item/{id}",
        Some("static") => "/static",
        _ => path,
    };
    let mut request = Request::builder()
        .method(text(&step["method"]))
        .uri(text(&step["path"]))
        .extension(peer(step))
        .extension(Route(route.to_owned()))
        .extension(step["response"]["status"].as_u64().unwrap());
    for (name, value) in step["headers"].as_object().unwrap() {
        request = request.header(name, text(value));
    }
    request.body(Body::empty()).unwrap()
}

async fn view(request: Request<Body>) -> Result<Response, Infallible> {
    let mut response = Response::new(Body::empty());
    // A request that the library refused must not get here.
    let status = match request.extensions().get::<u64>() {
        Some(429) | None => 200,
        Some(status) => *status,
    };
    *response.status_mut() = u16::try_from(status).unwrap().try_into().unwrap();
    let (path, seconds) = OWN_RETRY_AFTER;
    if request.uri().path() == path {
        response
            .headers_mut()
            .insert("retry-after", seconds.parse().unwrap());
    }
    Ok(response)
}

/// Compares the numbers in the headers.
fn compare(step: &Value, profile: &Value, headers: &HeaderMap) -> Result<(), String> {
    if profile["limiter"]["headers_enabled"]
        .as_bool()
        .or(profile["app"]["RATELIMIT_HEADERS_ENABLED"].as_bool())
        != Some(true)
    {
        return Ok(());
    }
    let due: HashMap<String, &str> = list(&step["response"]["headers"])
        .iter()
        .map(|pair| (text(&pair[0]).to_ascii_lowercase(), text(&pair[1])))
        .collect();
    for (name, setting) in [
        ("X-RateLimit-Limit", "RATELIMIT_HEADER_LIMIT"),
        ("X-RateLimit-Remaining", "RATELIMIT_HEADER_REMAINING"),
        ("X-RateLimit-Reset", "RATELIMIT_HEADER_RESET"),
        ("Retry-After", ""),
    ] {
        let recorded_name = profile["app"][setting].as_str().unwrap_or(name);
        let due = due.get(&recorded_name.to_ascii_lowercase()).copied();
        let ours = headers.get(name).map(|value| value.to_str().unwrap());
        // A date is no number; the seconds it stands for are in `X-RateLimit-Reset`.
        let is_date = due.is_some_and(|due| due.ends_with("GMT"));
        if ours != due && !is_date {
            return Err(format!("{name} {ours:?} is not {due:?}"));
        }
    }
    Ok(())
}
