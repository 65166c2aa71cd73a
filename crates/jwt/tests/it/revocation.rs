//! What the set of revocations promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jwt::revocation::{Entry, RevocationSet, Revoked, Staleness};
use jwt::{Algorithm, Authority, Claims, SigningKey, TokenError};
use proptest::prelude::*;

const NOW: u64 = 1_700_000_000;
const LATER: u64 = NOW + 1200;
const JTI: &str = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";

fn claims() -> Claims {
    Claims::access("alice", JTI, NOW, 900).with_session("s1", 7)
}

fn add(set: &RevocationSet, subject: Revoked) {
    set.add(&Entry {
        subject,
        expires: LATER,
    });
}

fn user(min_gen: u64, keep: Option<&str>) -> Revoked {
    Revoked::User {
        id: "alice".to_owned(),
        min_gen,
        keep: keep.map(str::to_owned),
    }
}

#[test]
fn a_token_is_revoked_by_its_name_its_session_or_its_user() {
    for (is_revoked, subject) in [
        (true, Revoked::Token(JTI.to_owned())),
        (false, Revoked::Token(JTI.to_uppercase())),
        (false, Revoked::Token("s1".to_owned())),
        (true, Revoked::Session("s1".to_owned())),
        (false, Revoked::Session(JTI.to_owned())),
        (false, Revoked::Session("s2".to_owned())),
        (false, user(7, None)),
        (true, user(8, None)),
        (true, user(8, Some("s2"))),
        (false, user(8, Some("s1"))),
        (true, Revoked::whole_user("alice")),
        (false, Revoked::whole_user("bob")),
        (true, user(u64::MAX, Some("s1"))),
    ] {
        let set = RevocationSet::new();
        add(&set, subject.clone());
        assert_eq!(set.is_revoked(&claims()), is_revoked, "{subject:?}");
    }
}

#[test]
fn a_token_without_generation_is_of_generation_0() {
    let set = RevocationSet::new();
    let flask = Claims::access("alice", JTI, NOW, 900);
    add(&set, user(0, None));
    assert!(!set.is_revoked(&flask));
    add(&set, user(1, None));
    assert!(set.is_revoked(&flask));
    // A token that belongs to no session belongs to none that is kept.
    add(&set, user(2, Some("s1")));
    assert!(set.is_revoked(&flask));
}

#[test]
fn generations_only_rise_and_keep_goes_with_the_highest() {
    let set = RevocationSet::new();
    add(&set, user(9, Some("s1")));
    add(&set, user(8, None));
    assert!(
        !set.is_revoked(&claims()),
        "an older change takes nothing back"
    );
    add(&set, user(9, Some("s1")));
    assert!(!set.is_revoked(&claims()), "a repeated one neither");
    add(&set, user(10, None));
    assert!(set.is_revoked(&claims()));
    add(&set, user(9, Some("s1")));
    assert!(set.is_revoked(&claims()), "keep goes with its generation");
}

#[test]
fn what_has_expired_is_forgotten_and_nothing_else() {
    let set = RevocationSet::new();
    for number in 0..10_000_u64 {
        let subject = Revoked::Token(format!("token {number}"));
        set.add(&Entry {
            subject,
            expires: NOW + number,
        });
    }
    set.add(&Entry {
        subject: Revoked::Session("for ever".to_owned()),
        expires: u64::MAX,
    });
    assert_eq!(set.len(), 10_001);
    assert_eq!(set.sweep(NOW - 1), 0);
    assert_eq!(set.sweep(NOW + 4_999), 5_000);
    assert_eq!(set.len(), 5_001);
    let token = |number| Claims::access("bob", format!("token {number}"), NOW, 900);
    assert!(!set.is_revoked(&token(4_999)));
    assert!(set.is_revoked(&token(5_000)));
    assert_eq!(set.sweep(u64::MAX), 5_000);
    assert_eq!(set.len(), 1);
}

#[test]
fn a_repeated_entry_lives_as_long_as_the_longest() {
    let set = RevocationSet::new();
    let entry = |expires| Entry {
        subject: Revoked::Token(JTI.to_owned()),
        expires,
    };
    for expires in [NOW + 10, NOW + 30, NOW + 20] {
        set.add(&entry(expires));
    }
    assert_eq!(set.len(), 1);
    assert_eq!(set.sweep(NOW + 29), 0);
    assert!(set.is_revoked(&claims()));
    assert_eq!(set.sweep(NOW + 30), 1);
}

#[test]
fn an_entry_has_a_plain_json_form() {
    for (entry, json) in [
        (
            Revoked::Token("j".into()),
            r#"{"subject":{"token":"j"},"expires":5}"#,
        ),
        (
            Revoked::Session("s".into()),
            r#"{"subject":{"session":"s"},"expires":5}"#,
        ),
        (
            Revoked::whole_user("u"),
            r#"{"subject":{"user":{"id":"u","min_gen":18446744073709551615,"keep":null}},"expires":5}"#,
        ),
    ] {
        let entry = Entry {
            subject: entry,
            expires: 5,
        };
        assert_eq!(serde_json::to_string(&entry).unwrap(), json);
        assert_eq!(serde_json::from_str::<Entry>(json).unwrap(), entry);
    }
}

#[test]
fn many_threads_see_what_each_of_them_adds() {
    let set = RevocationSet::new();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let set = &set;
            scope.spawn(move || {
                for number in 0..2_000 {
                    let jti = format!("{thread}/{number}");
                    add(set, Revoked::Token(jti.clone()));
                    assert!(set.is_revoked(&Claims::access("bob", jti, NOW, 900)));
                    if number % 500 == 0 {
                        set.sweep(NOW);
                    }
                }
            });
        }
    });
    assert_eq!(set.len(), 8_000);
}

/// A clock that the test moves.
fn staleness() -> (Arc<Staleness>, Arc<AtomicU64>) {
    let millis = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&millis);
    let clock = Arc::new(move || clock.load(Ordering::SeqCst));
    (
        Arc::new(Staleness::new(Duration::from_secs(30), clock)),
        millis,
    )
}

#[test]
fn a_source_that_was_never_heard_is_stale() {
    let (staleness, _) = staleness();
    assert!(staleness.is_stale());
    staleness.heard(staleness.now());
    assert!(!staleness.is_stale());
}

#[test]
fn age_counts_from_when_the_source_was_asked() {
    let (staleness, millis) = staleness();
    let asked = staleness.now();
    millis.store(20_000, Ordering::SeqCst);
    staleness.heard(asked);
    millis.store(30_000, Ordering::SeqCst);
    assert!(!staleness.is_stale());
    millis.store(30_001, Ordering::SeqCst);
    assert!(staleness.is_stale());
    // An answer that comes late makes nothing older.
    staleness.heard(30_001);
    staleness.heard(5);
    assert!(!staleness.is_stale());
}

#[test]
fn an_authority_refuses_what_is_revoked_also_when_it_is_remembered() {
    let (staleness, millis) = staleness();
    let set = Arc::new(RevocationSet::with_staleness(Arc::clone(&staleness)));
    let key = SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap();
    let authority = Authority::builder(key)
        .revocations(Arc::clone(&set))
        .build();
    let token = authority.issue(&claims()).unwrap();
    let verify = || authority.verify(token.expose(), NOW).map(drop);

    assert_eq!(verify(), Err(TokenError::Unavailable));
    staleness.heard(0);
    assert_eq!(verify(), Ok(()));
    millis.store(30_001, Ordering::SeqCst);
    assert_eq!(verify(), Err(TokenError::Unavailable));
    add(&set, Revoked::Session("s1".to_owned()));
    assert_eq!(verify(), Err(TokenError::Revoked));
    staleness.heard(30_001);
    assert_eq!(verify(), Err(TokenError::Revoked));
    // Expiry is told first: it is what a client can do something about.
    assert_eq!(
        authority.verify(token.expose(), NOW + 900).unwrap_err(),
        TokenError::Expired
    );
    let even_expired = authority.verify_even_expired(token.expose(), NOW + 900);
    assert_eq!(even_expired.unwrap_err(), TokenError::Revoked);
}

/// The set as one would describe it: a list of entries, asked one by one.
fn is_revoked_by_the_book(entries: &[Entry], claims: &Claims) -> bool {
    let has_jti = |jti: &String| claims.jti.as_ref() == Some(jti);
    let has_sid = |sid: &String| claims.sid.as_ref() == Some(sid);
    let named = entries.iter().any(|entry| match &entry.subject {
        Revoked::Token(jti) => has_jti(jti),
        Revoked::Session(sid) => has_sid(sid),
        Revoked::User { .. } => false,
    });
    let rules: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.subject {
            Revoked::User { id, min_gen, keep } if *id == claims.sub => Some((*min_gen, keep)),
            _ => None,
        })
        .collect();
    let Some(highest) = rules.iter().map(|(min_gen, _)| *min_gen).max() else {
        return named;
    };
    let is_kept = highest < u64::MAX
        && rules
            .iter()
            .filter(|(min_gen, _)| *min_gen == highest)
            .all(|(_, keep)| keep.as_ref().is_some_and(has_sid));
    named || highest == u64::MAX || (claims.generation.unwrap_or(0) < highest && !is_kept)
}

fn name() -> impl Strategy<Value = String> {
    "[ab]"
}

fn entry() -> impl Strategy<Value = Entry> {
    let generation = prop_oneof![0_u64..4, Just(u64::MAX)];
    let subject = prop_oneof![
        name().prop_map(Revoked::Token),
        name().prop_map(Revoked::Session),
        (name(), generation, proptest::option::of(name()))
            .prop_map(|(id, min_gen, keep)| Revoked::User { id, min_gen, keep }),
    ];
    (subject, NOW..NOW + 5).prop_map(|(subject, expires)| Entry { subject, expires })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn neither_order_nor_repetition_matters(
        entries in proptest::collection::vec(entry(), 0..6).prop_shuffle(),
        repeated: prop::sample::Index,
        jti in name(), sub in name(),
        sid in proptest::option::of(name()), generation in proptest::option::of(0_u64..4),
    ) {
        let mut claims = Claims::access(sub, jti, NOW, 900);
        claims.sid = sid;
        claims.generation = generation;

        let set = RevocationSet::new();
        for entry in &entries {
            set.add(entry);
        }
        prop_assert_eq!(set.is_revoked(&claims), is_revoked_by_the_book(&entries, &claims));
        if !entries.is_empty() {
            set.add(&entries[repeated.index(entries.len())]);
        }
        prop_assert_eq!(set.is_revoked(&claims), is_revoked_by_the_book(&entries, &claims));
    }
}
