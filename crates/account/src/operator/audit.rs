//! Looking whether what happened to accounts was changed by hand.

use std::time::Duration;

use model::UserId;
use storage::events::ChainCheck;
use storage::{Error, UserFilter, UserListing};

use super::{FindError, ListError, Operator};

/// Links that are read in one step.
const PAGE: u32 = 500;

/// Accounts that are listed in one step.
const ACCOUNTS: u32 = 200;

/// How often a chain is looked at that has a fault: servers may write and remove events meanwhile.
const TRIES: u32 = 3;

/// How long it is left alone in between.
const PAUSE: Duration = Duration::from_millis(100);

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
    /// How many faults were found, but for those of events that can't be checked.
    pub faults: u64,
    /// How often events of an account were found that can't be checked, since their key is not known.
    pub unchecked: u64,
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
    /// Whether it is merely that the key is not known.
    pub is_unknown: bool,
}

impl Operator {
    /// Looks at the events of one account, also of one that was deleted, by its id.
    ///
    /// # Errors
    /// When nobody is meant, or the store fails.
    pub async fn audit_of(&self, named: &str) -> Result<Audit, FindError> {
        let id = match self.find(named).await {
            Err(FindError::Unknown) => self.find_deleted(named).await?,
            found => found?,
        };
        let mut audit = Audit::default();
        self.check_chain(&id, &mut audit).await?;
        Ok(audit)
    }

    async fn find_deleted(&self, id: &str) -> Result<UserId, FindError> {
        let id = UserId::parse(id.to_owned()).map_err(|_| FindError::Unknown)?;
        let links = self.storage.links_of(&id, 0, 1).await;
        match links {
            Ok(links) if links.is_empty() => Err(FindError::Unknown),
            Ok(_) | Err(Error::Unreadable { .. }) => Ok(id),
            Err(error) => Err(error.into()),
        }
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
        for (fault, is_unknown) in faults {
            audit.faults += u64::from(!is_unknown);
            audit.unchecked += u64::from(is_unknown);
            if audit.shown.len() < SHOWN {
                let account = user.clone();
                audit.shown.push(AuditFault {
                    account,
                    fault,
                    is_unknown,
                });
            }
        }
        Ok(())
    }

    /// How many events an account has, and what is wrong with them. Servers may write and remove some meanwhile: then it is
    /// looked once more.
    async fn faults_of(&self, user: &UserId) -> Result<(u64, Vec<(String, bool)>), Error> {
        let mut found = (0, Vec::new());
        for _ in 0..TRIES {
            let ends = match self.storage.chain_ends(user).await {
                Err(error @ Error::Unreadable { .. }) => {
                    return Ok((0, vec![(error.to_string(), false)]));
                }
                ends => ends?,
            };
            let mut check = ChainCheck::begin(&self.settings.event_keys, user, ends);
            loop {
                let after = check.number();
                let links = match self.storage.links_of(user, after, PAGE).await {
                    Err(error @ Error::Unreadable { .. }) => {
                        return Ok((check.links(), vec![(error.to_string(), false)]));
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
            let said = faults.iter().map(|it| (it.to_string(), it.is_unknown()));
            found = (links, said.collect());
            if faults.is_empty() {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(found)
    }
}
