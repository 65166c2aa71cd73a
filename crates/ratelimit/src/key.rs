//! Who is charged, and under which key.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use siphasher::sip128::{Hasher128 as _, SipHasher24};

/// Whom a request is charged to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Principal<'a> {
    /// A client address. All of an IPv6 /64 is one caller, as one subscriber has at least that much;
    /// an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the IPv4 address.
    Address(IpAddr),
    /// A signed-in user, by an identifier that does not change.
    User(&'a str),
    /// Anything else, such as an API key's id.
    Other(&'a str),
    /// Nobody can tell. All such requests share one budget.
    Unknown,
}

/// The key that counters are stored under: 128 bits that stand for caller, route and quota.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 16]);

impl Principal<'_> {
    /// The address that is counted for `address`: an IPv4 address, or the first of an IPv6 /64.
    pub fn counted(address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V4(address) => Ipv4Addr::into(address),
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Ipv6Addr::from_bits(network).into()
            }
        }
    }
}

impl Key {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a store.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// As two words, evenly distributed, as the key comes from a keyed hash.
    pub(crate) const fn words(self) -> [u64; 2] {
        let both = u128::from_le_bytes(self.0);
        #[expect(clippy::cast_possible_truncation, reason = "two halves")]
        [both as u64, (both >> 64) as u64]
    }

    pub(crate) const fn from_words([low, high]: [u64; 2]) -> Self {
        Self((((high as u128) << 64) | low as u128).to_le_bytes())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Makes [`Key`]s: SipHash-2-4 with 128 bits of output under a secret, so that nobody outside can
/// choose callers whose counters collide, and a stored key names no address or user.
#[derive(Clone)]
pub struct KeyHasher(SipHasher24);

impl KeyHasher {
    /// Keys under `secret`. Processes that share a store must share the secret, and a store that
    /// outlives the process needs the same one afterwards.
    pub fn new(secret: &[u8; 16]) -> Self {
        Self(SipHasher24::new_with_key(secret))
    }

    /// Keys under a secret that only this value has, for counters that are kept in memory.
    pub fn random() -> Self {
        let halves = [(); 2].map(|()| RandomState::new().build_hasher().finish());
        Self::new(Key::from_words(halves).as_bytes())
    }

    /// Goes on with the limit `limit`, a number derived from its quota and strategy. A key is hashed
    /// from its limit, its scope and its caller, in this order: what many have in common is hashed once.
    pub(crate) fn of_limit(&self, limit: u128) -> Self {
        let mut hasher = self.0;
        hasher.write(&limit.to_le_bytes());
        Self(hasher)
    }

    /// Goes on with `scope`: a route, or the name of what several routes share.
    pub(crate) fn within(&self, scope: &Scope<'_>) -> Self {
        let mut hasher = self.0;
        for part in [scope.name, scope.method] {
            write_text(&mut hasher, part);
        }
        Self(hasher)
    }

    /// The key of `caller` under the limit and within the scope that were hashed.
    pub(crate) fn key(&self, caller: Principal<'_>) -> Key {
        let mut hasher = self.0;
        write_caller(&mut hasher, caller);
        let hash = hasher.finish128();
        Key::from_words([hash.h1, hash.h2])
    }

    /// A number for the text `definition`.
    pub(crate) fn number(&self, definition: &str) -> u128 {
        let mut hasher = self.0;
        write_text(&mut hasher, definition);
        hasher.finish128().as_u128()
    }
}

impl fmt::Debug for KeyHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHasher([redacted])")
    }
}

/// Where a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope<'a> {
    pub(crate) name: &'a str,
    /// The method, for a limit that counts each on its own, else empty.
    pub(crate) method: &'a str,
}

fn write_caller(hasher: &mut SipHasher24, caller: Principal<'_>) {
    match caller {
        Principal::Address(address) => match Principal::counted(address) {
            IpAddr::V4(address) => {
                hasher.write(b"4");
                hasher.write(&address.octets());
            }
            IpAddr::V6(network) => {
                hasher.write(b"6");
                hasher.write(&network.octets());
            }
        },
        Principal::User(id) => {
            hasher.write(b"u");
            write_text(hasher, id);
        }
        Principal::Other(id) => {
            hasher.write(b"o");
            write_text(hasher, id);
        }
        Principal::Unknown => hasher.write(b"-"),
    }
}

/// Its length goes first, so that two texts in a row can't be read as two others.
fn write_text(hasher: &mut SipHasher24, text: &str) {
    hasher.write(&(text.len() as u64).to_le_bytes());
    hasher.write(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(caller: Principal<'_>) -> Key {
        let scope = Scope {
            name: "/login",
            method: "",
        };
        key_under(&KeyHasher::new(&[7; 16]), caller, &scope, 1)
    }

    fn key_under(hasher: &KeyHasher, caller: Principal<'_>, scope: &Scope<'_>, limit: u128) -> Key {
        hasher.of_limit(limit).within(scope).key(caller)
    }

    fn at(address: &str) -> Key {
        key(Principal::Address(address.parse().unwrap()))
    }

    #[test]
    fn a_64_is_one_caller_and_its_neighbour_another() {
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_address() {
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
        assert_ne!(at("192.0.2.1"), at("192.0.2.2"));
        assert_ne!(at("::ffff:192.0.2.1"), at("::1"));
    }

    #[test]
    fn kinds_of_callers_do_not_meet() {
        let kinds = [
            Principal::User("1"),
            Principal::Other("1"),
            Principal::Unknown,
            Principal::User(""),
        ];
        for (place, kind) in kinds.iter().enumerate() {
            for other in &kinds[place + 1..] {
                assert_ne!(key(*kind), key(*other));
            }
        }
    }

    #[test]
    fn scope_method_limit_and_secret_are_part_of_the_key() {
        let hasher = KeyHasher::new(&[7; 16]);
        let caller = Principal::User("alice");
        let of = |name, method, limit| key_under(&hasher, caller, &Scope { name, method }, limit);

        let key = of("/a", "", 1);
        assert_eq!(key, of("/a", "", 1));
        for other in [
            of("/b", "", 1),
            of("/a", "GET", 1),
            of("/a", "", 2),
            of("/", "a", 1),
        ] {
            assert_ne!(key, other);
        }
        let (one, other) = (KeyHasher::random(), KeyHasher::random());
        let scope = Scope {
            name: "/a",
            method: "",
        };
        let [one, other] = [one, other].map(|hasher| key_under(&hasher, caller, &scope, 1));
        assert_ne!(one, other);
    }

    #[test]
    fn neither_keys_nor_secrets_are_printed_by_accident() {
        assert_eq!(
            format!("{:?}", KeyHasher::new(b"a secret of 16 b")),
            "KeyHasher([redacted])"
        );
        assert_eq!(
            format!("{:?}", Key::from_bytes([0xab; 16])),
            "ab".repeat(16)
        );
    }
}
