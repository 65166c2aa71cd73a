//! The proxies whose word counts.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

use super::ForwardedBy;

/// The networks of the proxies whose forwarding headers are believed. None by default.
///
/// Written as addresses and networks with commas or blanks between them: `10.0.0.0/8, ::1`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    pub(super) by: ForwardedBy,
}

/// A text is neither an IP address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no IP address and no network, write for example `10.0.0.0/8, ::1`")]
pub struct InvalidNetwork(String);

impl TrustedProxies {
    /// These networks.
    pub fn new(networks: impl IntoIterator<Item = IpNet>) -> Self {
        Self {
            networks: networks.into_iter().collect(),
            by: ForwardedBy::default(),
        }
    }

    /// Says which header the proxies write, and that the other is not to be looked at.
    #[must_use]
    pub const fn believing(mut self, by: ForwardedBy) -> Self {
        self.by = by;
        self
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Whether `address` is a trusted proxy's.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

impl FromStr for TrustedProxies {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        text.split([',', ' ', '\t', '\n'])
            .filter(|part| !part.is_empty())
            .map(|part| network(part).ok_or_else(|| InvalidNetwork(part.to_owned())))
            .collect::<Result<Vec<_>, _>>()
            .map(Self::new)
    }
}

fn network(text: &str) -> Option<IpNet> {
    let network = text
        .parse()
        .ok()
        .or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?)))?;
    // Addresses are compared in their canonical form, so a mapped network is the IPv4 one.
    let IpNet::V6(mapped) = network else {
        return Some(network);
    };
    let (Some(address), Some(length)) = (
        mapped.addr().to_ipv4_mapped(),
        mapped.prefix_len().checked_sub(96),
    ) else {
        return Some(network);
    };
    IpNet::new(address.into(), length).ok()
}
