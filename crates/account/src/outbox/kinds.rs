//! Every kind of job that this version does. Others are a later version's, and left to it.

use std::pin::Pin;
use std::time::Duration;

use storage::Kind;
use storage::outbox::ClaimedJob;

use super::{Job, Outcome, Running, Urgency};
use crate::Accounts;
use crate::email::{AskForAccount, AskForAddress, ResendConfirmation};
use crate::factor::FactorNotice;
use crate::mailing::{
    AddressNotice, ClosingNotice, DeletionNotice, Deliver, DeliverOrdinary, KeepingNotice,
    PasswordNotice,
};
use crate::reset::ForgotPassword;

/// One line for each kind.
const KINDS: &[Entry] = &[
    Entry::of::<Deliver>(),
    Entry::of::<DeliverOrdinary>(),
    Entry::of::<ForgotPassword>(),
    Entry::of::<AskForAccount>(),
    Entry::of::<AskForAddress>(),
    Entry::of::<ResendConfirmation>(),
    Entry::of::<PasswordNotice>(),
    Entry::of::<FactorNotice>(),
    Entry::of::<AddressNotice>(),
    Entry::of::<ClosingNotice>(),
    Entry::of::<KeepingNotice>(),
    Entry::of::<DeletionNotice>(),
    #[cfg(test)]
    Entry::of::<super::tests::Probe>(),
    #[cfg(test)]
    Entry::of::<super::tests::OrdinaryProbe>(),
];

/// What came of a try, and how long to wait before the next one: nothing when the job can't be read.
pub(super) type Tried = Option<(Outcome, Duration)>;

type Try<'a> = Pin<Box<dyn Future<Output = Tried> + Send + 'a>>;

struct Entry {
    kind: Kind,
    urgency: Urgency,
    run: for<'a> fn(&'a Accounts, &'a ClaimedJob) -> Try<'a>,
}

impl Entry {
    const fn of<J: Job>() -> Self {
        Self {
            kind: J::KIND,
            urgency: J::URGENCY,
            run: |accounts, job| Box::pin(run::<J>(accounts, job)),
        }
    }
}

/// The kinds that can be claimed of what is so urgent.
pub(super) fn kinds(urgency: Urgency) -> Vec<Kind> {
    let entries = KINDS.iter().filter(|entry| entry.urgency == urgency);
    entries.map(|entry| entry.kind).collect()
}

/// How urgent a kind is that can be claimed.
pub(super) fn urgency_of(kind: Kind) -> Urgency {
    let entry = KINDS.iter().find(|entry| entry.kind == kind);
    entry.map_or(Urgency::Ordinary, |entry| entry.urgency)
}

/// Tries a job.
pub(super) async fn run_claimed(accounts: &Accounts, job: &ClaimedJob) -> Tried {
    let entry = KINDS.iter().find(|entry| entry.kind == job.kind)?;
    (entry.run)(accounts, job).await
}

async fn run<J: Job>(accounts: &Accounts, claimed: &ClaimedJob) -> Tried {
    let desk = accounts.desk();
    let job: J = desk.open(J::KIND, claimed.id, claimed.body.as_bytes())?;
    let at = Running {
        id: claimed.id,
        tries: claimed.claim.0,
        expires: claimed.expires,
    };
    let outcome = job.run(accounts, &at).await;
    Some((outcome, J::wait_after(at.tries)))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn no_two_kinds_have_the_same_name() {
        let mut names: Vec<_> = KINDS.iter().map(|entry| entry.kind.0).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
