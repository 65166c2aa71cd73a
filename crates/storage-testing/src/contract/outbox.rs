//! The outbox.

use std::sync::Arc;

use storage::outbox::{Claim, ClaimedJob, JobBody, JobId, JobKey, Lane, StoredJob, Tries, Wanted};
use storage::{Kind, OutboxDepth, Posted, Storage};

use super::Backend;
use super::fixtures::{account, at, at_once, id, moment};

const MAIL: Kind = Kind("mail");
const HOOK: Kind = Kind("hook");

/// Seconds for which a job is claimed here.
const LEASE: i64 = 120;

pub async fn of_fifty_claims_of_a_job_at_once_one_is_granted(backend: &dyn Backend) {
    let store = backend.open().await;
    post(&store, job(1), 0).await;
    let beside = backend.beside().await;
    let claimed = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        async move { claim(&store, 10, 5).await }
    })
    .await;
    let claimed: Vec<_> = claimed.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].id, number(1));
    assert_eq!(claimed[0].kind, MAIL);
    assert_eq!(claimed[0].body.as_bytes(), b"body of 1 \0\xff");
    assert_eq!(claimed[0].expires, at(1000));
    assert_eq!(claimed[0].claim, Claim(1));
}

pub async fn of_fifty_claims_at_once_each_job_is_granted_once(backend: &dyn Backend) {
    let store = backend.open().await;
    for number in 1..=10 {
        post(&store, job(number), 0).await;
    }
    let claimed = at_once(50, |_| {
        let store = Arc::clone(&store);
        async move { claim(&store, 10, 3).await }
    })
    .await;
    let mut claimed: Vec<_> = claimed.into_iter().flatten().collect();
    claimed.extend(claim(&store, 10, 10).await);
    let mut ids: Vec<_> = claimed.iter().map(|job| job.id.to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((claimed.len(), ids.len()), (10, 10));
}

pub async fn a_job_is_due_from_its_time_until_it_expires(backend: &dyn Backend) {
    let store = backend.open().await;
    let later = StoredJob {
        not_before: at(100),
        ..job(1)
    };
    post(&store, later, 0).await;
    assert!(claim(&store, 99, 5).await.is_empty());
    let late = StoredJob {
        not_before: at(100),
        ..job(2)
    };
    post(&store, late, 0).await;
    assert_eq!(claim(&store, 100, 1).await.len(), 1);
    assert!(claim(&store, 1000, 5).await.is_empty());
    assert_eq!(claim(&store, 999, 5).await.len(), 2);
}

pub async fn the_oldest_jobs_are_claimed_first_and_no_more_than_wanted(backend: &dyn Backend) {
    let store = backend.open().await;
    for (number, not_before) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
        let job = StoredJob {
            not_before: at(not_before),
            ..job(number)
        };
        post(&store, job, 0).await;
    }
    assert_eq!(ids(&claim(&store, 50, 2).await), [number(2), number(3)]);
    assert!(claim(&store, 50, 0).await.is_empty());
    assert_eq!(ids(&claim(&store, 50, 9).await), [number(1), number(4)]);
}

pub async fn a_kind_that_was_not_asked_for_is_left_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    let hook = StoredJob {
        kind: HOOK,
        ..job(1)
    };
    post(&store, hook, 0).await;
    post(&store, job(2), 0).await;
    let of = |kinds: &[Kind]| Wanted {
        kinds: kinds.to_vec(),
        ..first_tries()
    };
    assert!(claim_of(&store, &of(&[]), 1, 5).await.is_empty());
    assert_eq!(ids(&claim(&store, 1, 5).await), [number(2)]);
    let both = claim_of(&store, &of(&[MAIL, HOOK]), 1, 5).await;
    assert_eq!((ids(&both), both[0].kind), (vec![number(1)], HOOK));
}

pub async fn first_tries_and_further_ones_are_claimed_apart(backend: &dyn Backend) {
    let store = backend.open().await;
    let further_tries = Wanted {
        tries: Tries::Further,
        ..first_tries()
    };
    for number in 1..=4 {
        post(&store, job(number), 0).await;
    }
    assert!(claim_of(&store, &further_tries, 1, 5).await.is_empty());
    let claimed = claim_of(&store, &first_tries(), 1, 2).await;
    assert_eq!(claimed.len(), 2);
    assert!(postpone(&store, &claimed[0], 50).await);
    // One was given back, and the claim of the other lapses.
    let untried = ids(&claim_of(&store, &first_tries(), 1 + LEASE, 5).await);
    assert_eq!(untried.len(), 2);
    assert!(untried.iter().all(|id| !ids(&claimed).contains(id)));
    let mut again = ids(&claim_of(&store, &further_tries, 1 + LEASE, 5).await);
    let mut expected = ids(&claimed);
    again.sort_by_key(|id| *id.as_bytes());
    expected.sort_by_key(|id| *id.as_bytes());
    assert_eq!(again, expected);
}

pub async fn a_lane_that_was_excluded_is_left_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    let lane = |number| Lane::from_bytes([number; 16]);
    let outside = |lanes: &[u8]| Wanted {
        outside: lanes.iter().copied().map(lane).collect(),
        ..first_tries()
    };
    for (number, its) in [(1, Some(1)), (2, Some(1)), (3, Some(0xff)), (4, None)] {
        let job = StoredJob {
            lane: its.map(lane),
            not_before: at(i64::from(number)),
            ..job(number)
        };
        post(&store, job, 0).await;
    }
    let without = claim_of(&store, &outside(&[1, 0xff]), 10, 9).await;
    assert_eq!((ids(&without), without[0].lane), (vec![number(4)], None));
    let other = claim_of(&store, &outside(&[1, 2]), 10, 9).await;
    assert_eq!(ids(&other), [number(3)]);
    assert_eq!(other[0].lane, Some(lane(0xff)));
    let left = claim_of(&store, &outside(&[0xff, 2]), 10, 9).await;
    assert_eq!(ids(&left), [number(1), number(2)]);
    // It keeps its lane for further tries.
    let again = Wanted {
        tries: Tries::Further,
        ..outside(&[1])
    };
    let again = claim_of(&store, &again, 10 + LEASE, 9).await;
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|job| job.lane != Some(lane(1))));
}

pub async fn a_lapsed_claim_is_granted_to_another_who_alone_settles_it(backend: &dyn Backend) {
    let store = backend.open().await;
    post(&store, job(1), 0).await;
    let first = only(claim(&store, 10, 5).await);
    assert!(claim(&store, 10 + LEASE - 1, 5).await.is_empty());
    let second = only(claim(&store, 10 + LEASE, 5).await);
    assert_eq!((first.claim, second.claim), (Claim(1), Claim(2)));

    assert!(!finish(&store, &first).await);
    assert!(!postpone(&store, &first, 500).await);
    assert!(finish(&store, &second).await);
    assert!(!finish(&store, &second).await);
    assert!(claim(&store, 900, 5).await.is_empty());
}

pub async fn a_claim_that_lapsed_settles_as_long_as_nobody_else_has_claimed(backend: &dyn Backend) {
    let store = backend.open().await;
    post(&store, job(1), 0).await;
    let slow = only(claim(&store, 10, 5).await);
    assert!(finish(&store, &slow).await);
    assert!(claim(&store, 10 + LEASE, 5).await.is_empty());
}

pub async fn a_postponed_job_waits_for_its_new_time(backend: &dyn Backend) {
    let store = backend.open().await;
    post(&store, job(1), 0).await;
    let first = only(claim(&store, 10, 5).await);
    assert!(postpone(&store, &first, 70).await);
    assert!(!postpone(&store, &first, 80).await, "it is nobody's now");
    assert!(!finish(&store, &first).await);
    assert!(claim(&store, 69, 5).await.is_empty());
    let second = only(claim(&store, 70, 5).await);
    assert_eq!(second.claim, Claim(2));
    assert_eq!(second.body, first.body);
    assert!(finish(&store, &second).await);
}

pub async fn a_key_stops_a_double_also_when_the_first_is_done(backend: &dyn Backend) {
    let store = backend.open().await;
    for key in [1, 2] {
        assert_eq!(posted(&store, keyed(key, key), 0).await, Posted::Kept);
    }
    assert_eq!(posted(&store, keyed(3, 1), 1).await, Posted::AlreadyThere);
    let of_another_kind = StoredJob {
        kind: HOOK,
        ..keyed(4, 1)
    };
    assert_eq!(posted(&store, of_another_kind, 1).await, Posted::Kept);

    for job in claim(&store, 10, 5).await {
        assert!(finish(&store, &job).await);
    }
    assert_eq!(posted(&store, keyed(5, 1), 11).await, Posted::AlreadyThere);
    assert!(claim(&store, 900, 5).await.is_empty());
    // Without a key it is another one each time.
    post(&store, job(6), 11).await;
    post(&store, job(7), 11).await;
    assert_eq!(claim(&store, 11, 5).await.len(), 2);
}

pub async fn a_key_is_free_when_its_job_has_expired(backend: &dyn Backend) {
    let store = backend.open().await;
    post(&store, keyed(1, 1), 0).await;
    post(&store, keyed(2, 2), 0).await;
    let done = claim(&store, 1, 1).await;
    assert!(finish(&store, &only(done)).await);
    let again = |number, key| StoredJob {
        expires: at(2000),
        ..keyed(number, key)
    };
    for key in [1, 2] {
        let double = posted(&store, again(key + 10, key), 999).await;
        assert_eq!(double, Posted::AlreadyThere, "{key}");
        let free = posted(&store, again(key + 10, key), 1000).await;
        assert_eq!(free, Posted::Kept, "{key}");
    }
    assert_eq!(claim(&store, 1000, 5).await.len(), 2);
}

pub async fn of_fifty_posts_with_one_key_at_once_one_is_kept(backend: &dyn Backend) {
    let store = backend.open().await;
    let posted = at_once(50, |number| {
        let store = Arc::clone(&store);
        async move { posted(&store, keyed(number, 1), 0).await }
    })
    .await;
    let kept = posted.iter().filter(|posted| **posted == Posted::Kept);
    assert_eq!(kept.count(), 1);
    assert_eq!(claim(&store, 10, 50).await.len(), 1);
}

pub async fn the_same_job_posted_once_more_is_kept_once(backend: &dyn Backend) {
    let store = backend.open().await;
    for job in [job(1), keyed(2, 2)] {
        post(&store, job.clone(), 0).await;
        post(&store, job, 0).await; // the first answer was lost
    }
    assert_eq!(claim(&store, 10, 5).await.len(), 2);
}

pub async fn a_job_that_waits_is_hastened_by_its_key(backend: &dyn Backend) {
    let store = backend.open().await;
    let later = StoredJob {
        not_before: at(500),
        ..keyed(1, 1)
    };
    post(&store, later, 0).await;
    assert!(!hasten(&store, 2, 10).await, "there is none with this key");
    assert!(!store.hasten_job(HOOK, key(1), at(10)).await.unwrap());
    assert!(hasten(&store, 1, 10).await);
    assert!(hasten(&store, 1, 20).await, "it waits and is due already");
    let claimed = only(claim(&store, 10, 5).await);
    assert!(!hasten(&store, 1, 10).await, "somebody works on it");
    assert!(postpone(&store, &claimed, 500).await);
    assert!(hasten(&store, 1, 20).await);
    let claimed = only(claim(&store, 20, 5).await);
    assert!(finish(&store, &claimed).await);
    assert!(!hasten(&store, 1, 20).await, "it is done");
}

pub async fn the_jobs_of_a_deleted_account_go_with_it(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    let of = |name: &str, job: StoredJob| StoredJob {
        owner: Some(id(name)),
        ..job
    };
    post(&store, of("alice", job(1)), 0).await;
    post(&store, of("alice", keyed(2, 2)), 0).await;
    post(&store, of("alice", keyed(3, 3)), 0).await;
    post(&store, of("bob", job(4)), 0).await;
    post(&store, job(5), 0).await;
    let claimed = claim(&store, 10, 2).await;
    store.delete_user(&id("alice"), moment(10)).await.unwrap();
    for job in claimed
        .iter()
        .filter(|job| job.id != number(4) && job.id != number(5))
    {
        assert!(!finish(&store, job).await);
    }
    let left = claim(&store, 10 + LEASE, 9).await;
    assert_eq!(left.len(), 2, "that of bob, and that of nobody");
    assert!(
        left.iter()
            .all(|job| [number(4), number(5)].contains(&job.id))
    );
    // Nor is a key remembered that was hers.
    post(&store, keyed(6, 2), 10).await;
}

pub async fn nobody_posts_a_job_for_an_account_that_is_not_there(backend: &dyn Backend) {
    let store = backend.open().await;
    let orphan = StoredJob {
        owner: Some(id("nobody")),
        ..keyed(1, 1)
    };
    assert_eq!(posted(&store, orphan, 0).await, Posted::OwnerGone);
    assert!(claim(&store, 10, 5).await.is_empty());
    post(&store, keyed(2, 1), 0).await;
}

pub async fn the_depth_says_what_waits_and_since_when_it_is_due(backend: &dyn Backend) {
    let store = backend.open().await;
    let depth = async |seconds| store.outbox_depth(at(seconds)).await.unwrap();
    assert_eq!(depth(0).await, OutboxDepth::default());
    for (number, not_before) in [(1, 10), (2, 20), (3, 300)] {
        let job = StoredJob {
            not_before: at(not_before),
            ..keyed(number, number)
        };
        post(&store, job, 0).await;
    }
    let expected = |waiting, due, oldest: Option<i64>| OutboxDepth {
        waiting,
        due,
        oldest_due: oldest.map(at),
    };
    assert_eq!(depth(9).await, expected(3, 0, None));
    assert_eq!(depth(25).await, expected(3, 2, Some(10)));
    let first = only(claim(&store, 25, 1).await);
    assert_eq!(depth(25).await, expected(3, 1, Some(20)), "one is claimed");
    assert!(finish(&store, &first).await);
    assert_eq!(depth(25).await, expected(2, 1, Some(20)));
    assert_eq!(depth(300).await, expected(2, 2, Some(20)));
    assert_eq!(
        depth(1000).await,
        OutboxDepth::default(),
        "all have expired"
    );
}

pub async fn expired_jobs_are_swept_done_or_not(backend: &dyn Backend) {
    let store = backend.open().await;
    for number in 1..=3 {
        post(&store, keyed(number, number), 0).await;
    }
    let late = StoredJob {
        not_before: at(2),
        expires: at(2000),
        ..job(4)
    };
    post(&store, late, 0).await;
    assert!(finish(&store, &claim(&store, 1, 1).await[0]).await);

    assert_eq!(store.sweep(at(999), 10).await.unwrap(), 0);
    assert_eq!(store.sweep(at(1000), 2).await.unwrap(), 2);
    assert_eq!(store.sweep(at(1000), 2).await.unwrap(), 1);
    assert_eq!(store.sweep(at(1000), 2).await.unwrap(), 0);
    assert_eq!(ids(&claim(&store, 1000, 5).await), [number(4)]);
}

pub async fn a_job_carries_so_much(backend: &dyn Backend) {
    let store = backend.open().await;
    let large = StoredJob {
        body: JobBody::new(vec![0xa5; JobBody::MOST]).unwrap(),
        ..job(1)
    };
    post(&store, large.clone(), 0).await;
    assert_eq!(only(claim(&store, 1, 1).await).body, large.body);
}

/// A job that is due at once and expires after 1000 seconds.
pub(super) fn job(number: u32) -> StoredJob {
    StoredJob {
        id: self::number(number),
        kind: MAIL,
        key: None,
        owner: None,
        lane: None,
        body: JobBody::new([b"body of ", number.to_string().as_bytes(), b" \0\xff"].concat())
            .unwrap(),
        not_before: at(0),
        expires: at(1000),
    }
}

/// The same with a key.
pub(super) fn keyed(number: u32, key: u32) -> StoredJob {
    StoredJob {
        key: Some(self::key(key)),
        ..job(number)
    }
}

fn number(number: u32) -> JobId {
    let mut bytes = [0xa0; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    JobId::from_bytes(bytes)
}

fn key(number: u32) -> JobKey {
    let mut bytes = [0xb0; 32];
    bytes[28..].copy_from_slice(&number.to_be_bytes());
    JobKey::from_bytes(bytes)
}

fn ids(claimed: &[ClaimedJob]) -> Vec<JobId> {
    claimed.iter().map(|job| job.id).collect()
}

fn only(claimed: Vec<ClaimedJob>) -> ClaimedJob {
    assert_eq!(claimed.len(), 1, "{claimed:?}");
    claimed.into_iter().next().unwrap()
}

pub(super) async fn posted(store: &Arc<dyn Storage>, job: StoredJob, seconds: i64) -> Posted {
    store.post_job(job, at(seconds)).await.unwrap()
}

pub(super) async fn post(store: &Arc<dyn Storage>, job: StoredJob, seconds: i64) {
    assert_eq!(posted(store, job, seconds).await, Posted::Kept);
}

pub(super) async fn claim(store: &Arc<dyn Storage>, seconds: i64, limit: u32) -> Vec<ClaimedJob> {
    let further_tries = Wanted {
        tries: Tries::Further,
        ..first_tries()
    };
    let mut claimed = claim_of(store, &first_tries(), seconds, limit).await;
    let left = limit - u32::try_from(claimed.len()).unwrap();
    claimed.extend(claim_of(store, &further_tries, seconds, left).await);
    claimed
}

async fn claim_of(
    store: &Arc<dyn Storage>,
    wanted: &Wanted,
    seconds: i64,
    limit: u32,
) -> Vec<ClaimedJob> {
    let claimed = store.claim_jobs(wanted, at(seconds), at(seconds + LEASE), limit);
    claimed.await.unwrap()
}

pub(super) fn first_tries() -> Wanted {
    Wanted {
        kinds: vec![MAIL],
        tries: Tries::First,
        outside: Vec::new(),
    }
}

pub(super) async fn finish(store: &Arc<dyn Storage>, job: &ClaimedJob) -> bool {
    store.finish_job(job.id, job.claim).await.unwrap()
}

async fn postpone(store: &Arc<dyn Storage>, job: &ClaimedJob, seconds: i64) -> bool {
    let postponed = store.postpone_job(job.id, job.claim, at(seconds), "refused");
    postponed.await.unwrap()
}

async fn hasten(store: &Arc<dyn Storage>, number: u32, seconds: i64) -> bool {
    let hastened = store.hasten_job(MAIL, key(number), at(seconds));
    hastened.await.unwrap()
}
