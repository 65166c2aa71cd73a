//! The hosted pages: what people see in a browser. One page, one file.
//!
//! - They work without a script, and load nothing but a stylesheet, an icon and a script of their own, which adds
//!   buttons that show passwords.
//! - Who asks is told by a cookie (`cookies.rs`) and nothing else: a bearer token counts for nothing
//!   here, as cookies count for nothing in `/api/v1`.
//! - Whatever changes something passes both defences of [`csrf`]. Before a login the form token is
//!   bound to a session of its own, which dies at the login (`visitor.rs`).
//! - Over plain http to another machine they are off: a password would cross the network in the clear.

pub(crate) mod account;
mod agent;
pub(crate) mod assets;
pub(crate) mod confirm;
mod cookies;
pub(crate) mod deleted;
pub(crate) mod enrol_first;
pub(crate) mod error;
mod factor;
mod form;
pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod mailed;
mod next;
mod notice;
pub(crate) mod register;
mod render;
pub(crate) mod second_step;
mod visitor;
mod wanted;
mod words;

use std::sync::Arc;

use csrf::{CsrfLayer, FormTokens, InvalidPublicUrl, PublicOrigin};
use http::HeaderMap;
use model::Clock;

use cookies::Cookies;

pub(crate) use render::IsPage;
pub(crate) use wanted::wants_page;
pub(crate) use words::Words;

/// How people reach the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over https.
    Https,
    /// Over http, from this machine only.
    Loopback,
    /// Over http, from other machines: the pages are off.
    PlainHttp,
}

/// What the pages need besides the use cases. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pages {
    cookies: Cookies,
    origin: PublicOrigin,
    csrf: CsrfLayer,
    reach: Reach,
}

impl Pages {
    /// Pages at `public_url`, whose forms carry `tokens`.
    ///
    /// # Errors
    /// [`InvalidPublicUrl`] unless it is an http or https URL.
    pub fn new(
        public_url: &str,
        reach: Reach,
        tokens: FormTokens,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, InvalidPublicUrl> {
        let cookies = Cookies::new(reach == Reach::Https);
        let origin = PublicOrigin::of(public_url)?;
        let csrf = CsrfLayer::new(
            tokens,
            origin.clone(),
            cookies,
            Arc::new(move || clock.now().as_seconds()),
        );
        Ok(Self {
            cookies,
            origin,
            csrf,
            reach,
        })
    }

    /// What stands around the routes that take or show a form.
    pub(crate) const fn csrf(&self) -> &CsrfLayer {
        &self.csrf
    }

    /// Whether they are not shown, since whatever is typed would cross the network in the clear.
    pub(crate) const fn are_off(&self) -> bool {
        matches!(self.reach, Reach::PlainHttp)
    }

    /// Whether a form comes from a page of ours, as the layer of [`csrf`] judges it again before anything is done.
    pub(crate) fn is_own_form(&self, headers: &HeaderMap) -> bool {
        self.origin.vouches_for(headers).is_ok()
    }

    /// Whether a request carries the cookie of somebody who has signed in, or once had.
    pub(crate) fn has_session(&self, headers: &HeaderMap) -> bool {
        self.cookies.session(headers).is_some()
    }
}
