//! A store whose every call waits at a gate.

mod parts;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use model::{
    AddressNumber, BrowserCookie, Credentials, Generation, Session, SessionId, Timestamp, TokenId,
    User, UserId,
};
use password::PasswordHash;
use secret::HashedToken;
use storage::{
    AddressChange, AddressChanged, AddressProof, AddressUndo, Addresses, ChainEnds, Closing,
    Closings, Enabled, Enrolment, Error, Events, Factors, Link, ListUsersError, LoginName, Moment,
    NewEvent, NewUser, PasswordChange, PasswordChanged, ProfileChange, Rotated, Rotation,
    SaveUserError, SecondFactor, Sessions, SpentToken, Storage, Upkeep, UserListing, UserPage,
    Users,
};

use super::Gate;

/// The store behind the gate.
#[derive(Debug)]
pub struct Stepped {
    store: Arc<dyn Storage>,
    gate: Arc<Gate>,
    /// Whether what the feed says comes to this process.
    pub hears: bool,
    /// Whether guesses at a password are counted: else every try is granted, without a step.
    pub counts: bool,
    /// So many look-ups of an account fail next.
    pub trouble: Arc<AtomicU32>,
}

impl Stepped {
    /// The store behind this gate. What the feed says comes through, and no guess is counted.
    pub fn new(store: Arc<dyn Storage>, gate: Arc<Gate>) -> Self {
        Self {
            store,
            gate,
            hears: true,
            counts: false,
            trouble: Arc::default(),
        }
    }

    fn is_in_trouble(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.trouble
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less)
            .is_ok()
    }
}

#[async_trait]
impl Users for Stepped {
    async fn create_user(&self, new: NewUser) -> Result<User, SaveUserError> {
        let _inside = self.gate.pass().await;
        self.store.create_user(new).await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.user(id).await
    }

    async fn credentials(&self, id: &UserId) -> Result<Option<Credentials>, Error> {
        let _inside = self.gate.pass().await;
        self.store.credentials(id).await
    }

    async fn credentials_by_login(&self, name: &LoginName) -> Result<Option<Credentials>, Error> {
        let _inside = self.gate.pass().await;
        if self.is_in_trouble() {
            return Err(Error::Unavailable("a test".to_owned()));
        }
        self.store.credentials_by_login(name).await
    }

    async fn change_profile(
        &self,
        id: &UserId,
        change: ProfileChange,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let _inside = self.gate.pass().await;
        self.store.change_profile(id, change, moment).await
    }

    async fn upgrade_hash(
        &self,
        id: &UserId,
        from: &PasswordHash,
        to: &PasswordHash,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.upgrade_hash(id, from, to).await
    }

    async fn change_password(
        &self,
        change: PasswordChange,
        moment: Moment,
    ) -> Result<PasswordChanged, Error> {
        let _inside = self.gate.pass().await;
        self.store.change_password(change, moment).await
    }

    async fn delete_user(&self, id: &UserId, moment: Moment) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.delete_user(id, moment).await
    }

    async fn disable_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.disable_user(id, moment).await
    }

    async fn enable_user(&self, id: &UserId, moment: Moment) -> Result<Enabled, Error> {
        let _inside = self.gate.pass().await;
        self.store.enable_user(id, moment).await
    }

    async fn revoke_user(&self, id: &UserId, moment: Moment) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.revoke_user(id, moment).await
    }

    async fn list_users(&self, listing: UserListing) -> Result<UserPage, ListUsersError> {
        let _inside = self.gate.pass().await;
        self.store.list_users(listing).await
    }

    async fn hash_kinds(&self) -> Result<Vec<(String, u64)>, Error> {
        let _inside = self.gate.pass().await;
        self.store.hash_kinds().await
    }
}

#[async_trait]
impl Addresses for Stepped {
    async fn confirm_address(
        &self,
        proof: AddressProof,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.confirm_address(proof, moment).await
    }

    async fn change_address(
        &self,
        change: AddressChange,
        moment: Moment,
    ) -> Result<AddressChanged, SaveUserError> {
        let _inside = self.gate.pass().await;
        self.store.change_address(change, moment).await
    }

    async fn undo_address(
        &self,
        undo: AddressUndo,
        moment: Moment,
    ) -> Result<Option<User>, SaveUserError> {
        let _inside = self.gate.pass().await;
        self.store.undo_address(undo, moment).await
    }

    async fn can_undo_address(
        &self,
        user: &UserId,
        change: AddressNumber,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.can_undo_address(user, change, now).await
    }
}

#[async_trait]
impl Closings for Stepped {
    async fn close_user(&self, closing: Closing, moment: Moment) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.close_user(closing, moment).await
    }

    async fn reopen_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.reopen_user(id, at, moment).await
    }

    async fn due_users(&self, now: Timestamp, limit: u32) -> Result<Vec<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.due_users(now, limit).await
    }

    async fn delete_due_user(
        &self,
        id: &UserId,
        at: Generation,
        moment: Moment,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.delete_due_user(id, at, moment).await
    }
}

#[async_trait]
impl Events for Stepped {
    /// What happened is written beside the requests: it waits at no gate.
    async fn append_events(&self, user: &UserId, events: Vec<NewEvent>) -> Result<bool, Error> {
        self.store.append_events(user, events).await
    }

    async fn events_of(
        &self,
        user: &UserId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Link>, Error> {
        self.store.events_of(user, before, limit).await
    }

    async fn chain_ends(&self, user: &UserId) -> Result<ChainEnds, Error> {
        self.store.chain_ends(user).await
    }

    async fn links_of(&self, user: &UserId, after: u64, limit: u32) -> Result<Vec<Link>, Error> {
        self.store.links_of(user, after, limit).await
    }

    async fn users_with_events(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        self.store.users_with_events(after, limit).await
    }

    async fn renew_notes(&self, user: &UserId) -> Result<bool, Error> {
        self.store.renew_notes(user).await
    }

    async fn prune_events(&self, until: Timestamp, limit: u32) -> Result<u32, Error> {
        self.store.prune_events(until, limit).await
    }
}

#[async_trait]
impl Factors for Stepped {
    async fn second_factor(&self, user: &UserId) -> Result<Option<SecondFactor>, Error> {
        let _inside = self.gate.pass().await;
        self.store.second_factor(user).await
    }

    async fn enrol(&self, enrolment: Enrolment, moment: Moment) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.enrol(enrolment, moment).await
    }

    async fn remove_factor(
        &self,
        user: &UserId,
        at: Generation,
        keep: Option<SessionId>,
        moment: Moment,
    ) -> Result<Option<User>, Error> {
        let _inside = self.gate.pass().await;
        self.store.remove_factor(user, at, keep, moment).await
    }

    async fn advance_step(
        &self,
        user: &UserId,
        enrolled: Generation,
        step: u64,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.advance_step(user, enrolled, step).await
    }

    async fn spend_recovery_code(
        &self,
        user: &UserId,
        enrolled: Generation,
        code: HashedToken,
    ) -> Result<Option<u32>, Error> {
        let _inside = self.gate.pass().await;
        self.store.spend_recovery_code(user, enrolled, code).await
    }

    async fn replace_recovery_codes(
        &self,
        user: &UserId,
        enrolled: Generation,
        codes: Vec<HashedToken>,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store
            .replace_recovery_codes(user, enrolled, codes)
            .await
    }

    async fn reseal_factor(
        &self,
        user: &UserId,
        from: &SecondFactor,
        sealed: Vec<u8>,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.reseal_factor(user, from, sealed).await
    }

    async fn users_with_factors(
        &self,
        after: Option<&UserId>,
        limit: u32,
    ) -> Result<Vec<UserId>, Error> {
        let _inside = self.gate.pass().await;
        self.store.users_with_factors(after, limit).await
    }
}

#[async_trait]
impl Sessions for Stepped {
    async fn open_session(
        &self,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<(), Error> {
        let _inside = self.gate.pass().await;
        self.store.open_session(session, limit, moment).await
    }

    async fn open_session_once(
        &self,
        token: SpentToken,
        session: Session,
        limit: u32,
        moment: Moment,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store
            .open_session_once(token, session, limit, moment)
            .await
    }

    async fn spend_token(&self, token: SpentToken) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.spend_token(token).await
    }

    async fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        let _inside = self.gate.pass().await;
        self.store.session(id).await
    }

    async fn session_by_cookie(&self, cookie: HashedToken) -> Result<Option<Session>, Error> {
        let _inside = self.gate.pass().await;
        self.store.session_by_cookie(cookie).await
    }

    async fn replace_cookie(
        &self,
        id: SessionId,
        old: HashedToken,
        new: BrowserCookie,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.replace_cookie(id, old, new).await
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: Timestamp,
        refresh_expires: u64,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.touch_session(id, now, refresh_expires).await
    }

    async fn sessions_of(&self, user: &UserId, now: Timestamp) -> Result<Vec<Session>, Error> {
        let _inside = self.gate.pass().await;
        self.store.sessions_of(user, now).await
    }

    async fn rotate(&self, rotation: Rotation, moment: Moment) -> Result<Rotated, Error> {
        let _inside = self.gate.pass().await;
        self.store.rotate(rotation, moment).await
    }

    async fn note_handed_out(
        &self,
        id: SessionId,
        refresh: TokenId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.note_handed_out(id, refresh, now).await
    }

    async fn end_session(
        &self,
        user: &UserId,
        id: SessionId,
        moment: Moment,
    ) -> Result<bool, Error> {
        let _inside = self.gate.pass().await;
        self.store.end_session(user, id, moment).await
    }

    async fn end_other_sessions(
        &self,
        user: &UserId,
        keep: SessionId,
        moment: Moment,
    ) -> Result<u64, Error> {
        let _inside = self.gate.pass().await;
        self.store.end_other_sessions(user, keep, moment).await
    }
}

/// Budgets touch nothing else: where guessing is not what is looked at, every try is granted.
#[async_trait]
impl Upkeep for Stepped {
    fn describe(&self) -> String {
        self.store.describe()
    }

    async fn ping(&self) -> Result<(), Error> {
        self.store.ping().await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u32, Error> {
        let _inside = self.gate.pass().await;
        self.store.sweep(now, limit).await
    }

    fn noted_access_lifetime(&self) -> Option<Duration> {
        self.store.noted_access_lifetime()
    }

    async fn note_access_lifetime(&self, lifetime: Duration) -> Result<Duration, Error> {
        self.store.note_access_lifetime(lifetime).await
    }

    async fn note_secret(&self, fingerprint: &str, now: Timestamp) -> Result<Timestamp, Error> {
        self.store.note_secret(fingerprint, now).await
    }

    async fn noted_secret(&self, fingerprint: &str) -> Result<Option<Timestamp>, Error> {
        self.store.noted_secret(fingerprint).await
    }

    async fn reserved_until(&self, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.store.reserved_until(now).await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
