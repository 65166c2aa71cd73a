//! Where the server listens and how it is reached.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use ratelimit::ForwardedBy;
use url::{Host, Url};

use crate::{
    ConfigError, Origin, Sources,
    env_vars::{
        EnvVar,
        server::{
            CORS_ORIGINS, FORWARDED_HEADER, HSTS_SUBDOMAINS, LISTEN, PUBLIC_URL, REQUEST_TIMEOUT,
            TLS_CERT, TLS_KEY, TRUSTED_PROXIES,
        },
    },
    reader::{Reader, quoted},
    values::Values,
};

/// Where the server listens and how it is reached.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address and port to listen on; port 0 lets the operating system choose.
    pub listen: SocketAddr,
    /// The address that the outside knows.
    pub public_url: PublicUrl,
    /// The files for https, when the server speaks it itself.
    pub tls: Option<TlsFiles>,
    /// How long a request may take, from its complete body to its answer.
    pub request_timeout: Duration,
    /// The networks whose word about a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they give it.
    pub forwarded_by: ForwardedBy,
    /// Whether browsers are told to use https for the subdomains, too.
    pub hsts_subdomains: bool,
    /// The other origins whose scripts may use the API.
    pub cors_origins: Vec<PublicUrl>,
    /// Whether `public_url` was derived from `listen`.
    public_url_is_derived: bool,
}

/// The files for https, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where the server of some settings listens: as much as another process needs to ask it something.
#[derive(Clone, Debug)]
pub struct Listening {
    /// The address and port.
    pub address: SocketAddr,
    /// The files for https, when the server speaks it itself.
    pub tls: Option<TlsFiles>,
}

/// An `http` or `https` address of scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: Host<String>,
    https: bool,
}

impl Listening {
    /// Reads where the server listens, and nothing else: no secret is needed, nor read.
    ///
    /// # Errors
    /// The faults of these settings.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        let wanted: [&'static EnvVar; 3] = [&LISTEN, &TLS_CERT, &TLS_KEY];
        let mut values = Values::default();
        values.gather_some(sources, wanted.into_iter());
        let mut reader = Reader { values };
        let listening = Self::read(&mut reader, &sources.working_dir);
        let mut faults = reader.values.faults;
        // A line of `.env` that can't be read may be that of another setting.
        let names = wanted.map(|var| var.name);
        faults.retain(|fault| fault.name == ".env" || names.contains(&fault.name.as_str()));
        if faults.is_empty() {
            Ok(listening)
        } else {
            Err(ConfigError { faults })
        }
    }

    fn read(reader: &mut Reader, working_dir: &Path) -> Self {
        let nowhere = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0); // never used: there is a fault
        Self {
            tls: tls_files(reader, working_dir),
            address: reader.optional(&LISTEN, parse_listen).unwrap_or(nowhere),
        }
    }
}

impl Server {
    pub(crate) fn read(reader: &mut Reader, working_dir: &Path) -> Self {
        let Listening {
            address: listen,
            tls,
        } = Listening::read(reader, working_dir);
        let set = reader.optional(&PUBLIC_URL, PublicUrl::parse);
        let public_url_is_derived = set.is_none();
        let public_url = set.unwrap_or_else(|| PublicUrl::of(listen, tls.is_some()));

        if public_url_is_derived {
            reader.derived(&PUBLIC_URL, public_url.as_str(), Origin::Default);
        }
        if !public_url.is_https() && !public_url.is_loopback() {
            reader.notice(
                &PUBLIC_URL,
                format!(
                    "{} is not https: the pages are off, and passwords and tokens travel in the clear \
                     unless something in front encrypts them; set the https address that people use",
                    public_url.as_str()
                ),
            );
        }
        Self {
            listen,
            public_url,
            tls,
            request_timeout: reader.seconds(&REQUEST_TIMEOUT),
            trusted_proxies: reader
                .optional(&TRUSTED_PROXIES, parse_networks)
                .unwrap_or_default(),
            forwarded_by: reader.choice(
                &FORWARDED_HEADER,
                &[
                    ("either", ForwardedBy::Either),
                    ("forwarded", ForwardedBy::Forwarded),
                    ("x-forwarded-for", ForwardedBy::XForwarded),
                ],
            ),
            hsts_subdomains: reader.switch(&HSTS_SUBDOMAINS),
            cors_origins: cors_origins(reader),
            public_url_is_derived,
        }
    }

    /// Whether only this machine can connect.
    pub fn listens_on_loopback(&self) -> bool {
        self.listen.ip().to_canonical().is_loopback()
    }

    /// The public URL once the server listens on `bound`: it differs from `public_url` where that
    /// follows a listen address with port 0.
    pub fn public_url_at(&self, bound: SocketAddr) -> PublicUrl {
        if self.public_url_is_derived {
            PublicUrl::of(bound, self.tls.is_some())
        } else {
            self.public_url.clone()
        }
    }
}

impl PublicUrl {
    /// Reads an address. The error is a sentence that follows the name of the setting.
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            Err(format!(
                "{what}: write scheme, host and port only, such as https://accounts.example.org"
            ))
        };
        let scheme = text
            .get(..8)
            .map(str::to_ascii_lowercase)
            .unwrap_or_default();
        if !scheme.starts_with("http://") && scheme != "https://" {
            return wrong("must start with http:// or https://");
        }
        // the parser drops or replaces these silently
        if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
            return wrong("must have no blank and no backslash");
        }
        let Ok(url) = Url::parse(text) else {
            return wrong("is not a valid address");
        };
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("must have no user name and no password");
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return wrong("must have no path, no query and no fragment");
        }
        Self::from_url(&url).map_or_else(|| wrong("has no host"), Ok)
    }

    /// `http://` or `https://` and a listen address.
    fn of(listen: SocketAddr, https: bool) -> Self {
        let address = SocketAddr::new(listen.ip(), listen.port()); // without the scope of IPv6
        let host = match address.ip() {
            IpAddr::V4(ip) => Host::Ipv4(ip),
            IpAddr::V6(ip) => Host::Ipv6(ip),
        };
        let (scheme, default_port) = if https { ("https", 443) } else { ("http", 80) };
        let origin = match address.port() {
            port if port == default_port => format!("{scheme}://{host}"),
            port => format!("{scheme}://{host}:{port}"),
        };
        Self {
            origin,
            host,
            https,
        }
    }

    fn from_url(url: &Url) -> Option<Self> {
        Some(Self {
            origin: url.origin().ascii_serialization(),
            host: url.host()?.to_owned(),
            https: url.scheme() == "https",
        })
    }

    /// The address as browsers send it in `Origin` (RFC 6454 §6.2): no final slash, no default port,
    /// an international name in its ASCII form.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// Whether the scheme is `https`.
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// The host, without the port: a name in its ASCII form, or an IP address (IPv6 in brackets).
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// Whether the host is this machine as it sees itself: `localhost` or a name below it (RFC 6761
    /// §6.3), `127.0.0.0/8`, `::1`.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name == "localhost" || name.ends_with(".localhost")
            }
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.to_canonical().is_loopback(),
        }
    }
}

/// Both files, or neither. That they can be read is seen at the start, not here.
fn tls_files(reader: &mut Reader, working_dir: &Path) -> Option<TlsFiles> {
    let mut file = |var| {
        reader.optional(var, |text| match text {
            "" => Err("names no file"),
            text => Ok(working_dir.join(text)),
        })
    };
    match (file(&TLS_CERT), file(&TLS_KEY)) {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (Some(_), None) => {
            reader.fault(
                &TLS_KEY,
                "must be set with PORTCULLIS_TLS_CERT: https needs both files",
            );
            None
        }
        (None, Some(_)) => {
            reader.fault(
                &TLS_CERT,
                "must be set with PORTCULLIS_TLS_KEY: https needs both files",
            );
            None
        }
    }
}

/// The origins, each read as the public URL is. A notice for those that anybody on the way can speak for.
fn cors_origins(reader: &mut Reader) -> Vec<PublicUrl> {
    let origins = reader
        .optional(&CORS_ORIGINS, parse_origins)
        .unwrap_or_default();
    let in_the_clear = |origin: &&PublicUrl| !origin.is_https() && !origin.is_loopback();
    if let Some(origin) = origins.iter().find(in_the_clear) {
        reader.notice(
            &CORS_ORIGINS,
            format!(
                "{} is not https: whoever is on the way to it can use the API in its name",
                origin.as_str()
            ),
        );
    }
    origins
}

fn parse_origins(text: &str) -> Result<Vec<PublicUrl>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|origin| !origin.is_empty())
        .map(|origin| {
            let what = quoted(origin);
            if origin == "null" || origin.contains('*') {
                return Err(format!(
                    "{what} would let any page use the API: name each origin"
                ));
            }
            PublicUrl::parse(origin).map_err(|error| format!("{what} {error}"))
        })
        .collect()
}

fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    address.parse().map_err(|_| {
        format!(
            "{} is not an address and a port: write {}",
            quoted(text),
            example(text)
        )
    })
}

/// What may have been meant by something that isn't an address and a port.
fn example(text: &str) -> String {
    if let Ok(ip) = text.parse() {
        return SocketAddr::new(ip, 8080).to_string();
    }
    let port = text.strip_prefix('*').unwrap_or(text);
    match port.strip_prefix(':').unwrap_or(port).parse::<u16>() {
        Ok(port) => format!("127.0.0.1:{port}, or 0.0.0.0:{port} for every network"),
        Err(_) => "127.0.0.1:8080 or [::1]:8080".to_owned(),
    }
}

fn parse_networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|network| !network.is_empty())
        .map(parse_network)
        .collect()
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().map_err(|_| {
            format!(
                "{} is not a network: write 10.0.0.0/8 or ::1, several after commas",
                quoted(text)
            )
        })?,
    };
    if network.prefix_len() == 0 {
        return Err(format!(
            "{text} holds every address, so that clients could choose their own: name the proxies"
        ));
    }
    if network.addr() != network.network() {
        return Err(format!(
            "{text} is an address with a prefix: write {} or {}",
            network.trunc(),
            network.addr()
        ));
    }
    if let IpNet::V6(mapped) = network
        && mapped.addr().to_ipv4_mapped().is_some()
    {
        return Err(format!("{text} is IPv4 inside IPv6: write it as IPv4"));
    }
    Ok(network)
}
