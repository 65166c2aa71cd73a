//! Who has something hashed, and for what.

use std::net::IpAddr;

/// Who has something hashed. Jobs of different principals take turns, and two of one run at once at most.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Somebody who has proven who they are, by an id that does not change.
    User(String),
    /// A network that strangers ask from: an IPv4 address, or the first of an IPv6 /64, as one subscriber has at
    /// least that much.
    Network(IpAddr),
    /// Whoever goes by this name at a back end that is trusted to ask for many.
    Name(String),
}

/// What it is hashed for. The purposes take turns, too, however many want the one and how few the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To sign in. Half of the permits are kept for it.
    SignIn,
    /// Anything else: it has the other half at most.
    Other,
}

/// Whose turn something is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub(super) purpose: Purpose,
    pub(super) principal: Principal,
}

impl Purpose {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::SignIn => Self::Other,
            Self::Other => Self::SignIn,
        }
    }
}
