//! Refresh tokens.

use std::sync::Arc;

use model::{ClientInfo, Session, TokenPair};
use storage::{FeedEntry, Rotated, Storage};

use super::Backend;
use super::fixtures::{
    GRACE, LIMIT, REFRESH_LIFETIME, account, at, at_once, change, exists, id, moment, opened, pair,
    renewed, rotated, rotation, session, session_id, token,
};
use super::listener::Listener;

pub async fn a_refresh_token_is_used_once_for_a_new_pair(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    let before = store.session(session_id(1)).await.unwrap().unwrap();
    let after = renewed(rotated(&store, "first", "second", 60).await);
    let expected = Session {
        last_used_at: at(60),
        client: ClientInfo {
            address: "198.51.100.7".to_owned(),
            agent: "test/2".to_owned(),
        },
        pair: pair("second", 60),
        previous: Some(token("first")),
        rotated_at: at(60),
        handing: Some(token("second")),
        ..before
    };
    assert_eq!(after, expected);
    assert_eq!(store.session(session_id(1)).await.unwrap(), Some(expected));
    assert_eq!(
        renewed(rotated(&store, "second", "third", 120).await).pair,
        pair("third", 120)
    );
}

pub async fn a_new_pair_ends_with_its_session(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let short = Session {
        expires_at: at(100),
        ..session("alice", 1, 0)
    };
    store.open_session(short, LIMIT, moment(0)).await.unwrap();
    let pair = renewed(rotated(&store, "first", "second", 60).await).pair;
    let end = at(100).as_seconds();
    assert_eq!((pair.access_expires, pair.refresh_expires), (end, end));
}

pub async fn a_repeat_within_the_grace_gives_the_same_pair(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    renewed(rotated(&store, "first", "second", 60).await);
    assert!(handed_out(&store, "second", 63).await);
    let second = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!((second.rotated_at, &second.handing), (at(63), &None));
    for later in [63, 65, 63 + grace()] {
        assert_eq!(repeated(&store, "first", later).await, second);
    }
    assert_eq!(store.session(session_id(1)).await.unwrap(), Some(second));
    // The pair that was repeated is the one that goes on.
    renewed(rotated(&store, "second", "third", 63 + grace()).await);
}

pub async fn a_repeat_after_the_grace_ends_the_session(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    rotated(&store, "first", "second", 60).await;
    handed_out(&store, "second", 60).await;
    let late = 61 + grace();
    assert_replayed(&store, "first", late).await;
    assert!(matches!(
        rotated(&store, "second", "third", late).await,
        Rotated::Refused
    ));
}

pub async fn until_its_pair_is_handed_out_a_token_can_be_repeated(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    let second = renewed(rotated(&store, "first", "second", 60).await);
    // An outage may last longer than the grace.
    assert_eq!(repeated(&store, "first", 61 + grace()).await, second);
    assert_eq!(repeated(&store, "first", 600).await, second);
    // The token before it can't, however soon.
    renewed(rotated(&store, "second", "third", 700).await);
    assert_replayed(&store, "first", 700).await;
}

pub async fn a_pair_is_noted_as_handed_out_once(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    assert!(
        !handed_out(&store, "first", 10).await,
        "a login is no rotation"
    );
    rotated(&store, "first", "second", 60).await;
    assert!(
        !handed_out(&store, "first", 61).await,
        "not the present pair"
    );
    assert!(handed_out(&store, "second", 62).await);
    assert!(!handed_out(&store, "second", 90).await, "noted before");
    let session = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!(session.rotated_at, at(62));
    store
        .end_session(&id("alice"), session_id(1), moment(91))
        .await
        .unwrap();
    assert!(!handed_out(&store, "second", 92).await, "it has ended");
}

pub async fn a_repeat_after_the_access_token_has_expired_renews_that_and_nothing_else(
    backend: &dyn Backend,
) {
    let store = signed_in(backend).await;
    let second = renewed(rotated(&store, "first", "second", 60).await);
    let late = 60 + 900;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        async move { rotated(&store, "first", &format!("other{number}"), late).await }
    })
    .await;
    let stored = store.session(session_id(1)).await.unwrap().unwrap();
    let access = stored.pair.access.clone();
    assert_ne!(access, second.pair.access);
    let expected = TokenPair {
        access,
        access_csrf: stored.pair.access_csrf.clone(),
        access_issued_at: at(late).as_seconds(),
        access_expires: at(late).as_seconds() + 900,
        fresh_until: stored.pair.fresh_until,
        ..second.pair.clone()
    };
    assert_eq!(
        stored,
        Session {
            pair: expected,
            ..second
        }
    );
    for answer in answers {
        match answer {
            Rotated::Repeated(session) => assert_eq!(session, stored),
            other => panic!("not repeated: {other:?}"),
        }
    }
}

pub async fn the_token_before_the_last_ends_the_session(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    rotated(&store, "first", "second", 60).await;
    rotated(&store, "second", "third", 60).await;
    assert_replayed(&store, "first", 60).await;
}

pub async fn a_token_of_no_pair_ends_the_session(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    assert_replayed(&store, "unknown", 1).await;
}

pub async fn an_ended_session_is_refused(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    store
        .end_session(&id("alice"), session_id(1), moment(1))
        .await
        .unwrap();
    assert!(matches!(
        rotated(&store, "first", "second", 2).await,
        Rotated::Refused
    ));
}

pub async fn a_session_over_by_age_is_refused(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    let idle = i64::try_from(REFRESH_LIFETIME).unwrap();
    assert!(matches!(
        rotated(&store, "first", "second", idle).await,
        Rotated::Refused
    ));
    // It was just in time a second before.
    renewed(rotated(&store, "first", "second", idle - 1).await);
    let end = 90 * 86_400;
    assert!(matches!(
        rotated(&store, "second", "third", end).await,
        Rotated::Refused
    ));
}

pub async fn a_session_of_another_account_is_refused_and_lives_on(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    account(&store, "mallory").await;
    let theirs = rotation("mallory", "first", "second", 1);
    assert!(matches!(
        store.rotate(theirs, moment(1)).await.unwrap(),
        Rotated::Refused
    ));
    renewed(rotated(&store, "first", "second", 2).await);
}

pub async fn an_older_generation_is_refused(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    store
        .change_password(change("alice", 0, "new", None), moment(1))
        .await
        .unwrap();
    // A login that had verified the old password opens its session only now.
    opened(&store, "alice", 1, 2).await;
    assert!(matches!(
        rotated(&store, "first", "second", 3).await,
        Rotated::Refused
    ));
}

pub async fn the_session_that_is_kept_is_renewed(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    let keeping = change("alice", 0, "new", Some(session_id(1)));
    store.change_password(keeping, moment(1)).await.unwrap();
    renewed(rotated(&store, "first", "second", 2).await);
}

pub async fn of_fifty_uses_at_once_one_renews_and_the_others_get_its_pair(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        async move { rotated(&store, "first", &format!("successor{number}"), 60).await }
    })
    .await;
    let (mut renewals, mut pairs) = (0, Vec::new());
    for answer in answers {
        match answer {
            Rotated::Renewed(session) => {
                renewals += 1;
                pairs.push(session.pair);
            }
            Rotated::Repeated(session) => pairs.push(session.pair),
            other => panic!("neither renewed nor repeated: {other:?}"),
        }
    }
    assert_eq!((renewals, pairs.len()), (1, 50));
    assert!(pairs.iter().all(|pair| *pair == pairs[0]));
    let stored = store.session(session_id(1)).await.unwrap().unwrap();
    assert_eq!(stored.pair, pairs[0]);
}

pub async fn of_two_thieves_none_keeps_the_session(backend: &dyn Backend) {
    let store = signed_in(backend).await;
    let listener = Listener::on(&store).await;
    rotated(&store, "first", "second", 60).await;
    handed_out(&store, "second", 60).await;
    // Both come late and at once, one with the spent token and one with the present one.
    let late = 61 + grace();
    let answers = at_once(2, |number| {
        let store = Arc::clone(&store);
        let presented = if number == 0 { "first" } else { "second" };
        async move { rotated(&store, presented, &format!("thief{number}"), late).await }
    })
    .await;
    assert!(
        answers
            .iter()
            .any(|answer| matches!(answer, Rotated::Replayed)),
        "{answers:?}"
    );
    assert!(!exists(&store, 1).await);
    assert!(listener.has(&FeedEntry::Session(session_id(1))));
}

/// Alice, with her first session.
async fn signed_in(backend: &dyn Backend) -> Arc<dyn Storage> {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    store
}

/// An answer with the pair of this refresh token has begun to leave.
pub(super) async fn handed_out(store: &Arc<dyn Storage>, refresh: &str, seconds: i64) -> bool {
    store
        .note_handed_out(session_id(1), token(refresh), at(seconds))
        .await
        .unwrap()
}

/// A use of `presented` repeats the present pair.
async fn repeated(store: &Arc<dyn Storage>, presented: &str, seconds: i64) -> Session {
    match rotated(store, presented, "other", seconds).await {
        Rotated::Repeated(session) => session,
        other => panic!("not repeated: {other:?}"),
    }
}

/// A use of `presented` ends the session, and the feed has it when it is answered.
async fn assert_replayed(store: &Arc<dyn Storage>, presented: &str, seconds: i64) {
    let listener = Listener::on(store).await;
    let answer = rotated(store, presented, "thief", seconds).await;
    assert!(matches!(answer, Rotated::Replayed), "{answer:?}");
    assert!(!exists(store, 1).await);
    assert!(listener.has(&FeedEntry::Session(session_id(1))));
}

fn grace() -> i64 {
    i64::try_from(GRACE.as_secs()).unwrap()
}
