//! Where the server listens, how it is reached, and whose word it takes.

use config::Listening;
use ratelimit::ForwardedBy;

use crate::{APP_KEY, JWT_KEY, Setup};

fn with_secrets(listen: &str) -> Setup {
    Setup::new()
        .env("SECRET_KEY", APP_KEY)
        .env("JWT_SECRET_KEY", JWT_KEY)
        .listen(listen)
}

#[test]
fn addresses_in_their_usual_spellings() {
    for (text, address) in [
        ("127.0.0.1:8080", "127.0.0.1:8080"),
        ("localhost:80", "127.0.0.1:80"),
        ("[::1]:0", "[::1]:0"),
        ("0.0.0.0:8080", "0.0.0.0:8080"),
        ("[::]:8080", "[::]:8080"),
    ] {
        assert_eq!(with_secrets(text).good().server.listen.to_string(), address);
    }
    for (text, hint) in [
        ("8080", "127.0.0.1:8080, or 0.0.0.0:8080"),
        (":8080", "127.0.0.1:8080, or 0.0.0.0:8080"),
        ("*:8080", "127.0.0.1:8080, or 0.0.0.0:8080"),
        ("10.0.0.1", "10.0.0.1:8080"),
        ("::1", "[::1]:8080"),
        ("example.org:80", "127.0.0.1:8080 or [::1]:8080"),
        ("127.0.0.1:99999", "127.0.0.1:8080 or [::1]:8080"),
        ("http://localhost:80", "127.0.0.1:8080 or [::1]:8080"),
    ] {
        let fault = with_secrets(text).fault();
        assert!(fault.contains(&format!("write {hint}")), "{fault}");
    }
}

#[test]
fn other_machines_are_let_in_only_with_secrets() {
    for listen in [
        "0.0.0.0:8080",
        "[::]:8080",
        "192.0.2.1:8080",
        "[::ffff:192.0.2.1]:80",
    ] {
        let names: Vec<_> = Setup::new()
            .listen(listen)
            .faults()
            .into_iter()
            .map(|fault| fault.0)
            .collect();
        assert_eq!(names, ["SECRET_KEY", "JWT_SECRET_KEY"]);
        with_secrets(listen).good();
    }
    for listen in [
        "127.0.0.1:0",
        "127.9.9.9:0",
        "[::1]:0",
        "[::ffff:127.0.0.1]:0",
    ] {
        Setup::new().listen(listen).good();
    }
}

#[test]
fn the_public_url_follows_the_listen_address() {
    for (listen, url) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1:80", "http://127.0.0.1"),
        ("[::1]:8080", "http://[::1]:8080"),
    ] {
        let server = with_secrets(listen).good().server;
        assert_eq!(server.public_url.as_str(), url);
        assert!(server.public_url.is_loopback() && !server.public_url.is_https());
    }
    let bound = "127.0.0.1:4711".parse().unwrap();
    let derived = with_secrets("127.0.0.1:0").good().server;
    assert_eq!(
        derived.public_url_at(bound).as_str(),
        "http://127.0.0.1:4711"
    );
    let set = with_secrets("127.0.0.1:0")
        .env("PORTCULLIS_PUBLIC_URL", "https://a.example")
        .good()
        .server;
    assert_eq!(set.public_url_at(bound).as_str(), "https://a.example");
}

#[test]
fn a_public_url_is_an_origin() {
    for (text, origin, host) in [
        (
            "https://Accounts.Example.org/",
            "https://accounts.example.org",
            "accounts.example.org",
        ),
        (
            "https://example.org:443",
            "https://example.org",
            "example.org",
        ),
        (
            "https://example.org:8443",
            "https://example.org:8443",
            "example.org",
        ),
        (
            "https://bücher.example",
            "https://xn--bcher-kva.example",
            "xn--bcher-kva.example",
        ),
        (
            "https://[2001:DB8::1]",
            "https://[2001:db8::1]",
            "[2001:db8::1]",
        ),
    ] {
        let config = Setup::new().env("PORTCULLIS_PUBLIC_URL", text).good();
        let url = config.server.public_url;
        assert_eq!((url.as_str(), url.host().as_str()), (origin, host));
        assert!(url.is_https() && !url.is_loopback());
        assert_eq!(config.notices, []);
    }
    for wrong in [
        "example.org",
        "ftp://example.org",
        "https://",
        "https:example.org",
        "https:///example.org/x",
        "https://user:hunter2@example.org",
        "https://hunter2@example.org",
        "https://:hunter2@example.org",
        "https://example.org/login",
        "https://example.org?x=hunter2",
        "https://example.org/#x",
        "https://exa mple.org",
        "https:\\\\example.org",
        "https://example.org:99999",
        "https://exa\tmple.org",
    ] {
        let fault = Setup::new().env("PORTCULLIS_PUBLIC_URL", wrong).fault();
        assert!(
            fault.contains("https://accounts.example.org"),
            "{wrong}: {fault}"
        );
        assert!(!fault.contains("hunter2"), "{fault}");
    }
}

#[test]
fn plain_http_for_others_is_mentioned() {
    for (url, notices) in [
        ("http://example.org", 1),
        ("http://localhost.example.org", 1),
        ("http://localhost:3000", 0),
        ("http://app.localhost", 0),
        ("http://127.0.0.1", 0),
    ] {
        let config = Setup::new().env("PORTCULLIS_PUBLIC_URL", url).good();
        assert_eq!(config.notices.len(), notices, "{url}");
    }
    assert_eq!(with_secrets("0.0.0.0:8080").good().notices.len(), 1);
}

#[test]
fn the_header_of_the_proxies_and_the_reach_of_hsts_have_defaults_and_can_be_set() {
    let server = Setup::new().good().server;
    assert_eq!(server.forwarded_by, ForwardedBy::Either);
    assert!(server.hsts_subdomains);
    for (word, by) in [
        ("x-forwarded-for", ForwardedBy::XForwarded),
        ("X-Forwarded-For", ForwardedBy::XForwarded),
        ("forwarded", ForwardedBy::Forwarded),
        ("either", ForwardedBy::Either),
    ] {
        let set = Setup::new().env("PORTCULLIS_FORWARDED_HEADER", word);
        assert_eq!(set.good().server.forwarded_by, by, "{word}");
    }
    let fault = Setup::new()
        .env("PORTCULLIS_FORWARDED_HEADER", "x-real-ip")
        .fault();
    assert!(fault.contains("x-forwarded-for"), "{fault}");
    let set = Setup::new().env("PORTCULLIS_HSTS_SUBDOMAINS", "false");
    assert!(!set.good().server.hsts_subdomains);
}

#[test]
fn other_origins_are_named_one_by_one() {
    let origins = |text: &str| Setup::new().env("PORTCULLIS_CORS_ORIGINS", text);
    let named = |text: &str| -> Vec<String> {
        let server = origins(text).good().server;
        let named = server.cors_origins.iter();
        named.map(|origin| origin.as_str().to_owned()).collect()
    };
    assert!(named("").is_empty() && named(" , ").is_empty());
    assert!(Setup::new().good().server.cors_origins.is_empty());
    assert_eq!(
        named("https://app.example.org, HTTP://Localhost:3000/ ,https://müller.example:443,"),
        [
            "https://app.example.org",
            "http://localhost:3000",
            "https://xn--mller-kva.example"
        ]
    );
    for (wrong, hint) in [
        ("*", "name each origin"),
        ("https://app.example.org, null", "name each origin"),
        ("https://*.example.org", "name each origin"),
        ("app.example.org", "must start with http"),
        ("https://app.example.org/shop", "must have no path"),
        ("https://a@app.example.org", "no user name"),
        ("https://a.example https://b.example", "no blank"),
    ] {
        let fault = origins(wrong).fault();
        assert!(fault.contains(hint), "{wrong}: {fault}");
    }
    for (text, notices) in [
        ("https://app.example.org, http://127.0.0.1:3000", 0),
        ("http://app.example.org", 1),
    ] {
        assert_eq!(origins(text).good().notices.len(), notices, "{text}");
    }
}

#[test]
fn trusted_proxies_are_networks_that_leave_someone_out() {
    let networks = |text: &str| Setup::new().env("PORTCULLIS_TRUSTED_PROXIES", text);
    let good = networks("10.0.0.0/8, 192.0.2.1,::1 , fd00::/8,")
        .good()
        .server
        .trusted_proxies;
    let good: Vec<_> = good.iter().map(ToString::to_string).collect();
    assert_eq!(good, ["10.0.0.0/8", "192.0.2.1/32", "::1/128", "fd00::/8"]);

    for (wrong, hint) in [
        ("0.0.0.0/0", "every address"),
        ("::/0", "every address"),
        ("10.1.2.3/8", "write 10.0.0.0/8 or 10.1.2.3"),
        ("::ffff:10.0.0.0/104", "write it as IPv4"),
        ("*", "is not a network"),
        ("1", "is not a network"),
        ("proxy.internal", "is not a network"),
        ("10.0.0.0/33", "is not a network"),
    ] {
        let fault = networks(wrong).fault();
        assert!(fault.contains(hint), "{fault}");
    }
}

#[test]
fn where_a_server_listens_is_known_without_its_secrets() {
    let setup = Setup::dotenv("PORTCULLIS_LISTEN=0.0.0.0:8443\nJWT_ACCESS_TOKEN_EXPIRES=\"open\n")
        .env("JWT_SECRET_KEY", "changeme")
        .env("SECRET_KEY_FILE", "missing")
        .env("PORTCULLIS_TLS_CERT", "cert.pem")
        .env("PORTCULLIS_TLS_KEY", "key.pem");
    assert!(setup.load().is_err(), "a server would not start");
    let listening = Listening::load(&setup.sources()).unwrap();
    assert_eq!(listening.address.to_string(), "0.0.0.0:8443");
    let certificate = listening.tls.unwrap().certificate;
    assert_eq!(certificate, setup.path().join("cert.pem"));

    let faulty = Setup::new()
        .env("PORTCULLIS_LISTEN", "nowhere")
        .env("PORTCULLIS_TLS_CERT", "cert.pem");
    let error = Listening::load(&faulty.sources()).unwrap_err();
    let names: Vec<_> = error.faults.iter().map(|fault| &fault.name).collect();
    assert_eq!(names, ["PORTCULLIS_TLS_KEY", "PORTCULLIS_LISTEN"]);
}
