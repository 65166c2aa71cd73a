//! A forgotten password: asking for a link, and setting a new one by it.

mod ask;
mod set;

use model::{User, UserId};
use serde::{Deserialize, Serialize};
use storage::{AddressProof, Bound, Carried, Kind, Purpose};

pub use ask::AskForResetError;
pub(crate) use ask::ForgotPassword;
pub use set::{NewPassword, ResetError};

/// What a link to a new password is good for.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ResetPassword {
    /// Whose password.
    pub(crate) user: UserId,
    /// The address that the link was mailed to: whoever has the link has proven it. Nothing where an operator has
    /// handed it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mailed_to: Option<String>,
}

impl Purpose for ResetPassword {
    const KIND: Kind = Kind("reset_password");
    const PREFIX: secret::TokenPrefix = secret::TokenPrefix("pcr_");

    fn owner(&self) -> Option<&UserId> {
        Some(&self.user)
    }
}

impl ResetPassword {
    /// For `user`, by a mail to the address of the account.
    pub(crate) fn mailed(user: &User) -> (Self, Bound) {
        let purpose = Self {
            user: user.id.clone(),
            mailed_to: user.email.clone(),
        };
        (purpose, Bound::to_address(user))
    }

    /// For `user`, by an operator, who has it from nobody that the address is theirs.
    pub(crate) fn handed_out(user: &User) -> Self {
        Self {
            user: user.id.clone(),
            mailed_to: None,
        }
    }
}

/// What a link is good for.
struct GoodReset {
    user: User,
    /// What whoever has the link has proven by that: that the address is theirs, where it was mailed there.
    proven: Option<AddressProof>,
}

/// Whether a new password may be set by a mail to the address of `user`. Of an account that has a second factor only one
/// that its owner has proven will do: of another nobody knows whose it is, and the factor must not be all that is left.
const fn may_be_mailed(user: &User) -> bool {
    user.email_verified || !user.second_factor
}

impl GoodReset {
    /// What a link that carries this is good for now, if for anything. An account that waits to be deleted is kept by one
    /// that was mailed meanwhile: a thief who has changed the password and wants the account deleted must not win.
    fn of(reset: &Carried<ResetPassword>, user: User) -> Option<Self> {
        let may_be_kept = user.closes_at.is_none() || reset.mailed_to.is_some();
        if !reset.bound.holds_for(&user) || user.disabled || !may_be_kept {
            return None;
        }
        let proven = match &reset.mailed_to {
            None => None,
            Some(address) => {
                let proof = AddressProof::of(&user)?;
                if proof.email != *address {
                    return None;
                }
                Some(proof)
            }
        };
        Some(Self { user, proven })
    }
}
