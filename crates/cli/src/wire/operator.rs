//! What an operator's commands work with.

use std::sync::Arc;

use account::Operator;
use account::operator::OperatorSettings;
use config::{Config, Keys};
use model::{SystemClock, SystemRng};

use super::keys::{derived_key, fingerprint};
use super::store::{event_keys, open_store_for_a_command};
use super::{CLOCK_SKEW, sealer};

/// Opens the store that servers have made, for an operator.
///
/// # Errors
/// When no server ever ran, or the store can't be opened.
pub async fn open_operator(config: &Config, keys: &Keys) -> anyhow::Result<Operator> {
    let clock = Arc::new(SystemClock);
    let storage = open_store_for_a_command(config, keys, &*clock).await?;
    let has_mail = config.mail.url.is_some();
    let settings = OperatorSettings {
        access_lifetime: config.tokens.access_expires,
        leeway: config.tokens.leeway,
        max_clock_difference: CLOCK_SKEW,
        attempt_key: derived_key(&keys.secret_key, "attempts"),
        outbox_key: has_mail.then(|| derived_key(&keys.secret_key, "outbox")),
        event_keys: event_keys(keys),
        keep_events: config.events_kept.is_some(),
        factors: Arc::new(sealer(keys, "factors")),
        secret_fingerprint: fingerprint(&keys.secret_key),
        public_url: config.server.public_url.as_str().to_owned(),
    };
    Ok(Operator::new(storage, clock, Arc::new(SystemRng), settings))
}
