//! Who is admitted to the hashing pool, and as whom: a fair share for each.
//!
//! Somebody who is signed in has a share as a user, wherever they ask from. A stranger has that of their network:
//! an address of mail or a name can be made up for every request. But a back end that is trusted to ask for many
//! strangers would be one of them; there, each name has its own.

use std::net::IpAddr;

use password::{Busy, Permit, Principal, Purpose};

use crate::{Accounts, Actor};

impl Accounts {
    /// A permit to sign in as `name`, in its canonical form.
    pub(crate) fn admit_sign_in(&self, name: &str) -> Result<Permit, Busy> {
        self.admit(Purpose::SignIn, self.stranger(name))
    }

    /// A permit to sign up as `name`.
    pub(crate) fn admit_registration(&self, name: &str) -> Result<Permit, Busy> {
        self.admit(Purpose::Other, self.stranger(name))
    }

    /// A permit for somebody who is signed in.
    pub(crate) fn admit_actor(&self, actor: &Actor) -> Result<Permit, Busy> {
        let user = Principal::User(actor.user.as_str().to_owned());
        self.admit(Purpose::Other, user)
    }

    /// A permit for what no request asked for.
    pub(crate) fn admit_ourselves(&self) -> Result<Permit, Busy> {
        self.admit(Purpose::Other, Principal::Name(String::new()))
    }

    fn admit(&self, purpose: Purpose, principal: Principal) -> Result<Permit, Busy> {
        self.0.hasher.admit(purpose, principal)
    }

    fn stranger(&self, name: &str) -> Principal {
        let request = self.1.as_deref();
        let network: Option<IpAddr> = request.and_then(|request| request.network);
        network.map_or_else(|| Principal::Name(name.to_owned()), Principal::Network)
    }
}
