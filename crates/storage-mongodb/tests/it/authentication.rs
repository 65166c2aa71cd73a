//! What sessions say of how their owner has proven who they are, between nodes of this version and of the one
//! before, which knew passwords only and until when they are fresh.

use model::{Authentication, BrowserCookie, Session, Timestamp};
use mongodb::bson::{DateTime, Document, doc};
use secret::HashedToken;
use storage::{Sessions as _, Users as _};

use crate::people::{NOW, moment, new_user, session, session_id};
use crate::server::{Scratch, scratch};

const PROVEN: Timestamp = Timestamp::from_millis(NOW.as_millis() + 7_250);

fn browsing(owner: &model::UserId) -> Session {
    Session {
        browser: Some(BrowserCookie {
            hash: HashedToken::from_bytes([7; 32]),
            authentication: Authentication::by_password(PROVEN),
        }),
        ..session(owner, 1)
    }
}

async fn change(database: &Scratch, update: Document) {
    let sessions = database.collection("portcullis_sessions");
    let updated = sessions.update_one(doc! {}, update).await.unwrap();
    assert_eq!(updated.modified_count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_the_version_before_rests_on_the_password_that_opened_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    let expected = browsing(&alice);
    let opening = node.open_session(expected.clone(), 100, moment());
    opening.await.unwrap();
    let bare = doc! { "$unset": { "authentication": "", "browser.authentication": "" } };
    change(&database, bare).await;
    assert_eq!(node.session(session_id(1)).await.unwrap(), Some(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_version_before_reads_until_when_a_cookie_is_fresh_and_may_replace_it() {
    let Some(database) = scratch().await else {
        return;
    };
    let node = database.node().await;
    let alice = node.create_user(new_user("alice")).await.unwrap().id;
    let opening = node.open_session(browsing(&alice), 100, moment());
    opening.await.unwrap();
    let sessions = database.collection("portcullis_sessions");
    let found = sessions.find_one(doc! {}).await.unwrap().unwrap();
    let until = DateTime::from_millis(PROVEN.as_millis() + 600_000);
    let cookie = found.get_document("browser").unwrap();
    assert_eq!(cookie.get_datetime("fresh_until").unwrap(), &until);

    let hash = "08".repeat(32);
    let later = DateTime::from_millis(PROVEN.as_millis() + 660_000);
    let replaced = doc! { "browser": { "hash": hash, "fresh_until": later } };
    change(&database, doc! { "$set": replaced }).await;
    let read = node.session(session_id(1)).await.unwrap().unwrap();
    let proven = Timestamp::from_millis(PROVEN.as_millis() + 60_000);
    let expected = BrowserCookie {
        hash: HashedToken::from_bytes([8; 32]),
        authentication: Authentication::by_password(proven),
    };
    assert_eq!(read.browser, Some(expected));
}
