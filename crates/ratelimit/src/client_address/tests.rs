use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect()
}

/// The client of a peer 10.0.0.1, where 10.0.0.0/8 is trusted.
fn seen(lines: &[(&'static str, &str)]) -> (String, Option<Scheme>, Option<Ignored>) {
    let proxies: TrustedProxies = "10.0.0.0/8 fd00::/8".parse().unwrap();
    let client = proxies.client("10.0.0.1".parse().unwrap(), &headers(lines));
    (client.address.to_string(), client.scheme, client.ignored)
}

fn address(lines: &[(&'static str, &str)]) -> String {
    let (address, _, ignored) = seen(lines);
    assert_eq!(ignored, None);
    address
}

const X: &str = "x-forwarded-for";
const PROTO: &str = "x-forwarded-proto";
const F: &str = "forwarded";

#[test]
fn without_a_header_the_peer_is_the_client() {
    assert_eq!(seen(&[]), ("10.0.0.1".into(), None, None));
}

#[test]
fn a_header_from_an_untrusted_peer_is_ignored_and_reported() {
    let proxies: TrustedProxies = "10.0.0.0/8".parse().unwrap();
    for line in [
        (X, "1.1.1.1"),
        (F, "for=1.1.1.1;proto=https"),
        (PROTO, "https"),
    ] {
        let client = proxies.client("192.0.2.1".parse().unwrap(), &headers(&[line]));
        assert_eq!(client.address.to_string(), "192.0.2.1");
        assert_eq!(client.scheme, None);
        assert_eq!(client.ignored, Some(Ignored::UntrustedPeer));
    }
}

#[test]
fn the_client_is_the_first_untrusted_hop_from_the_right() {
    assert_eq!(address(&[(X, "1.1.1.1, 203.0.113.9")]), "203.0.113.9");
    assert_eq!(
        address(&[(X, "1.1.1.1, 203.0.113.9, 10.0.0.2")]),
        "203.0.113.9"
    );
    assert_eq!(
        address(&[(X, "1.1.1.1"), (X, "203.0.113.9,10.9.9.9")]),
        "203.0.113.9"
    );
    assert_eq!(
        address(&[(F, "for=1.1.1.1, For=203.0.113.9, for=10.0.0.2")]),
        "203.0.113.9"
    );
    assert_eq!(
        address(&[(F, "for=1.1.1.1"), (F, "for=203.0.113.9;by=10.0.0.1")]),
        "203.0.113.9"
    );
}

#[test]
fn when_all_hops_are_trusted_the_farthest_is_the_client() {
    assert_eq!(address(&[(X, "10.1.1.1, 10.2.2.2")]), "10.1.1.1");
}

#[test]
fn addresses_are_read_in_all_their_forms() {
    for text in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80"] {
        assert_eq!(address(&[(X, text)]), "2001:db8::1");
    }
    for text in [
        "192.0.2.7",
        "192.0.2.7:8080",
        "::ffff:192.0.2.7",
        "\t192.0.2.7 ",
    ] {
        assert_eq!(address(&[(X, text)]), "192.0.2.7");
    }
    for text in [
        "for=192.0.2.7",
        "FOR=192.0.2.7;proto=http;by=203.0.113.43",
        r#"for="192.0.2.7""#,
        r#"for="192.0.2.7:80""#,
        r#"for="192.0.2.7:_hidden""#,
        r#"for="1\92.0.2.7";ext="a,b;c\"d""#,
        r#"for="[::ffff:192.0.2.7]:80""#,
        "proto=https ; for=192.0.2.7 ,, ",
        ";for=192.0.2.7;",
    ] {
        assert_eq!(address(&[(F, text)]), "192.0.2.7", "{text}");
    }
}

#[test]
fn an_unreadable_entry_ends_the_way_at_the_last_trusted_hop() {
    for text in [
        "1.1.1.1, unknown",
        "1.1.1.1, ",
        "1.1.1.1, 1.2.3",
        "1.1.1.1, é",
        "1.1.1.1 2.2.2.2",
    ] {
        assert_eq!(seen(&[(X, text)]).2, Some(Ignored::Unreadable), "{text}");
        assert_eq!(seen(&[(X, text)]).0, "10.0.0.1");
    }
    for text in [
        "for=unknown",
        "for=_hidden",
        "for=2001:db8::1",
        r#"for="2001:db8::1""#,
        r#"for=1.1.1.1, for="2.2.2.2"#,
        "for=1.1.1.1;for=2.2.2.2",
        "proto=https",
        "for = 1.1.1.1",
        "for=1.1.1.1:80",
        r#"for="1.1.1.1:""#,
        "1.1.1.1",
    ] {
        assert_eq!(seen(&[(F, text)]).2, Some(Ignored::Unreadable), "{text}");
        assert_eq!(seen(&[(F, text)]).0, "10.0.0.1", "{text}");
    }
    assert_eq!(
        seen(&[(X, "1.1.1.1, junk, 10.0.0.2")]),
        ("10.0.0.2".into(), None, Some(Ignored::Unreadable))
    );
}

#[test]
fn what_lies_left_of_the_client_is_not_even_read() {
    assert_eq!(address(&[(X, "junk, 203.0.113.9")]), "203.0.113.9");
    assert_eq!(
        address(&[(F, r#"for=""#), (F, "for=203.0.113.9")]),
        "203.0.113.9"
    );
}

#[test]
fn both_headers_count_only_if_they_agree() {
    assert_eq!(
        address(&[(X, "203.0.113.9"), (F, "for=203.0.113.9")]),
        "203.0.113.9"
    );
    let (address, scheme, ignored) = seen(&[(X, "203.0.113.9"), (F, "for=1.1.1.1;proto=https")]);
    assert_eq!(
        (address.as_str(), scheme, ignored),
        ("10.0.0.1", None, Some(Ignored::Conflict))
    );

    let lines = headers(&[(X, "203.0.113.9"), (F, "for=1.1.1.1")]);
    let peer = "10.0.0.1".parse().unwrap();
    for (by, due) in [
        (ForwardedBy::XForwarded, "203.0.113.9"),
        (ForwardedBy::Forwarded, "1.1.1.1"),
    ] {
        let proxies = "10.0.0.0/8"
            .parse::<TrustedProxies>()
            .unwrap()
            .believing(by);
        assert_eq!(proxies.client(peer, &lines).address.to_string(), due);
    }
}

#[test]
fn the_scheme_is_the_one_of_the_clients_own_hop() {
    let scheme = |lines| seen(lines).1;
    assert_eq!(scheme(&[(PROTO, "https")]), Some(Scheme::Https));
    assert_eq!(
        scheme(&[(X, "1.1.1.1"), (PROTO, "HTTP")]),
        Some(Scheme::Http)
    );
    assert_eq!(
        scheme(&[(X, "1.1.1.1, 10.0.0.2"), (PROTO, "https, http")]),
        Some(Scheme::Https)
    );
    assert_eq!(
        scheme(&[(X, "1.1.1.1"), (PROTO, "https, http")]),
        Some(Scheme::Http)
    );
    assert_eq!(
        scheme(&[(X, "1.1.1.1, 10.0.0.2"), (PROTO, "https")]),
        Some(Scheme::Https)
    );
    assert_eq!(scheme(&[(X, "1.1.1.1"), (PROTO, "gopher")]), None);
    assert_eq!(
        scheme(&[(F, "for=2.2.2.2;proto=http, for=1.1.1.1;proto=https")]),
        Some(Scheme::Https)
    );
    assert_eq!(scheme(&[(F, "for=1.1.1.1"), (PROTO, "https")]), None);
}

#[test]
fn a_long_way_ends() {
    let many = ["10.0.0.2"; MAX_HOPS + 1].join(",");
    assert_eq!(seen(&[(X, &many)]).2, Some(Ignored::TooManyHops));
    let most = format!("1.1.1.1,{}", ["10.0.0.2"; MAX_HOPS - 1].join(","));
    assert_eq!(address(&[(X, &most)]), "1.1.1.1");
    assert_eq!(
        seen(&[(X, &",".repeat(MAX_LINE + 1))]).2,
        Some(Ignored::Unreadable)
    );
}

#[test]
fn networks_are_read_or_refused_by_name() {
    let proxies: TrustedProxies = "10.0.0.0/8,192.0.2.1 ::ffff:198.51.100.0/120"
        .parse()
        .unwrap();
    for (address, trusted) in [
        ("10.255.0.1", true),
        ("::ffff:10.0.0.1", true),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("198.51.100.9", true),
        ("::1", false),
    ] {
        assert_eq!(
            proxies.contains(address.parse().unwrap()),
            trusted,
            "{address}"
        );
    }
    let error = "10.0.0.0/8, proxy.example"
        .parse::<TrustedProxies>()
        .unwrap_err();
    assert!(error.to_string().contains("`proxy.example`"));
    assert_eq!(
        "".parse::<TrustedProxies>().unwrap(),
        TrustedProxies::default()
    );
}

proptest! {
    #[test]
    fn hostile_headers_never_name_a_client_that_no_trusted_hop_vouches_for(
        x in proptest::collection::vec("[0-9a-f.:,\\[\\] _;=\"\\\\]{0,60}", 0..3),
        forwarded in proptest::collection::vec("((for|proto|by|x)?=?[0-9.,;\\[\\]:\" \\\\_a]{0,9}){0,6}", 0..3),
    ) {
        let lines: Vec<_> = x.iter().map(|line| (X, line.as_str()))
            .chain(forwarded.iter().map(|line| (F, line.as_str())))
            .collect();
        // An honest proxy appends the client that it heard, on a line of its own.
        for own in [(X, "203.0.113.9"), (F, "for=203.0.113.9")] {
            let mut lines = lines.clone();
            lines.push(own);
            let (address, _, _) = seen(&lines);
            prop_assert!(address == "203.0.113.9" || address == "10.0.0.1", "{address}");
        }
    }

    #[test]
    fn a_client_can_not_swallow_what_the_proxy_appends(prefix in "[ -~]{0,80}") {
        let appended = format!("{prefix}, for=203.0.113.9");
        let (address, _, _) = seen(&[(F, &appended)]);
        prop_assert!(address == "203.0.113.9" || address == "10.0.0.1", "{address}");
        let appended = format!("{prefix}, 203.0.113.9");
        prop_assert_eq!(seen(&[(X, &appended)]).0, "203.0.113.9");
    }

    #[test]
    fn any_ipv6_node_is_read_back(bits: u128, port in proptest::option::of(0u16..)) {
        let ip = std::net::Ipv6Addr::from_bits(bits);
        let node = port.map_or(format!("[{ip}]"), |port| format!("[{ip}]:{port}"));
        let due = IpAddr::from(ip).to_canonical();
        prop_assume!(!due.to_string().starts_with("10.") && bits >> 120 != 0xfd);
        prop_assert_eq!(address(&[(F, &format!("proto=https;for=\"{node}\""))]), due.to_string());
        prop_assert_eq!(address(&[(X, &node)]), due.to_string());
    }
}
