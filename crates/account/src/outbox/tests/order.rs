//! Which jobs come first, and which run beside each other.

use std::time::Duration;

use tokio::time::timeout;

use super::process::{Does, MINUTE, Process, probe, probe_in, runs};

/// Works for so long.
async fn work_for(process: &Process, seconds: u64) {
    let working = timeout(Duration::from_secs(seconds), process.work_off());
    assert!(working.await.is_err(), "all is done");
}

#[tokio::test(start_paused = true)]
async fn first_tries_come_before_further_ones_which_hold_half_of_the_places_at_the_most() {
    let process = Process::alone().await;
    for _ in 0..6 {
        let again = probe("again", Does::TakeTwoSecondsLater);
        process.post(&again).await;
    }
    assert_eq!(process.work_off().await, 0);
    process.clock.advance(MINUTE);
    for _ in 0..6 {
        process.post(&probe("new", Does::TakeTwoSeconds)).await;
    }
    let tries = || (runs("new").tries.len(), runs("again").tries.len() - 6);
    let watching = async {
        let mut seen = Vec::new();
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            seen.push(tries());
        }
        seen
    };
    let (ended, seen) = tokio::join!(process.work_off(), watching);
    assert_eq!(seen[0], (4, 0), "what is new has all places");
    assert_eq!(seen[3], (6, 2), "and leaves those that it does not need");
    assert_eq!(ended, 12);
    assert_eq!(runs("again").most_at_once, 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_ordinary_leaves_a_place_for_what_is_urgent() {
    let process = Process::alone().await;
    for _ in 0..8 {
        let ordinary = probe("ordinary", Does::TakeTwoSeconds);
        process.post_ordinary(ordinary).await;
    }
    process.clock.advance(MINUTE); // they are the oldest
    let posting = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        process.post(&probe("urgent", Does::Succeed)).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        (runs("urgent").tries.len(), runs("ordinary").tries.len())
    };
    let (ended, seen) = tokio::join!(process.work_off(), posting);
    assert_eq!(seen, (1, 3));
    assert_eq!(ended, 9);
    assert_eq!(runs("ordinary").most_at_once, 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_comes_before_what_is_ordinary_and_older() {
    let process = Process::alone().await;
    for _ in 0..4 {
        let ordinary = probe("older", Does::TakeTwoSeconds);
        process.post_ordinary(ordinary).await;
    }
    process.clock.advance(MINUTE);
    for _ in 0..4 {
        process.post(&probe("secures", Does::TakeTwoSeconds)).await;
    }
    work_for(&process, 1).await;
    assert_eq!(runs("secures").tries.len(), 4);
    assert!(runs("older").tries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_is_slow_holds_up_no_other() {
    let process = Process::alone().await;
    for _ in 0..6 {
        process.post(&probe_in("slow", "stalls", Does::Hang)).await;
    }
    process.clock.advance(MINUTE); // they are the oldest
    for number in 0..6 {
        let lane = format!("lane-{number}");
        let quick = probe_in(&lane, "passes", Does::TakeTwoSeconds);
        process.post(&quick).await;
    }
    work_for(&process, 3).await;
    assert_eq!(runs("passes").tries.len(), 6);
    assert_eq!(runs("stalls").tries, [1], "others wait");
}

#[tokio::test(start_paused = true)]
async fn of_a_lane_two_jobs_run_when_nothing_else_waits_and_the_others_are_not_tried() {
    let process = Process::alone().await;
    for _ in 0..6 {
        let stalls = probe_in("alone", "stalls alone", Does::Hang);
        process.post(&stalls).await;
    }
    let posting = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let others = probe_in("other", "comes later", Does::Succeed);
        process.post(&others).await;
    };
    let both = async { tokio::join!(process.work_off(), posting) };
    assert!(timeout(Duration::from_secs(10), both).await.is_err());
    assert_eq!(runs("stalls alone").tries, [1, 1]);
    assert_eq!(runs("comes later").tries, [1]);
}
