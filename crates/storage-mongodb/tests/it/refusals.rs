//! What a node makes sure of before a refresh token ends a session, or is refused.

use std::sync::Arc;
use std::time::Duration;

use faulty_network::Proxy;
use model::{SystemRng, TokenId, TokenPair};
use storage::{Moment, Rotated, Rotation, Sessions as _, Users as _};
use storage_mongodb::{MongoStore, MongoUri, Options};

use crate::ears::PATIENCE;
use crate::people::{NOW, id, moment, new_user, session, session_id};
use crate::server::{Scratch, scratch};

/// A use of a token of the first session of alice, so many seconds later.
async fn rotated(node: &MongoStore, presented: &str, successor: &str, seconds: u64) -> Rotated {
    let now = NOW.plus(Duration::from_secs(seconds));
    let pair = session(&id("id-of-alice"), 1).pair;
    let rotation = Rotation {
        user: id("id-of-alice"),
        session: session_id(1),
        presented: TokenId::from_stored(presented),
        successor: TokenPair {
            access: TokenId::from_stored(format!("{successor}-access")),
            refresh: TokenId::from_stored(successor),
            access_issued_at: now.as_seconds(),
            access_expires: now.as_seconds() + 900,
            ..pair
        },
        grace: Duration::from_secs(10),
        client: model::ClientInfo::default(),
    };
    node.rotate(rotation, Moment { now, ..moment() })
        .await
        .unwrap()
}

/// Alice with a session, on a node behind a network that is overheard; nobody listens there, so that the node
/// writes no heartbeat unless it is asked for something.
async fn alice() -> Option<(Scratch, Arc<MongoStore>, Proxy)> {
    let database = scratch().await?;
    let proxy = Proxy::before(&database.uri).await?;
    let options = Options::new(&SystemRng).with_deadline(PATIENCE / 2);
    let node = MongoStore::open(&MongoUri::parse(&*proxy.uri).unwrap(), options)
        .await
        .unwrap();
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    let opened = node.open_session(session(&alice, 1), 100, moment()).await;
    opened.unwrap();
    Some((database, node, proxy))
}

fn heartbeats(proxy: &Proxy) -> usize {
    proxy.commands("findAndModify", "portcullis_meta").len()
}

/// What a deposed primary has may be older than the sign-in or the rotation that a client comes from.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_neither_ended_nor_refused_by_what_no_majority_has_confirmed() {
    let Some((_database, node, proxy)) = alice().await else {
        return;
    };
    let before = heartbeats(&proxy);
    assert!(matches!(
        rotated(&node, "r", "r2", 1).await,
        Rotated::Renewed(_)
    ));
    assert_eq!(heartbeats(&proxy), before, "its own write is confirmed");

    assert!(matches!(
        rotated(&node, "unknown", "r3", 2).await,
        Rotated::Replayed
    ));
    assert_eq!(heartbeats(&proxy), before + 1);
    assert!(matches!(
        rotated(&node, "r2", "r3", 3).await,
        Rotated::Refused
    ));
    assert_eq!(heartbeats(&proxy), before + 2);
}

/// The pair may be noted as handed out between the reading and the writing of a repeat.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_that_renews_the_access_token_writes_nothing_else() {
    let Some((_database, node, proxy)) = alice().await else {
        return;
    };
    rotated(&node, "r", "r2", 1).await;
    let updates = proxy.commands("update", "portcullis_sessions").len();
    assert!(matches!(
        rotated(&node, "r", "r3", 901).await,
        Rotated::Repeated(_)
    ));
    let updates = proxy
        .commands("update", "portcullis_sessions")
        .split_off(updates);
    assert_eq!(updates.len(), 1, "{updates:?}");
    let update = updates[0].get_array("updates").unwrap()[0].as_document();
    let set = update
        .unwrap()
        .get_document("u")
        .unwrap()
        .get_document("$set");
    for field in set.unwrap().keys() {
        let of_the_access_token = field.starts_with("pair.access") || field == "pair.fresh_until";
        assert!(of_the_access_token, "{field}");
    }
}
