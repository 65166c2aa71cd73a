//! What goes beside accounts and sessions: attempts, the feed, tickets, records and the outbox.

use std::sync::Arc;

use async_trait::async_trait;
use model::{Timestamp, UserId};
use secret::HashedToken;
use storage::attempts::Budget;
use storage::outbox::{Claim, ClaimedJob, JobId, JobKey, StoredJob, Wanted};
use storage::records::{By, Listing, NewRecord, RecordChange, StoredRecord};
use storage::tickets::StoredTicket;
use storage::{
    Allowance, AttemptKey, Attempts, Error, Feed, FeedRow, FeedSink, Kind, Outbox, OutboxDepth,
    Posted, PutTicketError, RecordId, Records, Reservation, Reserved, SaveRecordError, Taken,
    Tells, TicketBody, Tickets,
};

use super::Stepped;

#[async_trait]
impl Attempts for Stepped {
    async fn reserve_attempt(&self, key: AttemptKey, now: Timestamp) -> Result<Reserved, Error> {
        if self.counts {
            let _inside = self.gate.pass().await;
            return self.store.reserve_attempt(key, now).await;
        }
        Ok(match storage::attempts::reserve(None, now) {
            Ok((_, reservation)) => Reserved::Granted(reservation),
            Err(refusal) => Reserved::Refused(refusal),
        })
    }

    async fn spend_attempt(
        &self,
        key: AttemptKey,
        allowance: Allowance,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.spend_attempt(key, allowance, now).await
    }

    async fn give_back_attempt(
        &self,
        key: AttemptKey,
        reservation: Reservation,
    ) -> Result<(), Error> {
        if self.counts {
            let _inside = self.gate.pass().await;
            return self.store.give_back_attempt(key, reservation).await;
        }
        Ok(())
    }

    async fn clear_attempts(&self, key: AttemptKey) -> Result<(), Error> {
        if self.counts {
            let _inside = self.gate.pass().await;
            return self.store.clear_attempts(key).await;
        }
        Ok(())
    }

    async fn attempts(&self, key: AttemptKey) -> Result<Option<Budget>, Error> {
        let _inside = self.gate.pass().await;
        self.store.attempts(key).await
    }

    async fn unlock_attempts(&self, key: AttemptKey) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.unlock_attempts(key).await
    }
}

#[async_trait]
impl Feed for Stepped {
    async fn follow(&self, now: Timestamp, sink: Arc<dyn FeedSink>) -> Result<(), Error> {
        if self.hears {
            self.store.follow(now, sink).await
        } else {
            Ok(())
        }
    }

    async fn append(&self, rows: Vec<FeedRow>) -> Result<(), Error> {
        let _inside = self.gate.pass().await;
        self.store.append(rows).await
    }

    fn may_write(&self, kind: &str) -> bool {
        self.store.may_write(kind)
    }

    async fn who_cannot_read(&self, kind: &str) -> Result<Vec<String>, Error> {
        self.store.who_cannot_read(kind).await
    }
}

#[async_trait]
impl Tickets for Stepped {
    async fn put_ticket(&self, ticket: StoredTicket) -> Result<(), PutTicketError> {
        let _inside = self.gate.pass().await;
        self.store.put_ticket(ticket).await
    }

    async fn look_at_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<TicketBody>, Error> {
        let _inside = self.gate.pass().await;
        self.store.look_at_ticket(kind, hash, now).await
    }

    async fn take_ticket(
        &self,
        kind: Kind,
        hash: HashedToken,
        now: Timestamp,
    ) -> Result<Option<Taken<TicketBody>>, Error> {
        let _inside = self.gate.pass().await;
        self.store.take_ticket(kind, hash, now).await
    }

    async fn withdraw_tickets(&self, owner: &UserId, kind: Option<Kind>) -> Result<u64, Error> {
        let _inside = self.gate.pass().await;
        self.store.withdraw_tickets(owner, kind).await
    }
}

#[async_trait]
impl Records for Stepped {
    async fn insert_record(&self, new: NewRecord, tells: Tells) -> Result<(), SaveRecordError> {
        let _inside = self.gate.pass().await;
        self.store.insert_record(new, tells).await
    }

    async fn record(&self, kind: Kind, by: By) -> Result<Option<StoredRecord>, Error> {
        let _inside = self.gate.pass().await;
        self.store.record(kind, by).await
    }

    async fn list_records(&self, listing: Listing) -> Result<Vec<StoredRecord>, Error> {
        let _inside = self.gate.pass().await;
        self.store.list_records(listing).await
    }

    async fn change_record(
        &self,
        change: RecordChange,
        tells: Tells,
    ) -> Result<bool, SaveRecordError> {
        let _inside = self.gate.pass().await;
        self.store.change_record(change, tells).await
    }

    async fn delete_record(
        &self,
        kind: Kind,
        id: RecordId,
        at: Option<u64>,
        tells: Tells,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.delete_record(kind, id, at, tells).await
    }
}

#[async_trait]
impl Outbox for Stepped {
    async fn post_job(&self, job: StoredJob, now: Timestamp) -> Result<Posted, Error> {
        let _inside = self.gate.pass().await;
        self.store.post_job(job, now).await
    }

    async fn claim_jobs(
        &self,
        wanted: &Wanted,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<ClaimedJob>, Error> {
        let _inside = self.gate.pass().await;
        self.store.claim_jobs(wanted, now, lease_until, limit).await
    }

    async fn finish_job(&self, id: JobId, claim: Claim) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.finish_job(id, claim).await
    }

    async fn postpone_job(
        &self,
        id: JobId,
        claim: Claim,
        not_before: Timestamp,
        error: &'static str,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.postpone_job(id, claim, not_before, error).await
    }

    async fn hasten_job(&self, kind: Kind, key: JobKey, now: Timestamp) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.hasten_job(kind, key, now).await
    }

    async fn outbox_depth(&self, now: Timestamp) -> Result<OutboxDepth, Error> {
        self.store.outbox_depth(now).await
    }
}
