//! Sessions behind a browser's cookie.

use std::sync::Arc;

use model::{Authentication, BrowserCookie, Level, Method, Methods, Session, Timestamp};
use secret::HashedToken;
use storage::Storage;

use super::Backend;
use super::fixtures::{
    LIMIT, REFRESH_LIFETIME, account, at, at_once, change, id, moment, opened, rotated, session,
    session_id,
};

pub async fn a_cookie_leads_to_its_session(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let (two, three) = (browsing(&store, 2, 0).await, browsing(&store, 3, 1).await);
    assert_eq!(found(&store, 2).await, Some(two.clone()));
    assert_eq!(found(&store, 3).await, Some(three));
    assert_eq!(found(&store, 4).await, None);
    assert_eq!(store.session(two.id).await.unwrap(), Some(two));
}

pub async fn a_cookie_leads_nowhere_once_its_session_has_ended(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for number in 1..=4 {
        browsing(&store, number, 0).await;
    }
    let alice = id("alice");
    let ended = store.end_session(&alice, session_id(1), moment(1)).await;
    assert!(ended.unwrap());
    assert_eq!(found(&store, 1).await, None);

    let keeping = change("alice", 0, "new", Some(session_id(2)));
    store.change_password(keeping, moment(2)).await.unwrap();
    assert!(found(&store, 2).await.is_some());
    assert_eq!(found(&store, 3).await, None);

    store.delete_user(&alice, moment(3)).await.unwrap();
    assert_eq!(found(&store, 2).await, None);
}

pub async fn a_session_over_by_age_keeps_its_cookie_until_it_is_swept(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let session = browsing(&store, 1, 0).await;
    let end = at(idle());
    assert!(session.is_over(end));
    assert_eq!(found(&store, 1).await, Some(session));
    while store.sweep(end, 10).await.unwrap() > 0 {}
    assert_eq!(found(&store, 1).await, None);
}

pub async fn a_replaced_cookie_leads_nowhere(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let session = browsing(&store, 1, 0).await;
    assert!(replaced(&store, 1, 1, 9).await);
    let expected = Session {
        browser: Some(cookie(9, 60)),
        ..session
    };
    assert_eq!(found(&store, 9).await, Some(expected));
    assert_eq!(found(&store, 1).await, None);
}

pub async fn only_the_cookie_that_a_session_has_is_replaced(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let bare = opened(&store, "alice", 1, 0).await;
    let (two, three) = (browsing(&store, 2, 0).await, browsing(&store, 3, 0).await);
    assert!(!replaced(&store, 1, 1, 9).await); // it has none
    assert!(!replaced(&store, 2, 3, 9).await); // that is another's
    assert!(!replaced(&store, 4, 4, 9).await); // it isn't there
    for session in [bare, two, three] {
        assert_eq!(store.session(session.id).await.unwrap(), Some(session));
    }
    let alice = id("alice");
    let ended = store.end_session(&alice, session_id(2), moment(1)).await;
    assert!(ended.unwrap());
    assert!(!replaced(&store, 2, 2, 9).await);
}

pub async fn of_fifty_that_replace_a_cookie_at_once_one_does(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    browsing(&store, 1, 0).await;
    let answers = at_once(50, |number| {
        let store = Arc::clone(&store);
        let cookie = 100 + number;
        async move { replaced(&store, 1, 1, cookie).await.then_some(cookie) }
    })
    .await;
    let winners: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert!(found(&store, winners[0]).await.is_some());
}

pub async fn a_use_moves_the_end_of_an_unused_session_on(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let session = browsing(&store, 1, 0).await;
    assert!(touched(&store, 1, 5000).await);
    let mut expected = session.clone();
    expected.last_used_at = at(5000);
    expected.pair.refresh_expires = at(5000 + idle()).as_seconds();
    assert_eq!(found(&store, 1).await, Some(expected.clone()));
    // Listed and swept by the new end.
    let listed = store.sessions_of(&id("alice"), at(idle() + 1)).await;
    assert_eq!(listed.unwrap(), [expected.clone()]);
    store.sweep(at(idle() + 1), 10).await.unwrap();
    assert_eq!(found(&store, 1).await, Some(expected));
}

pub async fn a_use_never_shortens_a_session(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    browsing(&store, 1, 0).await;
    assert!(touched(&store, 1, 5000).await);
    let before = found(&store, 1).await;
    assert!(touched(&store, 1, 4000).await); // it was overtaken
    assert_eq!(found(&store, 1).await, before);
}

pub async fn a_use_moves_no_session_beyond_its_own_end(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let short = Session {
        expires_at: at(100),
        browser: Some(cookie(1, 60)),
        ..session("alice", 1, 0)
    };
    store.open_session(short, LIMIT, moment(0)).await.unwrap();
    assert!(touched(&store, 1, 99).await);
    let alice = id("alice");
    assert_eq!(store.sessions_of(&alice, at(99)).await.unwrap().len(), 1);
    assert!(store.sessions_of(&alice, at(100)).await.unwrap().is_empty());
}

pub async fn a_use_wakes_no_session_that_is_over(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    let over = browsing(&store, 1, 0).await;
    let bare = opened(&store, "alice", 2, 0).await;
    assert!(!touched(&store, 1, idle()).await);
    assert!(!touched(&store, 2, 1).await); // no browser uses it
    assert!(!touched(&store, 3, 1).await); // it isn't there
    assert_eq!(found(&store, 1).await, Some(over));
    assert_eq!(store.session(bare.id).await.unwrap(), Some(bare));
}

pub async fn a_rotation_leaves_the_cookie_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    browsing(&store, 1, 0).await;
    rotated(&store, "first", "second", 60).await;
    let session = found(&store, 1).await.unwrap();
    assert_eq!(session.browser, Some(cookie(1, 60)));
    assert_eq!(session.rotated_at, at(60));
}

/// The `number`th cookie, given for a proof so many seconds after the start: one that no default gives.
fn cookie(number: u32, seconds: i64) -> BrowserCookie {
    BrowserCookie {
        hash: hash(number),
        authentication: Authentication {
            methods: Methods::default().with(Method::HardwareKey),
            level: Level::Two,
            at: at(seconds),
        },
    }
}

fn hash(number: u32) -> HashedToken {
    let mut bytes = [7; 32];
    bytes[28..].copy_from_slice(&number.to_be_bytes());
    HashedToken::from_bytes(bytes)
}

/// Opens the `number`th session of alice behind the `number`th cookie.
async fn browsing(store: &Arc<dyn Storage>, number: u32, seconds: i64) -> Session {
    let session = Session {
        browser: Some(cookie(number, 60)),
        ..session("alice", number, seconds)
    };
    let opening = store.open_session(session.clone(), LIMIT, moment(seconds));
    opening.await.unwrap();
    session
}

async fn found(store: &Arc<dyn Storage>, number: u32) -> Option<Session> {
    store.session_by_cookie(hash(number)).await.unwrap()
}

async fn replaced(store: &Arc<dyn Storage>, session: u32, old: u32, new: u32) -> bool {
    let new = cookie(new, 60);
    let replacing = store.replace_cookie(session_id(session), hash(old), new);
    replacing.await.unwrap()
}

/// Notes a use so many seconds after the start.
async fn touched(store: &Arc<dyn Storage>, number: u32, seconds: i64) -> bool {
    let (now, id): (Timestamp, _) = (at(seconds), session_id(number));
    let session = store.session(id).await.unwrap();
    let cap = session.map_or(u64::MAX, |session| session.expires_at.as_seconds());
    let until = at(seconds + idle()).as_seconds().min(cap);
    store.touch_session(id, now, until).await.unwrap()
}

fn idle() -> i64 {
    i64::try_from(REFRESH_LIFETIME).unwrap()
}
