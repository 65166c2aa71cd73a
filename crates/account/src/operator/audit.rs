//! Looking whether what happened to accounts was changed by hand.

use model::UserId;
use storage::events::ChainCheck;
use storage::{Error, UserFilter, UserListing};

use super::{FindError, ListError, Operator};

/// Links that are read in one step.
const PAGE: u32 = 500;

/// Accounts that are listed in one step.
const ACCOUNTS: u32 = 200;

/// How often a chain is looked at that changes meanwhile.
const TRIES: u32 = 3;

/// The most faults that are shown: the others are counted.
const SHOWN: usize = 1000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many chains were looked at: of accounts, and of those that were deleted.
    pub chains: u64,
    /// How many accounts have none: nothing has happened to them since events are kept, or it was all removed for its age.
    pub without: u64,
    /// How many events were looked at.
    pub events: u64,
    /// How many faults were found.
    pub faults: u64,
    /// The first thousand of them.
    pub shown: Vec<AuditFault>,
}

/// Something that is wrong with the events of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFault {
    /// Whose.
    pub account: UserId,
    /// What.
    pub fault: String,
}

impl Operator {
    /// Looks at the events of one account.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn audit_of(&self, named: &str) -> Result<Audit, FindError> {
        let id = self.find(named).await?;
        let mut audit = Audit::default();
        self.check_chain(&id, &mut audit).await?;
        Ok(audit)
    }

    /// Looks at the events of every account, and of those that were deleted.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn audit(&self) -> Result<Audit, ListError> {
        let mut audit = Audit::default();
        let mut after = None;
        loop {
            let listing = UserListing {
                filter: UserFilter::default(),
                after,
                limit: ACCOUNTS,
            };
            let page = self.storage.list_users(listing).await?;
            for user in &page.users {
                self.check_chain(&user.id, &mut audit).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        self.audit_of_others(&mut audit).await?;
        Ok(audit)
    }

    /// Looks at the events of accounts that are gone, or that can't be read.
    async fn audit_of_others(&self, audit: &mut Audit) -> Result<(), Error> {
        let mut after: Option<UserId> = None;
        loop {
            let users = self
                .storage
                .users_with_events(after.as_ref(), ACCOUNTS)
                .await?;
            for user in &users {
                if !matches!(self.storage.user(user).await, Ok(Some(_))) {
                    self.check_chain(user, audit).await?;
                }
            }
            if users.len() < ACCOUNTS as usize {
                return Ok(());
            }
            after = users.last().cloned();
        }
    }

    async fn check_chain(&self, user: &UserId, audit: &mut Audit) -> Result<(), Error> {
        let (events, faults) = self.faults_of(user).await?;
        if events == 0 && faults.is_empty() {
            audit.without += 1;
        } else {
            audit.chains += 1;
        }
        audit.events += events;
        for fault in faults {
            audit.faults += 1;
            if audit.shown.len() < SHOWN {
                let account = user.clone();
                audit.shown.push(AuditFault { account, fault });
            }
        }
        Ok(())
    }

    /// How many events an account has, and what is wrong with them. Servers may write and remove some meanwhile: then it is
    /// looked once more.
    async fn faults_of(&self, user: &UserId) -> Result<(u64, Vec<String>), Error> {
        let mut found = (0, Vec::new());
        for _ in 0..TRIES {
            let ends = match self.storage.chain_ends(user).await {
                Err(error @ Error::Unreadable { .. }) => return Ok((0, vec![error.to_string()])),
                ends => ends?,
            };
            let mut check = ChainCheck::begin(&self.settings.event_keys, user, ends);
            loop {
                let after = check.number();
                let links = match self.storage.links_of(user, after, PAGE).await {
                    Err(error @ Error::Unreadable { .. }) => {
                        return Ok((check.links(), vec![error.to_string()]));
                    }
                    links => links?,
                };
                for link in &links {
                    check.link(link);
                }
                if links.len() < PAGE as usize {
                    break;
                }
            }
            let links = check.links();
            let faults = check.finish();
            found = (links, faults.iter().map(ToString::to_string).collect());
            if faults.is_empty() || self.storage.chain_ends(user).await? == ends {
                break;
            }
        }
        Ok(found)
    }
}
