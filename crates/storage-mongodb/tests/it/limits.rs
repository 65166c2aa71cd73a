//! Limits that several nodes count together.

use std::sync::Arc;

use ratelimit::{Hit, Key, Quota, Store, Strategy, Timestamp, Unit, Usage};
use storage::Upkeep as _;
use storage_mongodb::limits::{LeasedLimits, MongoLimits};
use tokio::task::JoinSet;

use crate::server::{Scratch, scratch};

const STRATEGIES: [Strategy; 3] = [
    Strategy::FixedWindow,
    Strategy::MovingWindow,
    Strategy::SlidingWindowCounter,
];

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + seconds)
}

fn hit(amount: u64, strategy: Strategy, now: Timestamp) -> Hit {
    Hit {
        key: Key::from_bytes([7; 16]),
        quota: Quota::per(amount, Unit::Hour),
        strategy,
        cost: 1,
        charge: true,
        refundable: false,
        now,
    }
}

async fn nodes(database: &Scratch, count: usize) -> Vec<Arc<MongoLimits>> {
    let mut nodes = Vec::new();
    for _ in 0..count {
        nodes.push(Arc::new(MongoLimits::new(database.node().await)));
    }
    nodes
}

async fn ask(limits: &impl Store, hit: Hit) -> Usage {
    match limits.hit_now(hit) {
        Some(usage) => usage.unwrap(),
        None => limits.hit(hit).await.unwrap(),
    }
}

#[tokio::test]
async fn one_after_the_other_three_nodes_admit_exactly_twenty() {
    let Some(database) = scratch().await else {
        return;
    };
    for strategy in STRATEGIES {
        let nodes = nodes(&database, 3).await;
        let hit = Hit {
            key: Key::from_bytes([strategy as u8; 16]),
            ..hit(20, strategy, at(0))
        };
        let mut admitted = 0;
        for round in 0..40 {
            admitted += u32::from(ask(&nodes[round % 3], hit).await.allowed);
        }
        assert_eq!(admitted, 20, "{strategy}");
    }
}

#[tokio::test]
async fn all_at_once_three_nodes_admit_exactly_twenty() {
    let Some(database) = scratch().await else {
        return;
    };
    for strategy in STRATEGIES {
        let nodes = nodes(&database, 3).await;
        let hit = Hit {
            key: Key::from_bytes([strategy as u8; 16]),
            ..hit(20, strategy, at(0))
        };
        let mut asking = JoinSet::new();
        for round in 0..90 {
            let node = Arc::clone(&nodes[round % 3]);
            asking.spawn(async move { ask(&node, hit).await.allowed });
        }
        let admitted = asking.join_all().await.into_iter().filter(|ok| *ok).count();
        assert_eq!(admitted, 20, "{strategy}");
    }
}

#[tokio::test]
async fn a_window_opens_at_its_first_hit_and_opens_anew() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = nodes(&database, 2).await;
    let fixed = |seconds| hit(2, Strategy::FixedWindow, at(seconds));
    assert_eq!(ask(&nodes[0], fixed(10)).await.reset, at(3610));
    assert_eq!(ask(&nodes[1], fixed(20)).await.remaining, 0);
    let refused = ask(&nodes[0], fixed(3609)).await;
    assert!(!refused.allowed && refused.reset == at(3610));
    assert_eq!(ask(&nodes[1], fixed(3610)).await.reset, at(7210));
    assert!(ask(&nodes[0], fixed(3611)).await.allowed);
    assert!(!ask(&nodes[1], fixed(3612)).await.allowed);
}

#[tokio::test]
async fn leases_never_admit_too_much() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = nodes(&database, 3).await;
    let leased: Vec<_> = nodes
        .into_iter()
        .map(|node| Arc::new(LeasedLimits::new(node)))
        .collect();
    let mut asking = JoinSet::new();
    for round in 0..1200 {
        let node = Arc::clone(&leased[round % 3]);
        asking.spawn(async move {
            ask(&*node, hit(600, Strategy::FixedWindow, at(0)))
                .await
                .allowed
        });
    }
    let admitted = asking.join_all().await.into_iter().filter(|ok| *ok).count();
    assert!((510..=600).contains(&admitted), "{admitted}");
    // A lease ends with its window.
    let later = ask(&*leased[0], hit(600, Strategy::FixedWindow, at(3600))).await;
    assert_eq!(later.remaining, 599);
}

#[tokio::test]
async fn one_round_trip_is_good_for_many_requests() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = nodes(&database, 1).await.remove(0);
    let leased = LeasedLimits::new(node);
    let user = hit(600, Strategy::FixedWindow, at(0));
    assert!(leased.hit_now(user).is_none());
    assert_eq!(leased.hit(user).await.unwrap().remaining, 599);
    for left in (570..599).rev() {
        let usage = leased.hit_now(user).unwrap().unwrap();
        assert_eq!(usage.remaining, left);
    }
    assert!(leased.hit_now(user).is_none(), "the block is used up");
}

#[tokio::test]
async fn what_is_exhausted_is_refused_without_the_store() {
    let Some(database) = scratch().await else {
        return;
    };
    let store = database.node().await;
    let limits = MongoLimits::new(Arc::clone(&store));
    let once = |seconds| hit(1, Strategy::FixedWindow, at(seconds));
    assert!(ask(&limits, once(0)).await.allowed);
    assert!(!ask(&limits, once(1)).await.allowed);
    store.close().await;
    assert!(!limits.hit_now(once(2)).unwrap().unwrap().allowed);
    // And what isn't, is not admitted.
    assert!(limits.hit_now(once(3600)).is_none());
    assert!(limits.hit(once(3600)).await.is_err());
}

#[tokio::test]
async fn counters_that_have_run_out_are_swept() {
    let Some(database) = scratch().await else {
        return;
    };
    let store = database.node().await;
    let limits = MongoLimits::new(Arc::clone(&store));
    for strategy in STRATEGIES {
        let key = Key::from_bytes([strategy as u8; 16]);
        let counted = Hit {
            key,
            ..hit(3, strategy, at(0))
        };
        assert!(ask(&limits, counted).await.allowed);
    }
    let counters = database.collection("portcullis_limits");
    assert_eq!(
        counters
            .count_documents(mongodb::bson::doc! {})
            .await
            .unwrap(),
        3
    );
    // A fixed window of an hour is over, but not yet for one whose clock is a little behind.
    let just_over = model::Timestamp::from_seconds(1_800_000_000 + 3600 + 4);
    store.sweep(just_over, 100).await.unwrap();
    assert_eq!(
        counters
            .count_documents(mongodb::bson::doc! {})
            .await
            .unwrap(),
        3
    );
    let later = model::Timestamp::from_seconds(1_800_000_000 + 3 * 3600);
    store.sweep(later, 100).await.unwrap();
    assert_eq!(
        counters
            .count_documents(mongodb::bson::doc! {})
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn what_is_given_back_on_one_node_is_there_on_all_within_a_second() {
    let Some(database) = scratch().await else {
        return;
    };
    for strategy in STRATEGIES {
        let nodes = nodes(&database, 3).await;
        let hit = Hit {
            key: Key::from_bytes([strategy as u8; 16]),
            refundable: true,
            ..hit(20, strategy, at(0))
        };
        let mut admitted = Vec::new();
        for round in 0..60 {
            let usage = ask(&nodes[round % 3], hit).await;
            admitted.extend(usage.allowed.then_some(usage));
        }
        assert_eq!(admitted.len(), 20, "{strategy}");
        for usage in admitted {
            nodes[0].give_back(hit, usage).await.unwrap();
        }
        // The other nodes have seen an exhausted limit, and go on saying so for a moment.
        let mut again = 0;
        for round in 0..60 {
            let later = Hit { now: at(1), ..hit };
            again += u32::from(ask(&nodes[round % 3], later).await.allowed);
        }
        assert_eq!(again, 20, "{strategy}");
    }
}

#[tokio::test]
async fn nothing_is_given_back_to_a_window_that_was_opened_since() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = nodes(&database, 1).await;
    let fixed = |seconds| Hit {
        refundable: true,
        ..hit(1, Strategy::FixedWindow, at(seconds))
    };
    let early = ask(&nodes[0], fixed(0)).await;
    assert!(ask(&nodes[0], fixed(3600)).await.allowed);
    nodes[0].give_back(fixed(0), early).await.unwrap();
    assert!(!ask(&nodes[0], fixed(3601)).await.allowed);
}

#[tokio::test]
async fn what_a_clock_put_back_has_counted_later_than_its_own_time_is_given_back() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = nodes(&database, 1).await;
    for strategy in STRATEGIES {
        let timed = |seconds| Hit {
            key: Key::from_bytes([strategy as u8; 16]),
            refundable: true,
            ..hit(3, strategy, at(seconds))
        };
        assert!(ask(&nodes[0], timed(10)).await.allowed, "{strategy}");
        for _ in 0..5 {
            let usage = ask(&nodes[0], timed(0)).await;
            assert!(usage.allowed, "{strategy}");
            nodes[0].give_back(timed(0), usage).await.unwrap();
        }
        assert_eq!(ask(&nodes[0], timed(0)).await.remaining, 1, "{strategy}");
    }
}

#[tokio::test]
async fn a_block_takes_back_what_came_out_of_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let nodes = nodes(&database, 1).await;
    let leased = LeasedLimits::new(Arc::clone(&nodes[0]));
    let hit = hit(40, Strategy::FixedWindow, at(0));
    let usage = ask(&leased, hit).await;
    leased.give_back(hit, usage).await.unwrap();
    let mut admitted = 0;
    for _ in 0..60 {
        admitted += u32::from(ask(&leased, hit).await.allowed);
    }
    assert_eq!(admitted, 40);
}
