//! Rows of the feed of kinds that only a later version knows.

use std::sync::{Arc, Mutex};

use model::TokenId;
use storage::{Effect, Feed as _, FeedEntry, FeedRow, FeedSink, Notice, Upkeep as _};

use crate::unreadable::{NOW, Tampered, id};

const SESSION: &str = "01890000-0000-7000-8000-000000000001";

#[derive(Default)]
struct Ears(Mutex<Vec<FeedEntry>>);

impl FeedSink for Ears {
    fn apply(&self, rows: &[FeedRow]) {
        let entries = rows.iter().map(|row| row.entry.clone());
        self.0.lock().unwrap().extend(entries);
    }

    fn asked(&self) -> u64 {
        0
    }

    fn heard(&self, _: u64) {}
}

#[tokio::test]
async fn an_entry_of_an_unknown_kind_is_taken_in_by_its_effect() {
    let tampered = Tampered::with("DELETE FROM feed").await;
    let until = NOW.as_millis() + 1;
    tampered.tamper(&format!(
        "INSERT INTO feed (kind, effect, concerns, subject, detail, until) VALUES
         ('toy', 'refuse', 'token', 't', 'more', {until}),
         ('toy', 'refuse', 'session', '{SESSION}', 'more', {until}),
         ('toy', 'refuse', 'user', 'u-1', 'more', {until}),
         ('toy', 'forget', 'user', 'u-1', 'more', {until}),
         ('toy', 'ignore', NULL, '', 'more', {until})"
    ));
    let ears = Arc::new(Ears::default());
    let sink = Arc::clone(&ears) as Arc<dyn FeedSink>;
    tampered.store.follow(NOW, sink).await.unwrap();
    let effects = [
        Effect::RefuseToken(TokenId::from_stored("t")),
        Effect::RefuseSession(model::SessionId::parse(SESSION).unwrap()),
        Effect::RefuseUser(id()),
        Effect::Forget(id()),
        Effect::Ignore,
    ];
    let expected = effects.map(|effect| {
        FeedEntry::Notice(Notice {
            kind: "toy".to_owned(),
            effect,
            detail: Some("more".to_owned()),
        })
    });
    assert_eq!(*ears.0.lock().unwrap(), expected);
    tampered.store.close().await;
}
