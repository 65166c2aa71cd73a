//! What becomes of revocations when clocks are wrong, and when tokens come to live longer; a store that takes its
//! time.

use std::sync::Arc;
use std::time::Duration;

use model::ManualClock;
use storage_testing::memory::MemoryStore;

use crate::process::{BOUND, HOUR, Process, QUARTER, START};

#[tokio::test]
async fn a_clock_that_the_store_does_not_confirm_forgets_no_revocation() {
    let time = Arc::new(ManualClock::starting_at(START));
    let store = Arc::new(MemoryStore::with_clock(Arc::clone(&time) as _));
    let a = Process::on(Arc::clone(&store) as _, QUARTER).await;
    let b = Process::on(Arc::clone(&store) as _, QUARTER).await;
    a.sign_up().await;
    let tokens = a.sign_in().await;
    let access = tokens.access.expose();
    a.sign_out(access).await;

    b.clock.advance(HOUR);
    assert!(b.accounts.sweep().await.is_err());
    // Neither the store has forgotten, nor does it itself when its clock is set right.
    let later = Process::on(Arc::clone(&store) as _, QUARTER).await;
    assert!(!later.accepts(access));
    let in_memory = b.authority.verify(access, START.as_seconds());
    assert!(in_memory.is_err());

    // By the right time it goes.
    time.advance(HOUR);
    b.accounts.sweep().await.unwrap();
    assert!(b.authority.verify(access, START.as_seconds()).is_ok());
}

#[tokio::test]
async fn a_process_that_knew_of_shorter_lives_remembers_the_end_of_a_longer_one() {
    let store = Arc::new(MemoryStore::new());
    let a = Process::on(Arc::clone(&store) as _, QUARTER).await;
    a.sign_up().await;
    let b = Process::on(Arc::clone(&store) as _, HOUR).await;
    for process in [&a, &b] {
        process.let_pass(2 * BOUND + Duration::from_mins(1));
    }
    let tokens = b.sign_in().await;
    assert_eq!(tokens.expires_in, HOUR);
    let access = tokens.access.expose();
    a.sign_out(access).await;

    for _ in 0..59 {
        for process in [&a, &b] {
            process.let_pass(Duration::from_mins(1));
            process.accounts.sweep().await.unwrap();
            assert!(!process.accepts(access));
        }
    }
}

#[tokio::test]
async fn longer_lives_begin_when_every_other_process_must_know_of_them() {
    let store = Arc::new(MemoryStore::new());
    let a = Process::on(Arc::clone(&store) as _, QUARTER).await;
    a.sign_up().await;
    assert_eq!(a.sign_in().await.expires_in, QUARTER); // the first waits for nobody

    let b = Process::on(Arc::clone(&store) as _, HOUR).await;
    assert_eq!(b.sign_in().await.expires_in, QUARTER);
    b.let_pass(BOUND + Duration::from_secs(59));
    assert_eq!(b.sign_in().await.expires_in, QUARTER);
    b.let_pass(Duration::from_secs(1));
    assert_eq!(b.sign_in().await.expires_in, HOUR);

    // What was shortened is shorter at once.
    let c = Process::on(store, QUARTER).await;
    assert_eq!(c.sign_in().await.expires_in, QUARTER);
}

#[tokio::test]
async fn accounts_that_are_too_many_to_be_counted_are_served_and_swept() {
    let process = Process::on(Arc::new(MemoryStore::uncountable()), QUARTER).await;
    process.sign_up().await;
    process.sign_in().await;
    process.accounts.sweep().await.unwrap();
}
