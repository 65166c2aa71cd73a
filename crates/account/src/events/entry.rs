//! An event as the store has it: as text, which stands in the chain of its account.

use model::{Rng, Timestamp};
use serde::{Deserialize, Serialize};
use storage::NewEvent;
use storage::events::EventContent;

use super::{Event, RequestInfo};

/// What happened, where, and who did it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Happened {
    /// What was done or asked for: `sign_in`, `password_change`, and so on (docs/events.md).
    pub event: String,
    /// Why it was refused, unless it was done.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// Who did it, unless it was the owner, or somebody in the owner's place: `operator`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub by: Option<String>,
    /// In which session, or which one it was about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session: Option<String>,
    /// The network address of the client.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<String>,
    /// What the client says that it is (`User-Agent`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub agent: Option<String>,
    /// The id of the request, by which the lines of the log are found.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub request: Option<String>,
    /// Whether further refusals of that day are in the log only.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub more: bool,
}

impl Happened {
    /// What is kept of an event.
    pub(super) fn of(
        event: &Event<'_>,
        by: Option<&'static str>,
        request: Option<&RequestInfo>,
    ) -> Self {
        let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let of_request = |part: fn(&RequestInfo) -> &str| request.map(part).and_then(filled);
        Self {
            event: event.act.name().to_owned(),
            reason: event.refused.map(|reason| reason.name().to_owned()),
            by: by.map(ToOwned::to_owned),
            session: event.session.map(|session| session.to_string()),
            address: of_request(|request| &request.client),
            agent: of_request(|request| &request.agent),
            request: of_request(|request| &request.id),
            more: false,
        }
    }

    /// As it is stored.
    ///
    /// # Errors
    /// Never, as far as is known: it has nothing that JSON hasn't.
    pub(super) fn to_stored(
        &self,
        at: Timestamp,
        rng: &dyn Rng,
    ) -> Result<NewEvent, serde_json::Error> {
        let mut salt = [0; 16];
        rng.fill(&mut salt);
        let text = serde_json::to_string(self)?;
        let content = EventContent { salt, text };
        Ok(NewEvent { at, content })
    }
}
