//! Signing up where the address must be confirmed first.

use mail::Letter;
use model::{EmailAddress, UserId, Username};
use serde::{Deserialize, Serialize};
use storage::{Bound, Kind, LoginName, Ticket, UniqueField};

use super::pending::MailableAgain;
use super::{NotMade, PendingSignUp, SignUpBrowser};
use crate::Accounts;
use crate::events::{Act, Reason};
use crate::mailing::{CONFIRMATION, Mail, Mailing, Requester};
use crate::outbox::{Job, Outcome, Running, Urgency};
use crate::register::{RegisterError, Registration};
use crate::unreadable::readable;

/// Somebody wants an account.
#[derive(Serialize, Deserialize)]
pub(crate) struct AskForAccount {
    pending: PendingSignUp,
    requester: Requester,
}

impl Accounts {
    /// Has a link mailed by which the account is made. Nothing is reserved, and whether the address has an account is
    /// looked up later; that a name is taken is said at once, since names are public.
    ///
    /// What this gives is for the browser that signs up, if one does: there the link alone is enough.
    pub async fn ask_for_account(
        &self,
        registration: Registration,
    ) -> Result<SignUpBrowser, RegisterError> {
        let Ok(mailing) = self.mailing() else {
            return Err(RegisterError::Closed); // the settings do not allow it
        };
        let address = registration.email.clone();
        let username = registration.username.clone();
        let hash = self.judge_and_hash(registration).await?;
        self.refuse_public_name(&username).await?;
        let browser = SignUpBrowser::random(&*self.0.rng);
        let pending = PendingSignUp {
            id: UserId::new(self.0.clock.now(), &*self.0.rng),
            username: username.as_str().to_owned(),
            address: address.as_str().to_owned(),
            hash: hash.expose().to_owned(),
            browser: Some(browser.hashed()),
        };
        let asked = AskForAccount {
            pending,
            requester: self.requester(mailing, None),
        };
        self.post(&asked, self.unnoticed(CONFIRMATION)).await?;
        self.report(Act::SignUp.done());
        Ok(browser)
    }

    /// Refuses a name that an account has.
    async fn refuse_public_name(&self, username: &Username) -> Result<(), RegisterError> {
        let name = LoginName {
            exact: username.as_str().to_owned(),
            username_key: Some(username.key().as_str().to_owned()),
            email_key: None,
        };
        let found = readable(self.0.storage.credentials_by_login(&name).await)?;
        if found.is_none() {
            return Ok(());
        }
        self.report(Act::SignUp.refused(Reason::UsernameTaken));
        Err(RegisterError::Taken(UniqueField::Username))
    }
}

impl Job for AskForAccount {
    const KIND: Kind = Kind("sign_up");
    const URGENCY: Urgency = Urgency::Ordinary;

    async fn run(self, accounts: &Accounts, at: &Running) -> Outcome {
        let mailed = accounts.mail_sign_up(self, at).await;
        mailed.unwrap_or_else(NotMade::outcome)
    }
}

impl Accounts {
    async fn mail_sign_up(&self, asked: AskForAccount, at: &Running) -> Result<Outcome, NotMade> {
        let AskForAccount { pending, requester } = asked;
        let Ok(mailing) = self.mailing() else {
            return Ok(Outcome::Later("mail_is_off"));
        };
        let Ok(typed) = EmailAddress::parse(&pending.address) else {
            return Ok(Outcome::Never("unreadable_address"));
        };
        let found = self.account_to_write_to(&typed).await?;
        let user = found.as_ref().map(|(user, _)| user);
        let to = found.as_ref().map_or(&typed, |(_, address)| address);
        if !self
            .may_mail(Mail::SignUp, to, &requester, user, at)
            .await?
        {
            return Ok(Outcome::Done);
        }
        let letter = if found.is_some() {
            Letter::AlreadyRegistered {
                sign_in: mailing.page("/login"),
                reset: mailing.page("/forgot"),
            }
        } else {
            self.let_mail_again(&pending).await?;
            self.letter_to_confirm(mailing, pending, &typed).await?
        };
        let reason = at.id.to_string();
        self.mail(to, requester.language(), letter, &reason, CONFIRMATION)
            .await?;
        Ok(Outcome::Done)
    }

    /// A letter with what makes the account.
    pub(super) async fn letter_to_confirm(
        &self,
        mailing: &Mailing,
        pending: PendingSignUp,
        address: &EmailAddress,
    ) -> Result<Letter, NotMade> {
        let bound = Bound::to_nobody();
        let carried = self
            .carried(mailing, pending, bound, CONFIRMATION, address)
            .await?;
        Ok(Letter::ConfirmSignUp {
            link: carried.link,
            code: carried.code,
            expires: self.0.clock.now().plus(CONFIRMATION),
        })
    }

    /// Keeps a sign-up for its browser, which may ask for the mail once more.
    async fn let_mail_again(&self, pending: &PendingSignUp) -> Result<(), NotMade> {
        let Some(browser) = pending.browser else {
            return Ok(());
        };
        if self.mailable_again(browser).await?.is_some() {
            return Ok(()); // an earlier try has kept it
        }
        let (found_by, again) = (
            MailableAgain::found_by(browser),
            MailableAgain(pending.clone()),
        );
        let ticket = Ticket::under(found_by, again, Bound::to_nobody(), CONFIRMATION);
        Ok(self.tickets().put(ticket).await?)
    }

    /// The sign-up that waits for its address in this browser.
    pub(super) async fn mailable_again(
        &self,
        browser: [u8; 32],
    ) -> Result<Option<PendingSignUp>, storage::Error> {
        let found_by = MailableAgain::found_by(browser);
        let found = self.tickets().look::<MailableAgain>(&found_by).await?;
        Ok(found.map(|found| found.purpose.0))
    }
}
