//! How many changes a second reach the disk, alone and in groups.
//!
//! ```sh
//! cargo run --profile dist -p portcullis-storage-sqlite --example group_commit -- [folder]
//! ```
//!
//! The folder decides what is measured: memory, such as `/tmp` may be, syncs faster than a disk.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    Authentication, ClientInfo, EmailAddress, Generation, Session, SessionId, SystemRng, Timestamp,
    TokenId, TokenPair, UserId, Username,
};
use password::PasswordHash;
use storage::{Moment, NewUser, Rotated, Rotation, Sessions as _, Upkeep as _, Users as _};
use storage_sqlite::{Options, Role, SqliteStore};
use tokio::task::JoinSet;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const MOMENT: Moment = Moment {
    now: NOW,
    feed_until: NOW,
};

/// Changes for each measurement.
const CHANGES: u32 = 6_400;

#[tokio::main]
#[expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement for a person"
)]
async fn main() {
    let parent = std::env::args_os()
        .nth(1)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let folder = tempfile::tempdir_in(parent).unwrap();
    let path = folder.path().join("portcullis.db");
    let store = SqliteStore::open(&path, &Options::new(Role::Server, NOW)).unwrap();
    let user = UserId::parse("u-1").unwrap();
    let new = NewUser {
        id: user.clone(),
        username: Username::parse("alice").unwrap(),
        email: EmailAddress::parse("alice@example.org").unwrap(),
        email_verified: false,
        hash: PasswordHash::from("none"),
        now: NOW,
    };
    store.create_user(new).await.unwrap();
    for callers in [1, 8, 32, 64, 256] {
        let rate = refreshes(&store, &user, callers).await;
        println!("{callers:>4} at once: {rate:>7.0} refreshes/s, each durable");
    }
    let started = now();
    for _ in 0..CHANGES {
        store.credentials(&user).await.unwrap();
    }
    println!("   1 at once: {:>7.0} reads/s", rate(CHANGES, started));
    store.close().await;
}

/// Refreshes by so many callers at once, each with a session of its own.
#[expect(clippy::unwrap_used, clippy::panic, reason = "a measurement")]
async fn refreshes(store: &Arc<SqliteStore>, user: &UserId, callers: u32) -> f64 {
    let mut sessions = Vec::new();
    for _ in 0..callers {
        let session = session(user);
        store
            .open_session(session.clone(), 1000, MOMENT)
            .await
            .unwrap();
        sessions.push(session);
    }
    let each = CHANGES / callers;
    let started = now();
    let mut calls = JoinSet::new();
    for mut session in sessions {
        let store = Arc::clone(store);
        calls.spawn(async move {
            for _ in 0..each {
                match store.rotate(rotation(&session), MOMENT).await {
                    Ok(Rotated::Renewed(renewed)) => session = renewed,
                    other => panic!("{other:?}"),
                }
            }
        });
    }
    calls.join_all().await;
    rate(each * callers, started)
}

fn session(user: &UserId) -> Session {
    Session {
        id: SessionId::new(NOW, &SystemRng),
        user: user.clone(),
        generation: Generation(0),
        authentication: Authentication::by_password(NOW),
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(7_776_000)),
        client: ClientInfo {
            address: "192.0.2.1".to_owned(),
            agent: "Mozilla/5.0".repeat(10),
        },
        pair: pair(),
        previous: None,
        rotated_at: NOW,
        handing: None,
        browser: None,
    }
}

fn pair() -> TokenPair {
    let issued_at = NOW.as_seconds();
    TokenPair {
        access: TokenId::new(&SystemRng),
        refresh: TokenId::new(&SystemRng),
        access_csrf: TokenId::new(&SystemRng).to_string(),
        refresh_csrf: TokenId::new(&SystemRng).to_string(),
        issued_at,
        access_issued_at: issued_at,
        access_expires: issued_at + 900,
        refresh_expires: issued_at + 2_592_000,
        fresh_until: None,
    }
}

fn rotation(session: &Session) -> Rotation {
    Rotation {
        user: session.user.clone(),
        session: session.id,
        presented: session.pair.refresh.clone(),
        successor: pair(),
        grace: Duration::from_secs(10),
        client: session.client.clone(),
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn rate(changes: u32, started: Instant) -> f64 {
    f64::from(changes) / started.elapsed().as_secs_f64()
}
