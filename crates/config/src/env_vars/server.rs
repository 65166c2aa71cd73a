//! Where the server listens and how it is reached.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// The address and port to listen on. `localhost` stands for `127.0.0.1`; port `0` lets the
    /// operating system choose one. An address that other machines can reach (`0.0.0.0:8080`) needs
    /// `JWT_SECRET_KEY` and `SECRET_KEY` set.
    LISTEN = "PORTCULLIS_LISTEN", Server, Kind::Address, Fallback::Value("127.0.0.1:8080"), flag "--listen";

    /// The address under which people and programs reach the server, such as
    /// `https://accounts.example.org`: scheme, host and port, without a path. Its scheme decides how
    /// cookies and redirects behave: with https, requests that come over http are redirected or
    /// refused; with http, the pages are there for a loopback address only.
    PUBLIC_URL = "PORTCULLIS_PUBLIC_URL", Server, Kind::PublicUrl, Fallback::Described("`http://` (`https://` with a certificate) and the listen address");

    /// The file with the certificate chain, in PEM: with it and `PORTCULLIS_TLS_KEY` the server speaks
    /// https itself (TLS 1.2 and 1.3, HTTP/1.1 and HTTP/2). SIGHUP reads both files again.
    TLS_CERT = "PORTCULLIS_TLS_CERT", Server, Kind::Path, Fallback::Described("unset: no https");

    /// The file with the private key of the certificate, in PEM.
    TLS_KEY = "PORTCULLIS_TLS_KEY", Server, Kind::Path, Fallback::Described("unset");

    /// How long a request may take, from its complete body to its answer; then it is answered 503 `unavailable`. What
    /// it had begun may be done all the same. A password whose turn to be checked would come later is refused at once,
    /// and the database is never waited for longer. Below 4 seconds it shortens what a
    /// failed sign-in takes while hashes of another system remain (SECURITY.md).
    REQUEST_TIMEOUT = "PORTCULLIS_REQUEST_TIMEOUT", Server, Kind::Seconds { min: 1, max: 300 }, Fallback::Value("5");

    /// The networks of the proxies in front of the server, such as `10.0.0.0/8, ::1`. Only a
    /// connection from one of them is believed when it tells the client's address (`Forwarded`,
    /// `X-Forwarded-For`, `X-Forwarded-Proto`), whose `X-Request-Id` is kept, and who may have as many
    /// connections as there are. One that asks without such a header, as a back end does that signs people
    /// in, stands for many: each name has its own turn at the hashing pool. A network that holds every
    /// address is refused: clients could then choose their own.
    TRUSTED_PROXIES = "PORTCULLIS_TRUSTED_PROXIES", Server, Kind::Networks, Fallback::Described("none");

    /// The header in which the trusted proxies tell the client's address and scheme: `x-forwarded-for`
    /// (with `X-Forwarded-Proto`), `forwarded` (RFC 7239), or `either`. A named one is the only one that
    /// is looked at: name it, unless the proxies remove the other from what clients send. With `either`
    /// a request in which the two name different clients is refused with 400, as one of them is the
    /// client's own word; the log tells of it once a minute.
    FORWARDED_HEADER = "PORTCULLIS_FORWARDED_HEADER", Server, Kind::Choice(&["either", "forwarded", "x-forwarded-for"]), Fallback::Value("either");

    /// Whether `Strict-Transport-Security`, which stands on every answer over https, binds the
    /// subdomains of the public URL's host too (`includeSubDomains`). `false` while one of them is still
    /// reached over plain http: browsers that have seen the header would not reach it any more.
    HSTS_SUBDOMAINS = "PORTCULLIS_HSTS_SUBDOMAINS", Server, Kind::Switch, Fallback::Value("true");

    /// The other origins whose scripts may use the API in a browser (CORS), such as
    /// `https://app.example.org, http://localhost:3000`. They send a token in `Authorization`; cookies
    /// give them nothing, and the pages are not shared. A browser's question whether its page may (a
    /// preflight) costs no limit. `*` is refused: name each one. Programs that are no browser need no
    /// permission.
    CORS_ORIGINS = "PORTCULLIS_CORS_ORIGINS", Server, Kind::Origins, Fallback::Described("none");
}
