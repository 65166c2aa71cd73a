//! What a job is made of.

use std::fmt;

use model::{Rng, Timestamp, UserId};

use super::Claim;
use crate::{Kind, TooLarge};

/// Which job it is: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobId([u8; 16]);

/// What stops doubles: a keyed hash of what must not be done twice.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobKey([u8; 32]);

/// What jobs have in common of which few should run at once, such as the server that they all talk to: a keyed hash of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lane([u8; 16]);

/// Which tries of jobs are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tries {
    /// Those of jobs that nobody has tried.
    First,
    /// Those of jobs that were tried before.
    Further,
}

/// Which jobs somebody wants to claim.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of these kinds. Those that the caller doesn't know are a later version's, and left to it.
    pub kinds: Vec<Kind>,
    /// Tried before, or not.
    pub tries: Tries,
    /// In none of these lanes.
    pub outside: Vec<Lane>,
}

/// What is to be done, as its caller has encrypted it. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct JobBody(Vec<u8>);

/// A job as a store keeps it.
#[derive(Clone, Debug)]
pub struct StoredJob {
    /// Which one it is.
    pub id: JobId,
    /// What kind of work it is.
    pub kind: Kind,
    /// There is one job of a kind with a key at a time.
    pub key: Option<JobKey>,
    /// With whose account it goes.
    pub owner: Option<UserId>,
    /// Which jobs it should not run beside.
    pub lane: Option<Lane>,
    /// What is to be done.
    pub body: JobBody,
    /// From when on it is due.
    pub not_before: Timestamp,
    /// From when on it is not done any more, and its key is free.
    pub expires: Timestamp,
}

/// A job that somebody has claimed.
#[derive(Clone, Debug)]
pub struct ClaimedJob {
    /// Which one it is.
    pub id: JobId,
    /// What kind of work it is: one of those that were asked for.
    pub kind: Kind,
    /// Which jobs it should not run beside.
    pub lane: Option<Lane>,
    /// What is to be done.
    pub body: JobBody,
    /// What settles it.
    pub claim: Claim,
    /// From when on it is not done any more.
    pub expires: Timestamp,
}

impl JobId {
    /// A new one.
    pub fn random(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        Self(bytes)
    }

    /// One that was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for JobId {
    /// In hexadecimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl JobKey {
    /// A key of these bytes, which must reveal nothing of what they stand for.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for JobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobKey")
    }
}

impl Lane {
    /// A lane of these bytes, which must reveal nothing of what they stand for.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lane")
    }
}

impl Tries {
    /// Whether a job is wanted that was claimed so often.
    pub const fn holds_for(self, claimed: u32) -> bool {
        match self {
            Self::First => claimed == 0,
            Self::Further => claimed > 0,
        }
    }
}

impl JobBody {
    /// Bytes that a body has at the most.
    pub const MOST: usize = 65_536;

    /// Bytes to be stored.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, TooLarge> {
        if bytes.len() > Self::MOST {
            return Err(TooLarge {
                what: "bytes of a job",
                most: Self::MOST,
            });
        }
        Ok(Self(bytes))
    }

    /// Bytes as they were stored.
    pub const fn from_stored(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for JobBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JobBody([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_a_bound_and_is_not_printed() {
        let most = JobBody::new(vec![b'a'; JobBody::MOST]).unwrap();
        assert_eq!(format!("{most:?}"), "JobBody([redacted])");
        let refused = JobBody::new(vec![b'a'; JobBody::MOST + 1]).unwrap_err();
        assert_eq!(refused.to_string(), "at most 65536 bytes of a job");
    }

    #[test]
    fn an_id_reads_in_hexadecimal() {
        let id = JobId::from_bytes([0xab; 16]);
        assert_eq!(id.to_string(), "ab".repeat(16));
    }
}
