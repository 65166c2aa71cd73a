use std::future::Future as _;
use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::task::{Context, Waker};

use super::*;
use crate::{PasswordHash, Strength, Verdict};

fn pool(threads: usize, queue: usize) -> Hasher {
    let params = Params::new(64, 1, 1).unwrap();
    let config = HasherConfig::with_params(params);
    Hasher::new(config.threads(threads).queue(queue)).unwrap()
}

/// Somebody who wants to sign in, each time from another network.
fn anybody() -> Line {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let address = Ipv4Addr::from_bits(LAST.fetch_add(1, Ordering::Relaxed));
    Line {
        purpose: Purpose::SignIn,
        principal: Principal::Network(address.into()),
    }
}

fn admit(hasher: &Hasher) -> Result<Permit, Busy> {
    let Line { purpose, principal } = anybody();
    hasher.admit(purpose, principal)
}

/// Keeps the only thread of a pool busy, on a permit of its own, until the sender is dropped.
fn block(hasher: &Hasher) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = mpsc::channel();
    let slot = hasher
        .queue()
        .take_slot(anybody(), hasher.config())
        .unwrap();
    let run: queue::Run = Box::new(move |_| {
        started.send(()).unwrap();
        let _ = released.recv();
    });
    std::mem::forget(hasher.queue().push(slot, run, None)); // its drop would take the job back
    has_started.recv().unwrap();
    release
}

/// Waits until `taken` permits are taken. The thread that gives a permit back does so after it has
/// answered.
fn assert_taken(hasher: &Hasher, taken: usize) {
    while hasher.taken() != taken {
        thread::yield_now();
    }
}

#[tokio::test]
async fn a_place_hashes_verifies_and_is_given_back() {
    let hasher = pool(2, 0);
    let permit = admit(&hasher).unwrap();
    let hash = permit.hash("correct horse".into()).await.unwrap();

    let right = permit.verify("correct horse".into(), hash.clone()).await;
    assert_eq!(right, Ok(Verdict::Match(Strength::Current)));
    let wrong = permit.verify("wrong".into(), hash).await;
    assert_eq!(wrong, Ok(Verdict::NoMatch));

    drop(permit);
    assert_taken(&hasher, 0);
}

#[tokio::test]
#[cfg(feature = "legacy")]
async fn a_pool_beside_a_flask_application_writes_what_werkzeug_reads() {
    let config = HasherConfig::with_params(Params::new(64, 1, 1).unwrap()).threads(1);
    let hasher = Hasher::new(config.scheme(Scheme::Werkzeug)).unwrap();
    let permit = admit(&hasher).unwrap();
    let sent = "cafe\u{301} au lait";
    let hash = permit.hash(sent.into()).await.unwrap();
    assert!(hash.expose().starts_with("scrypt:32768:8:1$"));
    assert_eq!(hash.kind(), Ok(hasher.config().kind()));
    // As it was sent: Werkzeug does not normalise.
    let right = permit.verify(sent.into(), hash.clone()).await.unwrap();
    assert!(right.is_match());
    let verdict = permit.verify("caf\u{e9} au lait".into(), hash).await;
    assert_eq!(verdict, Ok(Verdict::NoMatch));
}

#[tokio::test]
async fn a_malformed_hash_is_reported() {
    let permit = admit(&pool(1, 0)).unwrap();
    let verdict = permit.verify("x".into(), PasswordHash::from("nonsense"));
    assert!(matches!(verdict.await, Ok(Verdict::Malformed(_))));
}

#[test]
fn a_full_queue_is_busy_at_once() {
    let hasher = pool(1, 2);
    let permits: Vec<_> = (0..3).map(|_| admit(&hasher).unwrap()).collect();
    let busy = admit(&hasher).unwrap_err();
    assert_eq!(busy.retry_after, Duration::from_secs(1));

    drop(permits);
    assert!(admit(&hasher).is_ok());
}

#[test]
fn whose_turn_would_come_too_late_is_refused_at_once() {
    let hasher = pool(2, 64);
    let config = hasher.config().patience(Duration::from_secs(5));
    let queue = queue::Queue::new(66);
    let admitted = |queue: &queue::Queue| {
        let slots: Vec<_> = std::iter::from_fn(|| queue.take_slot(anybody(), &config)).collect();
        slots.len()
    };
    assert_eq!(admitted(&queue), 66, "before the first job");
    queue.note(Duration::from_millis(50));
    assert_eq!(admitted(&queue), 66);
    for _ in 0..50 {
        queue.note(Duration::from_secs(1));
    }
    // Two at a time, a second each: the twelfth begins after five.
    assert_eq!(admitted(&queue), 12);
    for _ in 0..50 {
        queue.note(Duration::from_mins(1));
    }
    assert_eq!(admitted(&queue), 2, "a thread to spare begins at once");
    for _ in 0..50 {
        queue.note(Duration::from_millis(50));
    }
    assert_eq!(admitted(&queue), 66);
}

#[tokio::test]
async fn what_jobs_take_is_measured() {
    let hasher = pool(1, 64);
    let permit = admit(&hasher).unwrap();
    let job = permit.run(|_| thread::sleep(Duration::from_millis(20)));
    assert!(job.await.is_ok());
    drop(permit);
    assert_taken(&hasher, 0);
    let impatient = hasher.config().patience(Duration::from_millis(19));
    let running = hasher.queue().take_slot(anybody(), &impatient);
    assert!(running.is_some());
    assert!(hasher.queue().take_slot(anybody(), &impatient).is_none());
}

#[tokio::test]
async fn many_jobs_of_a_few_do_not_keep_a_sign_in_waiting() {
    let hasher = pool(1, 65);
    let running = block(&hasher);
    let (done, in_order) = mpsc::channel();
    let ask = |purpose, principal: Principal| {
        let permit = hasher.admit(purpose, principal.clone()).ok()?;
        let done = done.clone();
        let mut job = Box::pin(async move {
            let job = permit.run(move |_| done.send(principal).unwrap());
            assert!(job.await.is_ok());
        });
        let mut context = Context::from_waker(Waker::noop());
        assert!(job.as_mut().poll(&mut context).is_pending());
        Some(job)
    };
    let user = |number: usize| Principal::User((number % 15).to_string());
    let flood = (0..60).filter_map(|number| ask(Purpose::Other, user(number)));
    let mut jobs: Vec<_> = flood.collect();
    assert!(jobs.len() >= 30);
    let Line { purpose, principal } = anybody();
    jobs.push(ask(purpose, principal.clone()).expect("a permit is kept for it"));

    drop(running);
    for job in jobs {
        job.await;
    }
    let before = in_order.iter().position(|done| done == principal);
    assert!(before <= Some(1), "{before:?} went before");
}

#[test]
fn a_cancelled_job_that_waits_leaves_the_queue_at_once() {
    let hasher = pool(1, 1);
    let _busy = block(&hasher);
    let permit = admit(&hasher).unwrap();
    {
        let mut waiting = pin!(permit.hash("correct horse".into()));
        let poll = waiting
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
    }
    drop(permit);
    assert_eq!(hasher.taken(), 1);
}

#[tokio::test]
async fn a_job_whose_turn_comes_too_late_is_not_done() {
    let params = Params::new(64, 1, 1).unwrap();
    let config = HasherConfig::with_params(params).threads(1);
    let hasher = Hasher::new(config.patience(Duration::ZERO)).unwrap();
    let running = block(&hasher);
    let permit = admit(&hasher).unwrap();
    let (done, is_done) = mpsc::channel();
    let mut waiting = pin!(permit.run(move |_| done.send(())));
    let poll = waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending());
    drop(running);
    assert!(matches!(waiting.await, Err(permit::NotRun::Late(_))));
    assert_eq!(is_done.try_recv(), Err(mpsc::TryRecvError::Disconnected));
}

#[test]
fn a_later_job_has_its_own_patience() {
    let config = *pool(1, 0).config();
    let patience = Duration::from_mins(1);
    let hasher = Hasher::new(config.patience(patience)).unwrap();
    let permit = admit(&hasher).unwrap();
    let first = permit.latest();
    assert!(permit.latest() > first);
}

#[test]
fn a_cancelled_job_that_runs_keeps_its_place_until_it_ends() {
    let hasher = pool(1, 0);
    let running = block(&hasher);
    assert_eq!(hasher.taken(), 1);
    assert!(admit(&hasher).is_err());

    drop(running);
    assert_taken(&hasher, 0);
    assert!(admit(&hasher).is_ok());
}

#[tokio::test]
async fn a_job_that_panics_ends_neither_the_thread_nor_the_pool() {
    let hasher = pool(1, 1);
    let permit = admit(&hasher).unwrap();
    let nothing = permit.run(|_| -> () { panic!("a job panics") }).await;
    assert!(matches!(nothing, Err(permit::NotRun::Panicked)));
    assert!(permit.hash("correct horse".into()).await.is_ok());
}

#[tokio::test]
async fn a_place_outlives_the_handle_it_came_from() {
    let permit = admit(&pool(1, 0)).unwrap();
    assert!(permit.hash("correct horse".into()).await.is_ok());
}

#[tokio::test]
async fn memory_beyond_the_parameters_is_not_kept() {
    let permit = admit(&pool(1, 0)).unwrap();
    let big = PasswordHash::from(
        "$argon2id$v=19$m=1024,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
         AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    );
    let verdict = permit.verify("x".into(), big).await;
    assert_eq!(verdict, Ok(Verdict::NoMatch));
    let kept = permit.run(|memory| !memory.is_empty()).await;
    assert!(matches!(kept, Ok(false)));
}

#[tokio::test]
async fn an_idle_thread_gives_its_memory_back() {
    let config = HasherConfig {
        threads: 1,
        idle: Duration::ZERO,
        ..*pool(1, 0).config()
    };
    let hasher = Hasher::new(config).unwrap();
    let permit = admit(&hasher).unwrap();
    // With no patience at all, the memory is gone as soon as the thread has found nothing to do.
    for _ in 0..10_000 {
        permit.hash("correct horse".into()).await.unwrap();
        thread::yield_now();
        if matches!(permit.run(|memory| memory.is_empty()).await, Ok(true)) {
            return;
        }
    }
    panic!("the memory was never given back");
}

#[cfg(feature = "policy")]
#[tokio::test]
async fn a_new_password_is_checked_on_the_pool() {
    let permit = admit(&pool(1, 0)).unwrap();
    let check = |password: &str| {
        let password = secret::Secret::<String>::from(password);
        permit.check(crate::Policy::default(), password, vec!["alice".to_owned()])
    };
    assert_eq!(check("correct horse battery staple").await, Ok(Ok(())));
    let faults = check("alice").await.unwrap().unwrap_err();
    let codes: Vec<_> = faults.iter().map(crate::Fault::code).collect();
    assert_eq!(codes, ["too_short", "same_as_identity", "too_weak"]);
}

#[cfg(feature = "policy")]
mod breached {
    use std::io::ErrorKind;

    use super::*;
    use crate::{BreachedList, Fault, HashError, HasherParts, ListBuilder, Policy};

    const LISTED: &str = "correct horse battery staple";
    const HASH: &str = "abf7aad6438836dbe526aa231abde2d0eef74d42"; // its SHA-1

    async fn check(permit: &Permit, password: &str) -> Result<Result<(), Vec<Fault>>, HashError> {
        let password = secret::Secret::<String>::from(password);
        permit.check(Policy::default(), password, Vec::new()).await
    }

    #[tokio::test]
    async fn no_check_on_the_pool_passes_by_its_list() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut progress = |_| {};
        let mut builder = ListBuilder::new(&path, 1, &mut progress).unwrap();
        builder
            .add_lines(format!("{HASH}:9").as_bytes(), "", "")
            .unwrap();
        builder.finish().unwrap();
        let parts = HasherParts {
            breached: Some(BreachedList::open(&path).unwrap()),
            ..HasherParts::default()
        };
        let hasher = Hasher::with_parts(HasherConfig::default().threads(1), parts).unwrap();
        let permit = admit(&hasher).unwrap();
        assert_eq!(check(&permit, LISTED).await, Ok(Err(vec![Fault::Breached])));
        assert_eq!(
            check(&permit, "correct horse battery stapler").await,
            Ok(Ok(()))
        );
        // Known from the list that is compiled in, once.
        let faults = check(&permit, "password").await.unwrap().unwrap_err();
        assert_eq!(
            faults
                .iter()
                .filter(|fault| **fault == Fault::Breached)
                .count(),
            1
        );
        let faults = check(&permit, &"x".repeat(2000))
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(faults, [Fault::TooLong]);

        // When the list can't be read, no password is good.
        std::fs::write(&path, "").unwrap();
        let unjudged = Err(HashError::Unjudged(ErrorKind::UnexpectedEof));
        assert_eq!(check(&permit, LISTED).await, unjudged);
    }
}
