//! Jobs on a store in memory. Where a test waits, time passes at once.

mod order;
mod process;

use std::sync::Arc;
use std::time::Duration;

use model::{Clock as _, UserId};
use storage::outbox::{JobBody, JobId, StoredJob, Tries, Wanted};
use storage::{Kind, Posted};
use tokio::time::{Instant, timeout};

use super::{Job as _, Posting};
use process::{DAY, Does, MINUTE, Process, START, probe, runs};

pub(super) use process::{OrdinaryProbe, Probe};

#[tokio::test(start_paused = true)]
async fn a_posted_job_is_done_once() {
    let process = Process::alone().await;
    process.post(&probe("once", Does::Succeed)).await;
    assert_eq!(process.work_off().await, 1);
    assert_eq!(process.work_off().await, 0);
    assert_eq!(runs("once").tries, [1]);
    assert_eq!(process.waiting().await, 0);
}

#[tokio::test]
async fn what_is_stored_of_a_job_says_nothing() {
    let process = Process::alone().await;
    process
        .post(&probe("alice@example.org", Does::Succeed))
        .await;
    let claimed = process.claim().await;
    let body = claimed[0].body.as_bytes();
    assert!(!body.windows(5).any(|bytes| bytes == b"alice"));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_waits_twice_as_long_each_time() {
    let process = Process::alone().await;
    process.post(&probe("fails", Does::Fail)).await;
    for (tries, minutes) in [(1, 1), (2, 2), (3, 4), (4, 8)] {
        assert_eq!(process.work_off().await, 0);
        process.clock.advance(Duration::from_secs(minutes * 60 - 1));
        assert_eq!(process.work_off().await, 0);
        assert_eq!(runs("fails").tries.len(), tries);
        process.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(runs("fails").ids.len(), 1);
    let waits = [1, 2, 8, 9, 99, u32::MAX].map(|tries| Probe::wait_after(tries) / 60);
    assert_eq!(waits.map(|wait| wait.as_secs()), [1, 2, 128, 240, 240, 240]);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_given_up_when_it_would_have_expired_by_its_next_try() {
    let process = Process::alone().await;
    let posting = Posting::within(2 * MINUTE);
    process.post_as(&probe("late", Does::Fail), posting).await;
    assert_eq!(process.work_off().await, 0);
    process.clock.advance(MINUTE);
    assert_eq!(process.work_off().await, 1);
    assert_eq!(runs("late").tries, [1, 2]);
    assert_eq!(process.waiting().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_can_never_be_done_is_given_up_at_once() {
    let process = Process::alone().await;
    process.post(&probe("never", Does::FailForEver)).await;
    assert_eq!(process.work_off().await, 1);
    assert_eq!(process.waiting().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_panics_or_hangs_is_tried_again() {
    let process = Process::alone().await;
    process.post(&probe("panics", Does::Panic)).await;
    process.post(&probe("hangs", Does::Hang)).await;
    let begun = Instant::now();
    assert_eq!(process.work_off().await, 0);
    assert_eq!(begun.elapsed().as_secs(), 60, "so long a try may take");
    process.clock.advance(MINUTE);
    assert_eq!(process.work_off().await, 0);
    for test in ["panics", "hangs"] {
        assert_eq!(runs(test).tries, [1, 2], "{test}");
    }
}

#[tokio::test(start_paused = true)]
async fn four_jobs_run_at_once_and_one_that_hangs_keeps_no_other_waiting() {
    let process = Process::alone().await;
    process.post(&probe("slow", Does::Hang)).await;
    process.clock.advance(MINUTE); // it is the oldest
    for _ in 0..12 {
        process.post(&probe("quick", Does::TakeTwoSeconds)).await;
    }
    let working = process.work_off();
    assert!(timeout(Duration::from_secs(9), working).await.is_err());
    assert_eq!(runs("quick").tries.len(), 12);
    assert_eq!(runs("quick").most_at_once, 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_stops_a_double_until_its_job_has_expired() {
    let process = Process::alone().await;
    let post = async |key: &str, lifetime| {
        let posting = Posting::within(lifetime).once_for(key);
        let probe = probe("keyed", Does::Succeed);
        process.accounts.post(&probe, posting).await.unwrap()
    };
    assert_eq!(post("alice", MINUTE).await, Posted::Kept);
    assert_eq!(post("alice", MINUTE).await, Posted::AlreadyThere);
    assert_eq!(post("bob", MINUTE).await, Posted::Kept);
    assert_eq!(process.work_off().await, 2);
    assert_eq!(post("alice", MINUTE).await, Posted::AlreadyThere);
    process.clock.advance(MINUTE);
    assert_eq!(post("alice", MINUTE).await, Posted::Kept);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_is_hastened_by_its_key_also_after_the_key_of_the_server_was_replaced() {
    let process = Process::alone().await;
    let later = START.plus(10 * MINUTE);
    let posting = Posting::within(DAY).once_for("alice").not_before(later);
    process
        .post_as(&probe("hastened", Does::Succeed), posting)
        .await;
    assert_eq!(process.work_off().await, 0);

    let after = Process::on(Arc::clone(&process.store), 2, Some(1)).await;
    assert!(
        !after
            .accounts
            .outbox()
            .hasten::<Probe>("bob")
            .await
            .unwrap()
    );
    assert!(
        after
            .accounts
            .outbox()
            .hasten::<Probe>("alice")
            .await
            .unwrap()
    );
    assert_eq!(after.work_off().await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_of_another_key_is_left_for_who_has_it() {
    let process = Process::alone().await;
    process.post(&probe("sealed", Does::Succeed)).await;
    let stranger = Process::on(Arc::clone(&process.store), 2, None).await;
    assert_eq!(stranger.work_off().await, 0);
    assert!(runs("sealed").tries.is_empty());
    assert_eq!(process.waiting().await, 1);

    let after = Process::on(Arc::clone(&process.store), 2, Some(1)).await;
    after.clock.advance(MINUTE);
    assert_eq!(after.work_off().await, 1);
    assert_eq!(runs("sealed").tries, [2]);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_was_moved_to_another_job_is_not_read() {
    let process = Process::alone().await;
    process.post(&probe("moved", Does::Succeed)).await;
    let body = process.claim().await.remove(0).body;
    process
        .store
        .post_job(stored(Probe::KIND, body), START)
        .await
        .unwrap();
    assert_eq!(process.work_off().await, 0);
    assert!(runs("moved").tries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_kind_of_a_later_version_is_left_alone() {
    let process = Process::alone().await;
    let body = JobBody::new(vec![1]).unwrap();
    let later = stored(Kind("later"), body);
    process.store.post_job(later.clone(), START).await.unwrap();
    assert_eq!(process.work_off().await, 0);
    let wanted = Wanted {
        kinds: vec![later.kind],
        tries: Tries::First,
        outside: Vec::new(),
    };
    let claimed = process.store.claim_jobs(&wanted, START, later.expires, 1);
    assert_eq!(claimed.await.unwrap()[0].claim.0, 1);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_lets_jobs_end_that_are_quick_and_gives_back_the_others() {
    let process = Process::alone().await;
    process.post(&probe("ends", Does::Hang)).await;
    process.post(&probe("quickly", Does::TakeTwoSeconds)).await;
    let begun = Instant::now();
    let ending = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        process.stop.send_replace(true);
        // None is claimed any more.
        process.post(&probe("too late", Does::Succeed)).await;
    };
    let (ended, ()) = tokio::join!(process.work_off(), ending);
    assert_eq!(ended, 1);
    assert!(begun.elapsed() < Duration::from_secs(4));
    assert_eq!(runs("quickly").tries, [1]);
    assert!(runs("too late").tries.is_empty());
    assert_eq!(
        process.claim().await.len(),
        2,
        "another process can have them at once"
    );
}

#[tokio::test(start_paused = true)]
async fn who_posts_wakes_who_works() {
    let process = Process::alone().await;
    let woken = process.accounts.has_posted();
    assert!(timeout(MINUTE, woken).await.is_err());
    process.post(&probe("wakes", Does::Succeed)).await;
    let woken = process.accounts.has_posted();
    assert!(
        timeout(MINUTE, woken).await.is_ok(),
        "also who was busy then"
    );
}

#[tokio::test]
async fn nobody_posts_a_job_for_an_account_that_is_not_there() {
    let process = Process::alone().await;
    let nobody = Posting::within(DAY).of(&UserId::parse("nobody").unwrap());
    let posted = process
        .post_as(&probe("orphan", Does::Succeed), nobody)
        .await;
    assert_eq!(posted, Posted::OwnerGone);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_reported() {
    let process = Process::alone().await;
    process.post(&probe("failing", Does::Succeed)).await;
    process.store.close().await;
    let stop = process.stop.subscribe();
    process.accounts.work_off(&stop).await.unwrap_err();
}

#[tokio::test]
async fn the_backlog_is_asked_for_once_a_second() {
    let process = Process::alone().await;
    let backlog = async || process.accounts.backlog().await.unwrap();
    assert_eq!(backlog().await.waiting, 0);
    process.post(&probe("counted", Does::Succeed)).await;
    assert_eq!(backlog().await.waiting, 0, "as it was a moment ago");
    process.clock.advance(Duration::from_secs(1));
    let found = backlog().await;
    assert_eq!((found.waiting, found.due), (1, 1));
    assert_eq!(found.oldest_due, Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn jobs_that_are_late_are_reported_once_in_five_minutes_until_they_are_done() {
    let process = Process::alone().await;
    process.post(&probe("reported", Does::Succeed)).await;
    let reported_after = async |seconds| {
        process.clock.advance(Duration::from_secs(seconds));
        process.accounts.watch_outbox().await.unwrap();
        *process.accounts.desk().late.lock().await
    };
    assert_eq!(reported_after(300).await, None);
    let first = reported_after(1).await;
    assert_eq!(first, Some(process.clock.now()));
    assert_eq!(reported_after(299).await, first);
    assert_eq!(reported_after(1).await, Some(process.clock.now()));
    process.work_off().await;
    assert_eq!(reported_after(1).await, None);
}

fn stored(kind: Kind, body: JobBody) -> StoredJob {
    StoredJob {
        id: JobId::from_bytes([9; 16]),
        kind,
        key: None,
        owner: None,
        lane: None,
        body,
        not_before: START,
        expires: START.plus(DAY),
    }
}
