use std::time::Duration;

use async_trait::async_trait;
use model::Timestamp;
use storage::{Error, Upkeep};

use super::MemoryStore;

#[async_trait]
impl Upkeep for MemoryStore {
    fn describe(&self) -> String {
        "memory (nothing is kept)".to_owned()
    }

    async fn ping(&self) -> Result<(), Error> {
        self.open().map(drop)
    }

    async fn clock_difference(&self, now: Timestamp) -> Result<Option<Duration>, Error> {
        let told = self.clock.as_ref().map(|clock| clock.now());
        Ok(told.map(|told| now.since(told).max(told.since(now))))
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let mut state = self.open()?;
        let mut left = limit;
        state.sessions.retain(|_, session| {
            let goes = left > 0 && session.is_over(now);
            left -= u32::from(goes);
            !goes
        });
        state.feed.retain(|row| {
            let goes = left > 0 && row.until <= now;
            left -= u32::from(goes);
            !goes
        });
        state.spent.retain(|_, until| {
            let goes = left > 0 && *until <= now;
            left -= u32::from(goes);
            !goes
        });
        state.attempts.retain(|_, budget| {
            let goes = left > 0 && budget.expires_at() <= now;
            left -= u32::from(goes);
            !goes
        });
        state.released.retain(|_, (_, until)| {
            let goes = left > 0 && *until <= now;
            left -= u32::from(goes);
            !goes
        });
        state.tickets.retain(|_, (ticket, _)| {
            let goes = left > 0 && ticket.expires <= now;
            left -= u32::from(goes);
            !goes
        });
        state.sweep_jobs(now, &mut left);
        Ok(limit - left)
    }

    async fn note_access_lifetime(&self, lifetime: Duration) -> Result<Duration, Error> {
        let mut state = self.open()?;
        state.access_lifetime = state.access_lifetime.max(lifetime);
        Ok(state.access_lifetime)
    }

    fn noted_access_lifetime(&self) -> Option<Duration> {
        self.open().ok().map(|state| state.access_lifetime)
    }

    async fn note_secret(&self, fingerprint: &str, now: Timestamp) -> Result<Timestamp, Error> {
        let mut state = self.open()?;
        let noted = state.secret.take();
        let noted = noted.filter(|(noted, _)| noted == fingerprint);
        let (_, since) = state
            .secret
            .insert(noted.unwrap_or((fingerprint.to_owned(), now)));
        Ok(*since)
    }

    async fn noted_secret(&self, fingerprint: &str) -> Result<Option<Timestamp>, Error> {
        let state = self.open()?;
        let noted = state.secret.as_ref();
        let noted = noted.filter(|(noted, _)| noted == fingerprint);
        Ok(noted.map(|(_, since)| *since))
    }

    async fn reserved_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        let state = self.open()?;
        let until = state.released.values().map(|(_, until)| *until);
        Ok(until.filter(|until| *until > now).max())
    }

    async fn close(&self) {
        if let Ok(mut state) = self.open() {
            state.closed = true;
            state.sinks.clear();
        }
    }
}
