//! Confirming: an address, a change of it, or a sign-up. It never signs anybody in.

use std::time::Duration;

use mail::{ConfirmedName, MaskedAddress};
use model::{EmailAddress, User, Username};
use password::{Busy, PasswordHash};
use secret::{PlainToken, Secret};
use storage::{
    AddressChange, AddressChanged, AddressProof, Carried, NewUser, Purpose, SaveUserError,
    UniqueField,
};

use super::{ChangeAddress, ConfirmAddress, PendingSignUp, SignUpBrowser, token};
use crate::Accounts;
use crate::attempts::GuessError;
use crate::events::{Act, Reason};
use crate::mailing::{AddressNotice, Announced, Code, address_of};

/// What somebody confirms by.
#[derive(Clone, Debug)]
pub enum Confirm {
    /// The token of a link.
    Link(Secret<String>),
    /// The digits that were mailed to an address.
    Code {
        /// The address.
        address: EmailAddress,
        /// The digits, as they were typed.
        code: Secret<String>,
    },
}

/// What confirming a sign-up takes besides.
#[derive(Debug, Default)]
pub struct ConfirmWith {
    /// What the browser has that signed up.
    pub browser: Option<SignUpBrowser>,
    /// The password that was chosen then.
    pub password: Option<Secret<String>>,
    /// Another name, where the one that was chosen then is taken meanwhile.
    pub username: Option<Username>,
}

/// What can be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmable {
    /// The address of an account.
    Address,
    /// Another address for an account.
    NewAddress,
    /// A sign-up.
    SignUp {
        /// Whether the password is needed that was chosen then.
        needs_password: bool,
    },
}

/// Why nothing was confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The link or the code is wrong, was used, has expired, or the account has changed since.
    #[error("the link is not good any more")]
    InvalidLink,
    /// Another browser has signed up: the password is needed that was chosen then.
    #[error("the password is needed")]
    PasswordNeeded,
    /// It is another.
    #[error("the password is wrong")]
    WrongPassword,
    /// Too many tries went before.
    #[error("too many attempts")]
    TooManyAttempts {
        /// When to try again.
        retry_after: Duration,
    },
    /// The name is taken meanwhile: the link stays good, with another.
    #[error("the name is taken")]
    UsernameTaken,
    /// Too many passwords wait to be hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl From<GuessError> for ConfirmError {
    fn from(error: GuessError) -> Self {
        match error {
            GuessError::TooManyAttempts { retry_after } => Self::TooManyAttempts { retry_after },
            GuessError::Storage(error) => error.into(),
        }
    }
}

/// Changes of an address can be made again when the first of them can't be undone any more, after so long at the latest.
const UNTIL_FEWER_CHANGES: Duration = storage::Undoable::LIFETIME;

/// The tries at the codes of an address begin anew after so long at the latest.
const UNTIL_MORE_TRIES: Duration = Duration::from_hours(24);

/// What is behind a link or a code.
enum Behind {
    Address(Carried<ConfirmAddress>),
    NewAddress(Carried<ChangeAddress>),
    SignUp(Carried<PendingSignUp>),
}

impl Accounts {
    /// What a link confirms, for who has this `browser`; nothing when it is not good.
    pub async fn what_is_confirmed_by(
        &self,
        link: &str,
        browser: Option<&SignUpBrowser>,
    ) -> Result<Option<Confirmable>, storage::Error> {
        Ok(match self.behind_link(link).await? {
            None => None,
            Some(Behind::Address(found)) => {
                let proof = self.address_proof(&found).await?;
                proof.map(|_| Confirmable::Address)
            }
            Some(Behind::NewAddress(found)) => {
                let user = self.whose_address_changes(&found).await?;
                user.map(|_| Confirmable::NewAddress)
            }
            Some(Behind::SignUp(found)) => {
                let is_used = self.0.storage.user(&found.id).await?.is_some();
                let needs_password = !found.is_of(browser);
                (!is_used).then_some(Confirmable::SignUp { needs_password })
            }
        })
    }

    /// Confirms what a link or a code is for, and says what that was.
    pub async fn confirm(
        &self,
        by: Confirm,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        let behind = match &by {
            Confirm::Link(link) => self.behind_link(link.expose()).await?,
            Confirm::Code { address, code } => self.behind_code(address, code).await?,
        };
        let Some(behind) = behind else {
            self.report(Act::Confirmation.refused(Reason::InvalidLink));
            return Err(ConfirmError::InvalidLink);
        };
        let confirmed = match behind {
            Behind::Address(found) => self.confirm_address(&found).await?,
            Behind::NewAddress(found) => self.confirm_change(&found).await?,
            Behind::SignUp(found) => self.confirm_sign_up(&found, with).await?,
        };
        if let Confirm::Code { address, .. } = &by {
            self.forget_tries_at_code(address).await;
        }
        Ok(confirmed)
    }

    async fn confirm_address(
        &self,
        found: &Carried<ConfirmAddress>,
    ) -> Result<Confirmable, ConfirmError> {
        let Some(proof) = self.address_proof(found).await? else {
            return self.not_confirmed(Act::Confirmation, Reason::InvalidLink, &found.user);
        };
        let storage = &self.0.storage;
        match storage.confirm_address(proof, self.moment()).await? {
            Some(user) => {
                self.report(Act::Confirmation.done().of(&user.id));
                Ok(Confirmable::Address)
            }
            None => self.not_confirmed(Act::Confirmation, Reason::Superseded, &found.user),
        }
    }

    async fn confirm_change(
        &self,
        found: &Carried<ChangeAddress>,
    ) -> Result<Confirmable, ConfirmError> {
        const ACT: Act = Act::AddressChange;
        let (Some(user), Ok(to)) = (
            self.whose_address_changes(found).await?,
            EmailAddress::parse(&found.to),
        ) else {
            return self.not_confirmed(ACT, Reason::InvalidLink, &found.user);
        };
        // An address that was never proven may be a stranger's, who must not get the account by undoing.
        let may_be_undone = user.email_verified && address_of(&user).is_some();
        let announced = if may_be_undone {
            self.announce_address(&user, &to).await?
        } else {
            Announced::to_nobody()
        };
        let change = AddressChange {
            user: user.id.clone(),
            from: user.address_number,
            at: user.generation,
            to,
            may_be_undone,
        };
        match self.0.storage.change_address(change, self.moment()).await {
            Ok(AddressChanged::Changed(_)) => {
                self.report(ACT.done().of(&user.id));
                self.made::<AddressNotice>(announced).await;
                Ok(Confirmable::NewAddress)
            }
            Ok(AddressChanged::Superseded) | Err(SaveUserError::Exists) => {
                self.not_confirmed(ACT, Reason::Superseded, &user.id)
            }
            Ok(AddressChanged::TooMany) => {
                self.report(ACT.refused(Reason::TooManyChanges).of(&user.id));
                Err(ConfirmError::TooManyAttempts {
                    retry_after: UNTIL_FEWER_CHANGES,
                })
            }
            Err(SaveUserError::Taken(field)) => self.not_confirmed(ACT, field.into(), &user.id),
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
    }

    /// Makes the account, for the browser that signed up or whoever knows the password that was chosen then: else the
    /// owner of an address would confirm what a stranger wants.
    async fn confirm_sign_up(
        &self,
        found: &Carried<PendingSignUp>,
        with: ConfirmWith,
    ) -> Result<Confirmable, ConfirmError> {
        const ACT: Act = Act::Registration;
        if !found.is_of(with.browser.as_ref()) {
            let password = with.password.ok_or(ConfirmError::PasswordNeeded)?;
            self.prove_chosen_password(found, password).await?;
        }
        let chosen = Username::parse(&found.username).ok();
        let (Some(username), Ok(email)) = (
            with.username.or(chosen),
            EmailAddress::parse(&found.address),
        ) else {
            return Err(ConfirmError::InvalidLink);
        };
        let new = NewUser {
            id: found.id.clone(),
            username,
            email,
            email_verified: true,
            hash: PasswordHash::from_stored(found.hash.clone()),
            now: self.0.clock.now(),
        };
        match self.0.storage.create_user(new).await {
            Ok(user) => {
                self.report(ACT.done().of(&user.id));
                Ok(Confirmable::SignUp {
                    needs_password: false,
                })
            }
            Err(SaveUserError::Taken(UniqueField::Username)) => {
                self.report(ACT.refused(Reason::UsernameTaken));
                Err(ConfirmError::UsernameTaken)
            }
            // Somebody else has signed up with this address and confirmed it.
            Err(SaveUserError::Taken(UniqueField::Email)) => {
                self.report(ACT.refused(Reason::EmailTaken));
                Err(ConfirmError::InvalidLink)
            }
            Err(SaveUserError::Exists) => self.not_confirmed(ACT, Reason::InvalidLink, &found.id),
            Err(SaveUserError::Storage(error)) => Err(error.into()),
        }
    }

    /// Checks the password that was chosen at a sign-up. Whoever holds the link could guess: tries count as at sign-in.
    async fn prove_chosen_password(
        &self,
        found: &PendingSignUp,
        password: Secret<String>,
    ) -> Result<(), ConfirmError> {
        let permit = self.admit_registration(&found.address)?;
        let budget = self.budget_of_mail(&format!("sign-up/{}", found.id));
        let guess = self.count_guess(budget, Act::Registration, None).await?;
        let hash = PasswordHash::from_stored(found.hash.clone());
        let verified = match self.verify(&permit, &password, hash, None).await {
            Ok(verified) => verified,
            Err(not_compared) => {
                self.give_back(guess).await;
                return Err(not_compared.into());
            }
        };
        if verified.strength.is_none() {
            self.report(Act::Registration.refused(Reason::WrongPassword));
            return Err(ConfirmError::WrongPassword);
        }
        self.clear_guesses(guess).await?;
        Ok(())
    }

    fn not_confirmed(
        &self,
        act: Act,
        reason: Reason,
        user: &model::UserId,
    ) -> Result<Confirmable, ConfirmError> {
        self.report(act.refused(reason).of(user));
        Err(ConfirmError::InvalidLink)
    }

    async fn behind_link(&self, link: &str) -> Result<Option<Behind>, storage::Error> {
        if let Some(token) = token::<ConfirmAddress>(link) {
            return self.look(&token, Behind::Address).await;
        }
        if let Some(token) = token::<ChangeAddress>(link) {
            return self.look(&token, Behind::NewAddress).await;
        }
        if let Some(token) = token::<PendingSignUp>(link) {
            return self.look(&token, Behind::SignUp).await;
        }
        Ok(None)
    }

    /// What the code is for that was mailed to `address`: a try is counted before anything is compared.
    async fn behind_code(
        &self,
        address: &EmailAddress,
        code: &Secret<String>,
    ) -> Result<Option<Behind>, ConfirmError> {
        let Some(code) = Code::typed(code.expose()) else {
            return Ok(None);
        };
        if !self.may_try_code(address).await? {
            self.report(Act::Confirmation.refused(Reason::TooManyAttempts));
            return Err(ConfirmError::TooManyAttempts {
                retry_after: UNTIL_MORE_TRIES,
            });
        }
        let confirm = self.link_of_code::<ConfirmAddress>(address, &code);
        let change = self.link_of_code::<ChangeAddress>(address, &code);
        let sign_up = self.link_of_code::<PendingSignUp>(address, &code);
        // All three, whatever is found, so that it takes the same time.
        let confirm = self.look(&confirm, Behind::Address).await?;
        let change = self.look(&change, Behind::NewAddress).await?;
        let sign_up = self.look(&sign_up, Behind::SignUp).await?;
        Ok(confirm.or(change).or(sign_up))
    }

    async fn look<T: Purpose>(
        &self,
        token: &PlainToken,
        as_what: impl FnOnce(Carried<T>) -> Behind,
    ) -> Result<Option<Behind>, storage::Error> {
        Ok(self.tickets().look::<T>(token).await?.map(as_what))
    }

    async fn address_proof(
        &self,
        found: &Carried<ConfirmAddress>,
    ) -> Result<Option<AddressProof>, storage::Error> {
        let user = crate::unreadable::readable(self.0.storage.user(&found.user).await)?;
        Ok(user.and_then(|user| {
            let proof = AddressProof::of(&user)?;
            let is_good = found.bound.holds_for(&user)
                && proof.email == found.address
                && !user.email_verified
                && user.is_in_use();
            is_good.then_some(proof)
        }))
    }

    async fn whose_address_changes(
        &self,
        found: &Carried<ChangeAddress>,
    ) -> Result<Option<User>, storage::Error> {
        let user = crate::unreadable::readable(self.0.storage.user(&found.user).await)?;
        Ok(user.filter(|user| found.bound.holds_for(user) && user.is_in_use()))
    }

    /// Has whoever has the present address told of a change that is about to be made, once it is.
    async fn announce_address(
        &self,
        user: &User,
        to: &EmailAddress,
    ) -> Result<Announced, storage::Error> {
        let Ok(mailing) = self.mailing() else {
            return Ok(Announced::to_nobody());
        };
        let notice = AddressNotice {
            user: user.id.clone(),
            before: user.email.clone().unwrap_or_default(),
            name: ConfirmedName::of(user),
            now: MaskedAddress::of(to),
            number: user.address_number.next(),
            language: self.language(mailing),
        };
        self.announce(&notice, Some(&user.id)).await
    }

    async fn forget_tries_at_code(&self, address: &EmailAddress) {
        let budget = self.budget_of_mail(&format!("code/{}", address.key()));
        if let Err(error) = self.0.storage.clear_attempts(budget).await {
            tracing::debug!(%error, "tries at a code are still counted");
        }
    }
}
