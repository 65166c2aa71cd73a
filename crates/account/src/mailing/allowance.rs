//! How many mails an address gets: as many as its owner could want, and no more than a nuisance.
//!
//! Each kind of mail is bounded for whoever asks for it, by their network: three at once and ten a day. A stranger
//! could use up the owner's by that if they shared a network, so a device that the account is known on counts by itself.
//! Over all who ask it is thirty a day, and as many over all known devices together: these are not bounded by what
//! strangers ask for, but whoever signs up with a stranger's address has as many devices as they sign in.
//!
//! A notice of what was done with an account counts for that account. That an address was changed is always told, once.
//!
//! Somebody who is signed in could ask for any number of addresses, of strangers too: ten mails a day are sent to new
//! addresses of one account.

use std::time::Duration;

use model::{EmailAddress, User};
use storage::Allowance;

use super::Requester;
use crate::Accounts;
use crate::outbox::Running;

/// A mail that somebody may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mail {
    Confirmation,
    NewAddress,
    Reset,
    /// To a new password, after the address was given back: nobody can ask for it.
    WayIn,
    SignUp,
    /// That somebody tries codes, or that few recovery codes are left.
    Notice,
    /// That the password was changed. What takes protection away is counted by itself: whoever causes other notices must not
    /// use that up.
    Password,
    /// That a second factor was added.
    FactorAdded,
    /// That there is none any more.
    FactorRemoved,
    /// That the account will be deleted.
    Closing,
    /// That the account stays.
    Keeping,
}

const DAY: Duration = Duration::from_hours(24);

const AT_ONCE: Allowance = Allowance {
    most: 3,
    per: Duration::from_mins(15),
};

const A_DAY: Allowance = Allowance { most: 10, per: DAY };

const OF_ALL: Allowance = Allowance { most: 30, per: DAY };

/// Mails to new addresses of one account.
const OF_ACCOUNT: Allowance = Allowance { most: 10, per: DAY };

/// Tries at a code that was mailed to one address.
const TRIES: Allowance = Allowance { most: 5, per: DAY };

impl Mail {
    const fn name(self) -> &'static str {
        match self {
            Self::Confirmation => "confirmation",
            Self::NewAddress => "new_address",
            Self::Reset => "reset",
            Self::WayIn => "way_in",
            Self::SignUp => "sign_up",
            Self::Notice => "notice",
            Self::Password => "password",
            Self::FactorAdded => "factor_added",
            Self::FactorRemoved => "factor_removed",
            Self::Closing => "closing",
            Self::Keeping => "keeping",
        }
    }
}

impl Accounts {
    /// Counts a mail to `address`, and says whether it may be sent. `user` is who has the address, if anybody.
    pub(crate) async fn may_mail(
        &self,
        mail: Mail,
        address: &EmailAddress,
        requester: &Requester,
        user: Option<&User>,
        at: &Running,
    ) -> Result<bool, storage::Error> {
        if at.tries > 1 {
            return Ok(true); // it was counted when it was tried first
        }
        let address = address.key();
        let known = self.known_device(requester, user).await?;
        let who = match (&known, &requester.network) {
            (Some(nonce), _) => Some(format!("device/{nonce:02x?}")),
            (None, Some(network)) => Some(format!("network/{network}")),
            // A back end asks for whomever: a stranger among its users must not use up what the owner has.
            (None, None) => None,
        };
        if let Some(who) = who {
            let theirs = format!("{}/{who}/{address}", mail.name());
            if !self.may(&format!("at-once/{theirs}"), AT_ONCE).await?
                || !self.may(&format!("a-day/{theirs}"), A_DAY).await?
            {
                return Ok(false);
            }
        }
        let all = match known {
            Some(_) => "of-known",
            None => "of-all",
        };
        let all = format!("{all}/{}/{address}", mail.name());
        self.may(&all, OF_ALL).await
    }

    /// Counts a mail to a new address of `user`, whichever address it is, and says whether it may be sent.
    pub(crate) async fn may_mail_new_address(
        &self,
        user: &User,
        at: &Running,
    ) -> Result<bool, storage::Error> {
        if at.tries > 1 {
            return Ok(true);
        }
        let whose = format!("new-addresses/{}", user.id);
        self.may(&whose, OF_ACCOUNT).await
    }

    /// Counts a try at the codes that were mailed to `address`; or says how long to wait, where they may not be compared.
    pub(crate) async fn wait_to_try_code(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<Duration>, storage::Error> {
        let whose = format!("code/{}", address.key());
        if self.may(&whose, TRIES).await? {
            return Ok(None);
        }
        let spent = self.0.storage.attempts(self.budget_of_mail(&whose)).await?;
        let now = self.0.clock.now();
        // Where it is gone meanwhile, the next try begins anew.
        let left = spent.map_or(Duration::ZERO, |spent| TRIES.left(&spent, now));
        Ok(Some(left))
    }

    pub(crate) async fn may(
        &self,
        whose: &str,
        allowance: Allowance,
    ) -> Result<bool, storage::Error> {
        let key = self.budget_of_mail(whose);
        let now = self.0.clock.now();
        self.0.storage.spend_attempt(key, allowance, now).await
    }

    async fn known_device(
        &self,
        requester: &Requester,
        user: Option<&User>,
    ) -> Result<Option<crate::device::Nonce>, storage::Error> {
        let (Some(user), Some(device)) = (user, requester.device()) else {
            return Ok(None);
        };
        self.nonce_of_user(&user.id, Some(&device)).await
    }
}
