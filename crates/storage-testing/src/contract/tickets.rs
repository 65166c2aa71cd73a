//! Tickets.

use std::sync::Arc;
use std::time::Duration;

use model::{SeededRng, UserId};
use secret::PlainToken;
use serde::{Deserialize, Serialize};
use storage::tickets::StoredTicket;
use storage::{
    Bound, Carried, Kind, Purpose, PutTicketError, Storage, Taken, Ticket, TicketBody, TooLarge,
};

use super::Backend;
use super::fixtures::{account, at, at_once, id, moment, stored};

/// A link that resets a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reset {
    user: Option<UserId>,
    note: String,
}

impl Purpose for Reset {
    const KIND: Kind = Kind("reset");

    fn owner(&self) -> Option<&UserId> {
        self.user.as_ref()
    }
}

/// A link that confirms an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Confirmation {
    user: UserId,
}

impl Purpose for Confirmation {
    const KIND: Kind = Kind("confirmation");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

const HOUR: Duration = Duration::from_secs(3600);

pub async fn a_ticket_is_taken_once(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let link = reset_of(&store, "alice", 1).await;
    let taken = take(&store, &link, 10).await;
    assert_eq!(taken, Some(Taken::Granted(reset("alice"))));
    for seconds in [10, 11, 3599] {
        let again = take(&store, &link, seconds).await;
        assert_eq!(again, Some(Taken::Spent(reset("alice"))), "{seconds}");
    }
}

pub async fn a_ticket_that_cannot_be_read_is_not_spent(backend: &dyn Backend) {
    /// The same kind, as another version writes it.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    struct OtherReset {
        mailbox: u8,
    }

    impl Purpose for OtherReset {
        const KIND: Kind = Reset::KIND;

        fn owner(&self) -> Option<&UserId> {
            None
        }
    }

    let store = with_accounts(backend).await;
    let link = reset_of(&store, "alice", 1).await;
    let tickets = store.tickets(at(10));
    assert!(tickets.take::<OtherReset>(&link).await.is_err());
    let taken = take(&store, &link, 11).await;
    assert_eq!(taken, Some(Taken::Granted(reset("alice"))));
}

pub async fn a_ticket_is_looked_at_as_often_as_one_likes_until_it_is_taken(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let link = reset_of(&store, "alice", 1).await;
    for _ in 0..3 {
        assert_eq!(look(&store, &link, 10).await, Some(reset("alice")));
    }
    take(&store, &link, 10).await;
    assert_eq!(look(&store, &link, 10).await, None);
}

pub async fn of_fifty_takes_at_once_one_is_granted(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let link = reset_of(&store, "alice", 1).await;
    let beside = backend.beside().await;
    let taken = at_once(50, |number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &beside });
        let link = link.clone();
        async move { take(&store, &link, 10).await }
    })
    .await;
    let count = |taken: &[Option<Taken<Reset>>], wanted: &Option<Taken<Reset>>| {
        taken.iter().filter(|taken| *taken == wanted).count()
    };
    let granted = Some(Taken::Granted(reset("alice")));
    assert_eq!(count(&taken, &granted), 1);
    assert_eq!(count(&taken, &Some(Taken::Spent(reset("alice")))), 49);
}

pub async fn an_expired_ticket_is_none(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let (taken, untaken) = (
        reset_of(&store, "alice", 1).await,
        reset_of(&store, "alice", 2).await,
    );
    assert!(take(&store, &taken, 3599).await.is_some());
    for link in [taken, untaken] {
        assert_eq!(look(&store, &link, 3600).await, None);
        assert_eq!(take(&store, &link, 3600).await, None);
    }
}

pub async fn an_unknown_ticket_and_one_of_another_kind_are_none(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let link = reset_of(&store, "alice", 1).await;
    let unknown = PlainToken::from_bytes(Reset::PREFIX, [9; 32]);
    assert_eq!(look(&store, &unknown, 1).await, None);
    assert_eq!(take(&store, &unknown, 1).await, None);

    let now = store.tickets(at(1));
    assert!(now.look::<Confirmation>(&link).await.unwrap().is_none());
    assert!(now.take::<Confirmation>(&link).await.unwrap().is_none());
    assert!(look(&store, &link, 1).await.is_some());
}

pub async fn a_ticket_tells_what_it_is_bound_to(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let alice = stored(&store, "alice").await;
    let (link, ticket) = Ticket::new(reset("alice"), Bound::to(&alice), HOUR, &SeededRng::new(1));
    store.tickets(at(0)).put(ticket).await.unwrap();
    let found = store.tickets(at(1)).look::<Reset>(&link).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.bound, Bound::to(&alice));
    assert_eq!(found.user, Some(id("alice")));
}

pub async fn a_ticket_needs_no_owner(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let nobody = Reset {
        user: None,
        note: String::new(),
    };
    let link = put(&store, nobody.clone(), 1).await.unwrap();
    assert_eq!(
        take(&store, &link, 1).await,
        Some(Taken::Granted(nobody.clone()))
    );
    assert_eq!(take(&store, &link, 1).await, Some(Taken::Spent(nobody)));
}

pub async fn nobody_gets_a_ticket_of_an_account_that_is_not_there(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    for name in ["alice", "nobody"] {
        let refused = put(&store, reset(name), 1).await;
        assert!(matches!(refused, Err(PutTicketError::OwnerGone)), "{name}");
    }
    let (link, _) = Ticket::new(reset("alice"), Bound::to_nobody(), HOUR, &SeededRng::new(1));
    assert_eq!(look(&store, &link, 1).await, None);
}

pub async fn withdrawn_tickets_are_none(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let of_alice = [
        reset_of(&store, "alice", 1).await,
        reset_of(&store, "alice", 2).await,
    ];
    let confirmation = Confirmation { user: id("alice") };
    let confirms = put(&store, confirmation, 3).await.unwrap();
    let of_bob = reset_of(&store, "bob", 4).await;

    let now = store.tickets(at(1));
    assert_eq!(now.withdraw::<Reset>(&id("alice")).await.unwrap(), 2);
    for link in &of_alice {
        assert_eq!(look(&store, link, 1).await, None);
        assert_eq!(take(&store, link, 1).await, None);
    }
    assert!(now.look::<Confirmation>(&confirms).await.unwrap().is_some());
    assert_eq!(now.withdraw_all(&id("alice")).await.unwrap(), 1);
    assert!(now.look::<Confirmation>(&confirms).await.unwrap().is_none());
    assert_eq!(now.withdraw_all(&id("alice")).await.unwrap(), 0);
    assert!(look(&store, &of_bob, 1).await.is_some());
}

pub async fn a_withdrawal_leaves_what_was_taken_to_be_recognized(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let link = reset_of(&store, "alice", 1).await;
    take(&store, &link, 1).await;
    let withdrawn = store.tickets(at(1)).withdraw_all(&id("alice")).await;
    assert_eq!(withdrawn.unwrap(), 0);
    assert_eq!(
        take(&store, &link, 1).await,
        Some(Taken::Spent(reset("alice")))
    );
}

pub async fn the_tickets_of_a_deleted_account_go_with_it(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let (taken, untaken) = (
        reset_of(&store, "alice", 1).await,
        reset_of(&store, "alice", 2).await,
    );
    let of_bob = reset_of(&store, "bob", 3).await;
    take(&store, &taken, 1).await;
    store.delete_user(&id("alice"), moment(1)).await.unwrap();
    for link in [taken, untaken] {
        assert_eq!(take(&store, &link, 1).await, None);
    }
    assert!(look(&store, &of_bob, 1).await.is_some());
}

pub async fn expired_tickets_are_swept_spent_or_not(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let early = reset_of(&store, "alice", 1).await;
    reset_of(&store, "alice", 2).await;
    reset_of(&store, "bob", 3).await;
    take(&store, &early, 1).await;
    let (link, ticket) = Ticket::new(
        reset("alice"),
        Bound::to_nobody(),
        2 * HOUR,
        &SeededRng::new(4),
    );
    store.tickets(at(0)).put(ticket).await.unwrap();

    assert_eq!(store.sweep(at(3599), 10).await.unwrap(), 0);
    assert_eq!(store.sweep(at(3600), 2).await.unwrap(), 2);
    assert_eq!(store.sweep(at(3600), 2).await.unwrap(), 1);
    assert_eq!(store.sweep(at(3600), 2).await.unwrap(), 0);
    assert!(look(&store, &link, 3600).await.is_some());
}

pub async fn a_ticket_carries_so_much_and_no_more(backend: &dyn Backend) {
    let store = with_accounts(backend).await;
    let most = TicketBody::new("ü".repeat(2048)).unwrap();
    let plain = PlainToken::from_bytes(Reset::PREFIX, [7; 32]);
    let ticket = StoredTicket {
        kind: Reset::KIND,
        hash: plain.hashed(),
        owner: None,
        body: most.clone(),
        expires: at(100),
    };
    store.put_ticket(ticket).await.unwrap();
    let found = store.look_at_ticket(Reset::KIND, plain.hashed(), at(1));
    assert_eq!(found.await.unwrap(), Some(most));

    let large = Reset {
        user: None,
        note: "x".repeat(4096),
    };
    let refused = put(&store, large, 1).await;
    assert!(matches!(
        refused,
        Err(PutTicketError::TooLarge(TooLarge { most: 4096, .. }))
    ));
}

async fn with_accounts(backend: &dyn Backend) -> Arc<dyn Storage> {
    let store = backend.open().await;
    account(&store, "alice").await;
    account(&store, "bob").await;
    store
}

fn reset(name: &str) -> Reset {
    Reset {
        user: Some(id(name)),
        note: format!("for {name}'s \"new\" password\u{1f511}"),
    }
}

/// Puts a ticket that is good for an hour; `seed` makes it another.
async fn put<T: Purpose>(
    store: &Arc<dyn Storage>,
    purpose: T,
    seed: u64,
) -> Result<PlainToken, PutTicketError> {
    let (link, ticket) = Ticket::new(purpose, Bound::to_nobody(), HOUR, &SeededRng::new(seed));
    store.tickets(at(0)).put(ticket).await.map(|()| link)
}

/// Puts one with which this account resets its password.
pub(super) async fn reset_of(store: &Arc<dyn Storage>, name: &str, seed: u64) -> PlainToken {
    put(store, reset(name), seed).await.unwrap()
}

async fn look(store: &Arc<dyn Storage>, link: &PlainToken, seconds: i64) -> Option<Reset> {
    let found = store.tickets(at(seconds)).look::<Reset>(link).await;
    found.unwrap().map(|found| found.purpose)
}

async fn take(store: &Arc<dyn Storage>, link: &PlainToken, seconds: i64) -> Option<Taken<Reset>> {
    let taken = store.tickets(at(seconds)).take::<Reset>(link).await;
    let purpose = |carried: Carried<Reset>| carried.purpose;
    Some(match taken.unwrap()? {
        Taken::Granted(carried) => Taken::Granted(purpose(carried)),
        Taken::Spent(carried) => Taken::Spent(purpose(carried)),
    })
}

/// Takes one with which a password is reset; whether it is granted.
pub(super) async fn takes(store: &Arc<dyn Storage>, link: &PlainToken, seconds: i64) -> bool {
    matches!(take(store, link, seconds).await, Some(Taken::Granted(_)))
}
