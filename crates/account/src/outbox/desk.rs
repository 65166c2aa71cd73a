//! What a process has for its jobs: the keys, and what it knows of the outbox.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{Rng, Timestamp};
use secret::{Sealer, Secret};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use storage::Kind;
use storage::outbox::{JobId, JobKey, Lane};
use tokio::sync::{Mutex, Notify};

use super::Backlog;
use crate::Accounts;

/// The keys of the jobs of a process, and what it knows of the outbox.
pub(crate) struct Desk {
    sealer: Sealer,
    doubles: Secret<[u8; 32]>,
    doubles_previous: Option<Secret<[u8; 32]>>,
    lanes: Secret<[u8; 32]>,
    posted: Notify,
    /// Whether a job was found that can't be read.
    has_unreadable: AtomicBool,
    /// How much there was to do, and when.
    pub(super) backlog: Mutex<Option<(Timestamp, Backlog)>>,
    /// When it was last said that jobs are late, unless they are no more.
    pub(super) late: Mutex<Option<Timestamp>>,
}

impl Desk {
    /// A desk with the present key of the outbox (`Settings::outbox_key`), and the one before it.
    pub(crate) fn new(present: &Secret<[u8; 32]>, previous: Option<&Secret<[u8; 32]>>) -> Self {
        let derive = |purpose| move |key: &Secret<[u8; 32]>| derived(key, purpose);
        let (sealing, doubles) = (derive(b"sealing"), derive(b"doubles"));
        Self {
            sealer: Sealer::new(&sealing(present), previous.map(&sealing).as_ref()),
            doubles: doubles(present),
            doubles_previous: previous.map(&doubles),
            lanes: derived(present, b"lanes"),
            posted: Notify::new(),
            has_unreadable: AtomicBool::new(false),
            backlog: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// A job as it is stored.
    pub(super) fn seal(
        &self,
        kind: Kind,
        id: JobId,
        job: &impl Serialize,
        rng: &dyn Rng,
    ) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
        let text = Secret::new(serde_json::to_vec(job)?);
        let random = |bytes: &mut [u8]| rng.fill(bytes);
        Ok(self
            .sealer
            .seal(&purpose(kind, id), text.expose(), random)?)
    }

    /// The job that was stored; nothing when this process has not its key, or its version can't read it.
    pub(super) fn open<J: DeserializeOwned>(
        &self,
        kind: Kind,
        id: JobId,
        sealed: &[u8],
    ) -> Option<J> {
        let text = self.sealer.open(&purpose(kind, id), sealed)?;
        serde_json::from_slice(text.expose()).ok()
    }

    /// What stops doubles of what `key` stands for. After `SECRET_KEY` was replaced it is another.
    pub(super) fn key(&self, kind: Kind, key: &[u8]) -> JobKey {
        hashed(&self.doubles, kind, key)
    }

    /// The same, by the present key and by the one before.
    pub(super) fn keys(&self, kind: Kind, key: &[u8]) -> impl Iterator<Item = JobKey> {
        let previous = self.doubles_previous.as_ref();
        let previous = previous.map(|doubles| hashed(doubles, kind, key));
        [Some(self.key(kind, key)), previous].into_iter().flatten()
    }

    /// What stands for a lane in the store. After `SECRET_KEY` was replaced it is another.
    pub(super) fn lane(&self, lane: &str) -> Lane {
        let mut bytes = [0; 16];
        for (byte, of_mac) in bytes.iter_mut().zip(mac(&self.lanes, &[lane.as_bytes()])) {
            *byte = of_mac;
        }
        Lane::from_bytes(bytes)
    }

    /// Has this process look for jobs at once.
    pub(super) fn wake(&self) {
        self.posted.notify_one();
    }

    /// Notes that a job can't be read; whether it is the first one.
    pub(super) fn is_first_unreadable(&self) -> bool {
        !self.has_unreadable.swap(true, Ordering::Relaxed)
    }
}

impl Accounts {
    pub(super) fn desk(&self) -> &Desk {
        &self.2
    }

    /// Waits until this process has posted a job.
    pub async fn has_posted(&self) {
        self.desk().posted.notified().await;
    }
}

/// What a body is sealed for: it opens as this job and no other.
fn purpose(kind: Kind, id: JobId) -> Vec<u8> {
    format!("job/{}/{id}", kind.0).into_bytes()
}

fn hashed(doubles: &Secret<[u8; 32]>, kind: Kind, key: &[u8]) -> JobKey {
    JobKey::from_bytes(mac(doubles, &[kind.0.as_bytes(), b"/", key]))
}

fn derived(key: &Secret<[u8; 32]>, purpose: &[u8]) -> Secret<[u8; 32]> {
    Secret::new(mac(key, &[purpose]))
}

#[expect(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104 §2)"
)]
fn mac(key: &Secret<[u8; 32]>, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
