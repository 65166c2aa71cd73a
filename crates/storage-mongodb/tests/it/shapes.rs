//! Documents in shapes that other applications, and people at a shell, have written.

use std::collections::BTreeMap;

use model::{Credentials, Timestamp, User};
use mongodb::Collection;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{Binary, Bson, DateTime, Document, doc};
use storage::{Error, ProfileChange, SaveUserError, UniqueField, Upkeep as _, Users as _};

use crate::flask::{WERKZEUG, meant};
use crate::people::{HASH, NOW, id, moment, new_user, typed};
use crate::server::{Scratch, scratch};

/// What Python's driver makes of bytes.
fn bytes(text: &str) -> Bson {
    Bson::Binary(Binary {
        subtype: BinarySubtype::Generic,
        bytes: text.as_bytes().to_vec(),
    })
}

/// An account as an application writes it, with `other` fields in place of or beside the usual ones.
pub(crate) async fn write(users: &Collection<Document>, account: impl Into<Bson>, other: Document) {
    let account = account.into();
    let mut user = doc! { "_id": account, "password_hash": WERKZEUG };
    user.extend(other);
    users.insert_one(user).await.unwrap();
}

/// The account `u-1` of a database with that account only.
async fn read(other: Document) -> Option<(Scratch, User, String)> {
    let database = scratch().await?;
    let mut document = doc! { "username": "alice", "email": "alice@example.org" };
    document.extend(other);
    write(&database.collection("users"), "u-1", document).await;
    let node = database.node().await;
    let Credentials { user, hash } = node.credentials(&id("u-1")).await.unwrap().unwrap();
    node.close().await;
    Some((database, user, hash.expose().to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_harmless_in_another_shape_is_read() {
    for (other, name, email) in [
        (
            doc! { "username": 1984 },
            Some("1984"),
            Some("alice@example.org"),
        ),
        (
            doc! { "username": 1984_i64 },
            Some("1984"),
            Some("alice@example.org"),
        ),
        (
            doc! { "username": 1984.0 },
            Some("1984"),
            Some("alice@example.org"),
        ),
        (
            doc! { "username": Bson::Null },
            None,
            Some("alice@example.org"),
        ),
        (doc! { "username": "" }, None, Some("alice@example.org")),
        (doc! { "email": Bson::Null }, Some("alice"), None),
        (doc! { "email": "" }, Some("alice"), None),
        (doc! { "email": Bson::Undefined }, Some("alice"), None),
    ] {
        let Some((_database, user, _)) = read(other.clone()).await else {
            return;
        };
        assert_eq!(user.username.as_deref(), name, "{other}");
        assert_eq!(user.email.as_deref(), email, "{other}");
    }
    for value in [
        Bson::Int32(1),
        Bson::from("yes"),
        Bson::from("true"),
        Bson::Null,
    ] {
        let Some((_database, user, _)) = read(doc! { "email_verified": value.clone() }).await
        else {
            return;
        };
        assert!(!user.email_verified, "only true verifies: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_is_read_however_it_was_written_and_is_no_reason_to_refuse_anybody() {
    let seconds = 1_700_000_000_i64;
    for (value, expected) in [
        (
            Bson::DateTime(DateTime::from_millis(seconds * 1000)),
            seconds,
        ),
        (Bson::from("2023-11-14T22:13:20.000000"), seconds),
        (Bson::from(1_700_000_000.0), seconds),
        (Bson::from(seconds * 1000), seconds),
        (Bson::from("once upon a time"), 0),
        (Bson::Null, 0),
    ] {
        let Some((_database, user, _)) = read(doc! { "created_at": value.clone() }).await else {
            return;
        };
        let expected = Timestamp::from_seconds(expected);
        assert_eq!(
            (user.created_at, user.updated_at),
            (expected, expected),
            "{value}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_in_bytes_is_a_hash_and_is_upgraded() {
    let Some((database, _, hash)) = read(doc! { "password_hash": bytes(WERKZEUG) }).await else {
        return;
    };
    assert_eq!(hash, WERKZEUG);
    let node = database.node().await;
    let kinds = [("pbkdf2:sha256:1000".to_owned(), 1)];
    assert_eq!(node.hash_kinds().await.unwrap(), kinds);
    let (other, own) = ("another".into(), WERKZEUG.into());
    let upgrade = async |from| node.upgrade_hash(&id("u-1"), from, &HASH.into()).await;
    assert!(!upgrade(&other).await.unwrap());
    assert!(upgrade(&own).await.unwrap());
    let found = node.credentials(&id("u-1")).await.unwrap().unwrap();
    assert_eq!(found.hash.expose(), HASH);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_hash_is_one_that_nobody_can_sign_in_to() {
    for value in [
        Bson::Null,
        Bson::from(7),
        bytes("x").clone(),
        Bson::from(Vec::<Bson>::new()),
    ] {
        let Some((database, _, hash)) = read(doc! { "password_hash": value.clone() }).await else {
            return;
        };
        assert!(
            password::PasswordHash::from(hash).kind().is_err(),
            "{value}"
        );
        let node = database.node().await;
        let found = node.examine().await.unwrap();
        assert_eq!(found.without_hash(), ["u-1"], "{value}");
        assert!(node.hash_kinds().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_without_a_name_or_an_address_share_nothing() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    write(&users, "u-1", doc! { "username": "alice" }).await;
    write(
        &users,
        "u-2",
        doc! { "username": "bob", "email": Bson::Null },
    )
    .await;
    write(&users, "u-3", doc! { "email": "carol@example.org" }).await;
    write(
        &users,
        "u-4",
        doc! { "username": Bson::Null, "email": "dave@example.org" },
    )
    .await;
    write(&users, "u-5", doc! {}).await;
    let node = database.node().await;
    assert_eq!(node.clashes().await.unwrap(), []);
    for (text, expected) in [
        ("alice", Some("u-1")),
        ("BOB", Some("u-2")),
        ("carol@example.org", Some("u-3")),
        ("dave@EXAMPLE.org", Some("u-4")),
        ("", None),
        ("null", None),
    ] {
        assert_eq!(meant(&node, text).await.as_deref(), expected, "{text}");
    }
    assert_eq!(
        node.user(&id("u-5")).await.unwrap().unwrap().display_name(),
        "u-5"
    );
    let change = ProfileChange {
        username: Some(model::Username::parse("carol").unwrap()),
        email: None,
    };
    let carol = node
        .change_profile(&id("u-3"), change, moment())
        .await
        .unwrap();
    assert_eq!(carol.unwrap().username.as_deref(), Some("carol"));
    assert_eq!(meant(&node, "CAROL").await.as_deref(), Some("u-3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_a_number_signs_in_and_is_taken() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    let node = database.node().await;
    // Before it is looked at, and after.
    for number in [1984, 1985] {
        write(&users, format!("u-{number}"), doc! { "username": number }).await;
        let expected = format!("u-{number}");
        let name = number.to_string();
        assert_eq!(meant(&node, &name).await, Some(expected.clone()));
        let other = database.node().await;
        assert_eq!(meant(&other, &name).await, Some(expected));
        let taken = other.create_user(new_user(&name)).await;
        assert!(matches!(
            taken,
            Err(SaveUserError::Taken(UniqueField::Username))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_another_application_switched_off_is_disabled() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    for (account, switch) in [
        ("u-0", doc! {}),
        ("u-1", doc! { "is_active": false }),
        ("u-2", doc! { "active": 0 }),
        ("u-3", doc! { "isBlocked": true }),
        ("u-4", doc! { "enabled": true, "banned": true }),
        (
            "u-5",
            doc! { "is_active": true, "locked": false, "deleted": Bson::Null },
        ),
    ] {
        write(&users, account, switch).await;
    }
    let node = database.node().await;
    let mut disabled = Vec::new();
    for number in 0..=5 {
        let user = node
            .user(&id(&format!("u-{number}")))
            .await
            .unwrap()
            .unwrap();
        disabled.push(user.disabled);
    }
    assert_eq!(disabled, [false, true, true, true, true, false]);
    // It can be switched on again.
    let update = doc! { "$set": { "is_active": true } };
    users
        .update_one(doc! { "_id": "u-1" }, update)
        .await
        .unwrap();
    assert!(!node.user(&id("u-1")).await.unwrap().unwrap().disabled);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_a_switch_is_named_with_a_count() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    for (account, fields) in [
        (
            "u-1",
            doc! { "is_active": false, "approved": false, "status": "banned" },
        ),
        (
            "u-2",
            doc! { "is_active": false, "approved": true, "is_admin": true },
        ),
        ("u-3", doc! { "banned": true, "deleted_at": Bson::Null }),
        (
            "u-4",
            doc! { "deleted_at": DateTime::from_millis(NOW.as_millis()) },
        ),
    ] {
        write(&users, account, fields).await;
    }
    let found = database.node().await.examine().await.unwrap();
    let counts = |counts: &[(&str, u64)]| -> BTreeMap<String, u64> {
        let own = |(name, count): &(&str, u64)| ((*name).to_owned(), *count);
        counts.iter().map(own).collect()
    };
    assert_eq!(
        found.switched_off(),
        &counts(&[("is_active", 2), ("banned", 1)])
    );
    let unknown = counts(&[("approved", 2), ("status", 1), ("deleted_at", 1)]);
    assert_eq!(found.unknown_switches(), &unknown);
    assert_eq!(found.unreadable(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generation_of_another_application_hinders_no_start() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    for account in ["u-1", "u-2"] {
        let other = doc! { "username": "alice", "generation": "x" };
        write(&users, account, other).await;
    }
    let node = database.node().await;
    assert_eq!(node.examine().await.unwrap().unreadable().len(), 2);
    assert_eq!(node.clashes().await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_holds_an_operator_or_a_pattern_is_compared_and_not_followed() {
    let Some(database) = scratch().await else {
        return;
    };
    let users = database.collection("users");
    let pattern = Bson::RegularExpression(mongodb::bson::Regex {
        pattern: mongodb::bson::raw::CString::try_from(".*").unwrap(),
        options: mongodb::bson::raw::CString::try_from("").unwrap(),
    });
    write(
        &users,
        "u-1",
        doc! { "username": "alice", "email": pattern },
    )
    .await;
    write(
        &users,
        "u-2",
        doc! { "username": "bob", "email": { "a": { "b": 1 } } },
    )
    .await;
    let operator = doc! { "username": "carol", "email": { "$gt": "" } };
    write(&users, "u-3", operator).await;
    let within = Bson::from(vec![Bson::Undefined, Bson::Null]);
    write(&users, "u-4", doc! { "username": "dave", "email": within }).await;
    let node = database.node().await;
    for name in ["alice", "bob", "carol", "dave"] {
        let answer = node.credentials_by_login(&typed(name)).await;
        assert!(
            matches!(answer, Err(Error::UnreadableAccount { .. })),
            "{name}"
        );
    }
    let looked_at = doc! { "username_key": { "$type": "string" } };
    assert_eq!(users.count_documents(looked_at).await.unwrap(), 4);
}
