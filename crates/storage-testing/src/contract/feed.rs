//! The feed.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use model::Generation;
use storage::{
    Effect, FeedEntry, FeedRow, FeedSink, Notice, PasswordChanged, ProfileChange, Rotated,
};

use super::Backend;
use super::fixtures::{
    account, at, at_once, change, email, exists, id, moment, opened, rotated, session_id, token,
    username,
};
use super::listener::{Listener, PATIENCE};

pub async fn each_change_is_heard_before_it_is_answered(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    for number in 1..=4 {
        opened(&store, "alice", number, i64::from(number)).await;
    }
    let listener = Listener::on(&store).await;

    let profile = ProfileChange {
        username: Some(username("alicia")),
        email: None,
    };
    store
        .change_profile(&id("alice"), profile, moment(10))
        .await
        .unwrap();
    assert_heard(&listener, FeedEntry::Changed(id("alice")), 10);

    store
        .end_session(&id("alice"), session_id(2), moment(20))
        .await
        .unwrap();
    assert_heard(&listener, FeedEntry::Session(session_id(2)), 20);

    store
        .end_other_sessions(&id("alice"), session_id(1), moment(30))
        .await
        .unwrap();
    assert_heard(&listener, FeedEntry::Session(session_id(3)), 30);
    opened(&store, "alice", 5, 31).await;

    let keep = Some(session_id(1));
    store
        .change_password(change("alice", 0, "new", keep), moment(40))
        .await
        .unwrap();
    let entry = FeedEntry::Generation {
        user: id("alice"),
        minimum: Generation(1),
        keep,
    };
    assert_heard(&listener, entry, 40);

    assert!(matches!(
        rotated(&store, "stolen", "thief", 50).await,
        Rotated::Replayed
    ));
    assert_heard(&listener, FeedEntry::Session(session_id(1)), 50);

    store.delete_user(&id("alice"), moment(60)).await.unwrap();
    assert_heard(&listener, FeedEntry::Closed(id("alice")), 60);

    store.append(vec![row(1, 1300)]).await.unwrap();
    assert_heard(&listener, FeedEntry::Token(token("1")), 100);
}

pub async fn what_changes_nothing_is_not_heard(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    let before = listener.take();
    assert_eq!(before, []);

    let taken = ProfileChange {
        username: Some(username("bob")),
        email: None,
    };
    assert!(
        store
            .change_profile(&id("alice"), taken, moment(1))
            .await
            .is_err()
    );
    let taken = ProfileChange {
        username: None,
        email: Some(email("bob@example.org")),
    };
    assert!(
        store
            .change_profile(&id("alice"), taken, moment(1))
            .await
            .is_err()
    );
    let superseded = store
        .change_password(change("alice", 5, "new", None), moment(1))
        .await;
    assert_eq!(superseded.unwrap(), PasswordChanged::Superseded);
    store.delete_user(&id("nobody"), moment(1)).await.unwrap();
    rotated(&store, "first", "second", 1).await;
    rotated(&store, "first", "third", 1).await;
    opened(&store, "alice", 2, 1).await;
    assert_eq!(listener.take(), []);
}

pub async fn appended_rows_are_heard_in_their_order(backend: &dyn Backend) {
    let store = backend.open().await;
    let listener = Listener::on(&store).await;
    let rows: Vec<_> = (0..100).map(|number| row(number, 1200)).collect();
    store.append(rows.clone()).await.unwrap();
    assert_eq!(in_order(listener.take()), rows);
    assert_eq!(in_order(Listener::on(&store).await.take()), rows);
}

pub async fn a_new_listener_hears_what_has_not_run_out(backend: &dyn Backend) {
    let store = backend.open().await;
    store
        .append(vec![row(1, 100), row(2, 101), row(3, 50), row(4, 200)])
        .await
        .unwrap();
    let listener = Listener::at(&store, 100).await;
    let mut heard = in_order(listener.take());
    heard.retain(|row| row.until > at(100)); // a shared store gives what has run out, too
    assert_eq!(heard, [row(2, 101), row(4, 200)]);
    store.append(vec![row(5, 300)]).await.unwrap();
    assert!(listener.has(&FeedEntry::Token(token("5"))));
}

pub async fn a_new_listener_hears_what_is_told_while_it_is_added(backend: &dyn Backend) {
    let store = backend.open().await;
    let late = Listener::deaf();
    let sink = Arc::clone(&late) as Arc<dyn FeedSink>;
    let following = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.follow(at(0), sink).await.unwrap() })
    };
    at_once(200, |number| {
        let store = Arc::clone(&store);
        async move { store.append(vec![row(number, 1200)]).await.unwrap() }
    })
    .await;
    following.await.unwrap();
    for number in 0..200 {
        assert!(late.has(&row(number, 1200).entry), "{number}");
    }
}

pub async fn each_listener_hears_everything(backend: &dyn Backend) {
    let store = backend.open().await;
    let one = Listener::on(&store).await;
    store.append(vec![row(1, 1200)]).await.unwrap();
    let other = Listener::on(&store).await;
    store.append(vec![row(2, 1200)]).await.unwrap();
    for listener in [one, other] {
        assert!(listener.has(&row(1, 0).entry) && listener.has(&row(2, 0).entry));
    }
}

pub async fn what_is_written_beside_is_heard(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    let beside = backend.beside().await;

    beside
        .end_session(&id("alice"), session_id(1), moment(1))
        .await
        .unwrap();
    listener.hears(&FeedEntry::Session(session_id(1))).await;
    assert!(!exists(&store, 1).await);
    // Those that come in between, from here and from there, are heard as well.
    for number in 10..30 {
        let writer = if number % 2 == 0 { &store } else { &beside };
        writer.append(vec![row(number, 1200)]).await.unwrap();
    }
    for number in 10..30 {
        listener.hears(&row(number, 0).entry).await;
    }
    beside.delete_user(&id("alice"), moment(2)).await.unwrap();
    listener.hears(&FeedEntry::Closed(id("alice"))).await;
    beside.close().await;
}

pub async fn a_listener_is_told_that_the_store_was_heard(backend: &dyn Backend) {
    let store = backend.open().await;
    let listener = Listener::on(&store).await;
    for number in 0..3 {
        // A write may be what makes it hear; none is needed where it looks by itself.
        let append = store.append(vec![row(number, 1200)]);
        let ((), written) = tokio::join!(listener.hears_the_store(), append);
        written.unwrap();
    }
}

pub async fn a_change_that_nobody_waits_for_is_made_and_heard(backend: &dyn Backend) {
    let store = backend.open().await;
    account(&store, "alice").await;
    opened(&store, "alice", 1, 0).await;
    let listener = Listener::on(&store).await;
    {
        let alice = id("alice");
        let mut ending = store.end_session(&alice, session_id(1), moment(1));
        poll_fn(|context| {
            let _ = ending.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    listener.hears(&FeedEntry::Session(session_id(1))).await;
    // The rest of it follows, whoever waits.
    let gone = async {
        while exists(&store, 1).await {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, gone).await;
    in_time.expect("the session goes in time");
}

pub async fn a_notice_is_heard_by_its_effect(backend: &dyn Backend) {
    let store = backend.open().await;
    let listener = Listener::on(&store).await;
    let effects = [
        Effect::RefuseToken(token("t")),
        Effect::RefuseSession(session_id(1)),
        Effect::RefuseUser(id("alice")),
        Effect::Forget(id("bob")),
        Effect::Ignore,
    ];
    let rows = effects.iter().map(|effect| FeedRow {
        entry: FeedEntry::Notice(Notice {
            kind: "of_a_later_version".to_owned(),
            effect: effect.clone(),
            detail: Some("{\"more\":1}".to_owned()),
        }),
        until: at(1200),
    });
    store.append(rows.collect()).await.unwrap();
    // One that comes later hears what is written, which may be said in the words of the version before.
    for heard in [listener, Listener::on(&store).await] {
        let heard = heard.take();
        for effect in &effects {
            let is_heard = heard.iter().any(|row| row.entry.effect() == *effect);
            assert!(is_heard || *effect == Effect::Ignore, "{effect:?}");
        }
    }
}

fn row(number: u32, until: i64) -> FeedRow {
    FeedRow {
        entry: FeedEntry::Token(token(&number.to_string())),
        until: at(until),
    }
}

/// The rows without repetitions, which are allowed.
fn in_order(rows: Vec<FeedRow>) -> Vec<FeedRow> {
    let mut once = Vec::new();
    for row in rows {
        if !once.contains(&row) {
            once.push(row);
        }
    }
    once
}

fn assert_heard(listener: &Listener, entry: FeedEntry, seconds: i64) {
    let rows = listener.take();
    let expected = FeedRow {
        entry,
        until: at(seconds + 1200),
    };
    assert!(rows.contains(&expected), "{expected:?} in {rows:?}");
}
