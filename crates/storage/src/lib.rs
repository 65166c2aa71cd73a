//! What Portcullis asks of a store, as traits: one for each thing that needs a rule of its own, and two for
//! everything else.
//!
//! # The promises
//! - A method is atomic, and named for what it means. When it answers, what it did is durable.
//! - "Not found" is `Ok(None)` or `Ok(false)`; a uniqueness conflict is a typed error that names the
//!   field; a row that can't be read is an error of its own ([`Error::Unreadable`], and
//!   [`Error::UnreadableAccount`], since others write accounts too).
//! - Time is an argument ([`Moment`]); a store never reads a clock to decide anything.
//! - What a method revokes or changes it also writes to the feed, in the same step, and the
//!   [`FeedSink`] of this process has it before the method answers. So a caller that was cancelled
//!   half-way leaves nothing half-known.
//!
//! # Adding a stored thing
//! What is handed out once and expires is a ticket: a type that is a [`Purpose`], put, looked at and taken through
//! `storage.tickets(now)`. What somebody owns, or is found by a key, is a record: a type that is a [`Record`], through
//! `storage.records::<T>()`. Either takes the type and its use, and nothing in a backend.
//!
//! # Adding a backend
//! Implement [`Users`], [`Addresses`], [`Closings`], [`Factors`], [`Events`], [`Sessions`], [`Attempts`], [`Tickets`], [`Records`], [`Outbox`], [`Feed`] and [`Upkeep`] in a
//! crate `storage-…`, run `storage_testing::contract::suite!` in its tests, and name the crate in `cli`, nowhere else.
//! What decides is here and the same for all: [`rotation::decide`], [`attempts::reserve`], [`outbox::Progress`],
//! [`Reservations`]. How the traits fit together is plainest in `storage_testing::memory`.

mod addresses;
pub mod attempts;
mod body;
mod closings;
mod error;
pub mod events;
mod examination;
mod factors;
pub mod feed;
mod operator;
pub mod outbox;
pub mod records;
mod reservations;
pub mod rotation;
mod sessions;
mod sinks;
pub mod tickets;
mod upkeep;
mod users;

use std::fmt;

use model::Timestamp;

pub use addresses::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Addresses, Undoable,
};
pub use attempts::{Allowance, AttemptKey, Attempts, Refusal, Reservation, Reserved};
pub use body::{Kind, RecordBody, TicketBody, TooLarge};
pub use closings::{Closing, Closings};
pub use error::{Error, OpenError};
pub use events::{ChainEnds, EventKeys, Events, Link, NewEvent};
pub use examination::Examination;
pub use factors::{Enrolment, Factors, SecondFactor};
pub use feed::{Effect, Feed, FeedEntry, FeedRow, FeedSink, Notice};
pub use operator::{
    Beginning, Enabled, ListUsersError, UserCursor, UserFilter, UserListing, UserPage,
};
pub use outbox::{Outbox, OutboxDepth, Posted};
pub use records::{
    Keys, Page, Record, RecordId, RecordKey, Records, RecordsOf, Replaced, SaveRecordError, Tells,
    Versioned,
};
pub use reservations::Reservations;
pub use rotation::{Rotated, Rotation};
pub use sessions::{Sessions, SpentToken};
pub use sinks::{Asked, Sinks};
pub use tickets::{Bound, Carried, Purpose, PutTicketError, Taken, Ticket, Tickets, TicketsAt};
pub use upkeep::Upkeep;
pub use users::{
    LoginName, NewUser, PasswordChange, PasswordChanged, ProfileChange, SaveUserError, UniqueField,
    Users,
};

/// Everything that Portcullis stores.
pub trait Storage:
    Users
    + Addresses
    + Closings
    + Factors
    + Events
    + Sessions
    + Attempts
    + Tickets
    + Records
    + Outbox
    + Feed
    + Upkeep
    + fmt::Debug
{
}

impl<
    T: Users
        + Addresses
        + Closings
        + Factors
        + Events
        + Sessions
        + Attempts
        + Tickets
        + Records
        + Outbox
        + Feed
        + Upkeep
        + fmt::Debug,
> Storage for T
{
}

/// When something happens, and how long the feed must remember it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The present time.
    pub now: Timestamp,
    /// When every access token that could be meant has expired: a feed row of this moment may be
    /// forgotten then.
    pub feed_until: Timestamp,
}
