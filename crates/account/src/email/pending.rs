//! A sign-up that waits for its address to be confirmed. It reserves nothing and is no account.

use model::{Rng, UserId};
use secret::{HashedToken, PlainToken, TokenPrefix};
use serde::{Deserialize, Serialize};
use storage::{Kind, Purpose};

/// A sign-up: what the account is to be.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingSignUp {
    /// The account that it becomes: once, since an id is taken once.
    pub(crate) id: UserId,
    pub(crate) username: String,
    pub(crate) address: String,
    pub(crate) hash: String,
    /// The hash of what the browser keeps that signed up, if a browser did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) browser: Option<[u8; 32]>,
}

impl Purpose for PendingSignUp {
    const KIND: Kind = Kind("sign_up");
    const PREFIX: TokenPrefix = TokenPrefix("pcs_");

    fn owner(&self) -> Option<&UserId> {
        None // there is no account yet
    }
}

/// A sign-up that the browser that signed up can have mailed once more.
#[derive(Serialize, Deserialize)]
pub(crate) struct MailableAgain(pub(crate) PendingSignUp);

impl Purpose for MailableAgain {
    const KIND: Kind = Kind("sign_up_again");
    const PREFIX: TokenPrefix = TokenPrefix("pcw_");

    fn owner(&self) -> Option<&UserId> {
        None
    }
}

impl MailableAgain {
    /// What it is found by, for the browser whose hash this is.
    pub(crate) fn found_by(browser: [u8; 32]) -> PlainToken {
        PlainToken::from_bytes(Self::PREFIX, browser)
    }
}

/// What a browser keeps that has signed up, until the address is confirmed.
#[derive(Clone, Debug)]
pub struct SignUpBrowser(PlainToken);

const PREFIX: TokenPrefix = TokenPrefix("pcw_");

impl SignUpBrowser {
    /// A new one.
    pub(crate) fn random(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 32];
        rng.fill(&mut bytes);
        Self(PlainToken::from_bytes(PREFIX, bytes))
    }

    /// What a browser has sent, if it can be one.
    pub fn presented(text: &str) -> Option<Self> {
        PlainToken::parse(PREFIX, text).ok().map(Self)
    }

    /// The text for the browser to keep.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(crate) fn hashed(&self) -> [u8; 32] {
        *self.0.hashed().as_bytes()
    }
}

impl PendingSignUp {
    /// Whether `browser` is the one that signed up.
    pub(crate) fn is_of(&self, browser: Option<&SignUpBrowser>) -> bool {
        let (Some(kept), Some(browser)) = (self.browser, browser) else {
            return false;
        };
        HashedToken::from_bytes(kept) == HashedToken::from_bytes(browser.hashed())
    }
}
