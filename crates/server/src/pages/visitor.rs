//! Who looks at a page.

use std::time::Duration;

use account::{
    BrowserActor, BrowserSession, Cookie, Deletion, DeviceToken, RememberedDevice, SignUpBrowser,
};
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Redirect, Response};
use csrf::CsrfToken;
use http::header::{HeaderValue, SET_COOKIE};
use http::request::Parts;
use secret::{HashedToken, PlainToken};

use super::cookies::{Cookies, Kind, PRE_SESSION, binding};
use crate::app::App;
use crate::error::ApiError;
use crate::extract::Serving;
use crate::limits::Deferred;

/// Who looks at a page: someone who has signed in, or not.
pub(crate) struct Visitor {
    cookies: Cookies,
    browser: Option<BrowserActor>,
    device: Option<DeviceToken>,
    remembered: Option<RememberedDevice>,
    /// For how long a browser may be remembered.
    remembers_for: Duration,
    sign_up: Option<SignUpBrowser>,
    pre: Option<PlainToken>,
    /// Whether there is a session cookie that leads nowhere.
    stale: bool,
    /// Whether somebody has just signed out.
    signed_out: bool,
    /// What has become of an account that was deleted here.
    deleted: Option<Deletion>,
}

/// Someone who has signed in. Anyone else is sent to the page where one does.
pub(crate) struct SignedIn {
    pub(super) browser: BrowserActor,
    /// What tells that the browser is known.
    pub(super) device: Option<DeviceToken>,
    cookies: Cookies,
}

/// The session of before the login that a page is given with.
pub(super) struct PreSession {
    cookies: Vec<HeaderValue>,
}

impl Visitor {
    /// The session that the browser has.
    pub(super) const fn browser(&self) -> Option<&BrowserActor> {
        self.browser.as_ref()
    }

    /// What carries the session of whoever signs in here.
    pub(super) fn carrier(&self) -> Cookie {
        Cookie {
            previous: self.browser.clone(),
        }
    }

    /// Whether somebody has just signed out here, which the page that comes next says once.
    ///
    /// A cookie tells it: no other site can set that one, while anyone could link to an address that says it.
    pub(super) const fn has_signed_out(&self) -> bool {
        self.signed_out
    }

    /// What has become of an account that was deleted here a moment ago. A cookie tells it, as for
    /// [`Visitor::has_signed_out`].
    pub(super) const fn deleted(&self) -> Option<Deletion> {
        self.deleted
    }

    /// What tells that the browser is known.
    pub(super) fn device(&self) -> Option<DeviceToken> {
        self.device.clone()
    }

    /// What stands for the second factor.
    pub(super) fn remembered(&self) -> Option<RememberedDevice> {
        self.remembered.clone()
    }

    /// For how many days this browser may be remembered; 0: it may not.
    pub(super) const fn remember_days(&self) -> u64 {
        self.remembers_for.as_secs() / 86_400
    }

    /// What tells that they have signed up with this browser, and not confirmed the address yet.
    pub(super) const fn sign_up(&self) -> Option<&SignUpBrowser> {
        self.sign_up.as_ref()
    }

    /// The hash of what this browser is known by between two steps of a sign-in: what its form tokens are bound to. A
    /// browser that has nothing of the kind gets what it can't show again: its sign-in ends there.
    pub(super) fn known_by(&self) -> Result<HashedToken, ApiError> {
        let session = self.browser.as_ref().map(|browser| &browser.cookie);
        if let Some(cookie) = session.or(self.pre.as_ref()) {
            return Ok(cookie.hashed());
        }
        let nobody = PlainToken::random(PRE_SESSION).map_err(ApiError::internal)?;
        Ok(nobody.hashed())
    }

    /// A form token, and the session of before the login that it is bound to, which begins now if
    /// there is none. The page must be [given](PreSession::give) with it.
    pub(super) fn pre_session(&self, csrf: CsrfToken) -> Result<(String, PreSession), ApiError> {
        let mut cookies = Vec::new();
        let pre = if let Some(pre) = &self.pre {
            pre.clone()
        } else {
            let begun = PlainToken::random(PRE_SESSION).map_err(ApiError::internal)?;
            cookies.push(self.cookies.set(Kind::PreSession, &begun));
            begun
        };
        if self.stale {
            cookies.push(self.cookies.clear(Kind::Session));
        }
        if self.signed_out {
            cookies.push(self.cookies.clear(Kind::SignedOut));
        }
        let token = csrf.bound_to(binding(&pre)).render();
        Ok((token.map_err(ApiError::internal)?, PreSession { cookies }))
    }

    /// A form token for whoever looks, signed in or not. The page must be [given](PreSession::give) with it.
    pub(super) fn form_token(&self, csrf: CsrfToken) -> Result<(String, PreSession), ApiError> {
        if self.browser.is_none() {
            return self.pre_session(csrf);
        }
        let token = csrf.render().map_err(ApiError::internal)?;
        let cookies = Vec::new();
        Ok((token, PreSession { cookies }))
    }

    /// The page, with what the browser is known by from now on.
    pub(super) fn known_as(&self, device: &DeviceToken, page: Response) -> Response {
        with_cookies(page, [self.cookies.set_device(device)])
    }

    /// The page, with what the browser keeps until the address is confirmed.
    pub(super) fn signing_up(&self, browser: &SignUpBrowser, page: Response) -> Response {
        with_cookies(page, [self.cookies.set_sign_up(browser)])
    }

    /// The page, for a browser that need not keep it any more.
    pub(super) fn signed_up(&self, page: Response) -> Response {
        with_cookies(page, [self.cookies.clear(Kind::SignUp)])
    }

    /// Sends someone who has just signed in to `path`. The session of before ends.
    pub(super) fn welcome(&self, session: &BrowserSession, path: &str) -> Response {
        self.welcome_on(session, Redirect::to(path).into_response())
    }

    /// The page of someone who has just signed in. The session of before ends.
    pub(super) fn welcome_on(&self, session: &BrowserSession, page: Response) -> Response {
        let cookies = [
            self.cookies.set(Kind::Session, &session.cookie),
            self.cookies.set_device(&session.device),
            self.cookies.clear(Kind::PreSession),
        ];
        let remembered = session.remembered.as_ref();
        let remembered =
            remembered.map(|device| self.cookies.set_remembered(device, self.remembers_for));
        with_cookies(page, cookies.into_iter().chain(remembered))
    }
}

impl SignedIn {
    /// Sends them to `path` with new cookies in place of the old ones.
    pub(super) fn renewed(
        &self,
        cookie: &PlainToken,
        device: Option<&DeviceToken>,
        path: &str,
    ) -> Response {
        let session = self.cookies.set(Kind::Session, cookie);
        let device = device.map(|device| self.cookies.set_device(device));
        let cookies = std::iter::once(session).chain(device);
        with_cookies(Redirect::to(path).into_response(), cookies)
    }

    /// Sends them to `path`. The browser is not remembered any more.
    pub(super) fn forgotten(&self, path: &str) -> Response {
        let cookies = [self.cookies.clear(Kind::Remembered)];
        with_cookies(Redirect::to(path).into_response(), cookies)
    }

    /// Sends them to where one signs in, after they have signed out.
    pub(super) fn signed_out(&self) -> Response {
        let cookies = [
            self.cookies.clear(Kind::Session),
            self.cookies.set_signed_out(),
        ];
        with_cookies(forgotten(to_login()), cookies)
    }

    /// Sends them to where it stands what has become of their account. The browser is known no more.
    pub(super) fn deleted(&self, deletion: Deletion) -> Response {
        let cookies = [
            self.cookies.clear(Kind::Session),
            self.cookies.clear(Kind::Device),
            self.cookies.clear(Kind::Remembered),
            self.cookies.set_deleted(deletion),
        ];
        let response = Redirect::to("/deleted").into_response();
        with_cookies(forgotten(response), cookies)
    }
}

impl PreSession {
    /// The page, with the cookies that go with it.
    pub(super) fn give(self, page: Response) -> Response {
        with_cookies(page, self.cookies)
    }
}

/// Sends someone whose session has ended to where one signs in. That page takes the cookie away: this
/// answer may be late, and the browser have a better cookie by now.
pub(super) fn to_login() -> Response {
    Redirect::to("/login").into_response()
}

/// Has the browser forget the pages that it left: `no-store` doesn't keep Chromium from showing them when one goes back.
fn forgotten(mut response: Response) -> Response {
    let cache = HeaderValue::from_static("\"cache\"");
    response.headers_mut().insert("clear-site-data", cache);
    response
}

fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response {
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

impl FromRequestParts<App> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let cookies = app.pages.cookies;
        let headers = &parts.headers;
        let browser = match cookies.session(headers) {
            Some(cookie) => app.accounts.browser_actor(cookie).await?,
            None => None,
        };
        Ok(Self {
            stale: browser.is_none() && cookies.has(headers, Kind::Session),
            signed_out: cookies.has(headers, Kind::SignedOut),
            deleted: cookies.deleted(headers),
            pre: cookies.pre_session(headers),
            device: cookies.device(headers),
            remembered: cookies.remembered(headers),
            remembers_for: app.accounts.remembers_for(),
            sign_up: cookies.sign_up(headers),
            browser,
            cookies,
        })
    }
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Visitor {
            cookies,
            browser,
            device,
            ..
        } = Visitor::from_request_parts(parts, app)
            .await
            .map_err(ApiError::into_response)?;
        if let Some(deferred) = parts.extensions.get::<Deferred>() {
            let user = browser.as_ref().map(|browser| &browser.actor.user);
            let charged = deferred.charge_person(user).await;
            if let Some(what) = deferred.throttled() {
                let serving = Serving::from_request_parts(parts, app).await;
                let Serving(accounts) = serving.unwrap_or_else(|never| match never {});
                accounts.report_throttled(what, user);
            }
            charged.map_err(ApiError::into_response)?;
        }
        let browser = browser.ok_or_else(to_login)?;
        Ok(Self {
            browser,
            device,
            cookies,
        })
    }
}
