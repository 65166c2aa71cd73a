//! What a request is charged before anything of its body is read, and who hears of a refusal.

use account::RequestInfo;
use http::HeaderMap;
use jwt::Authentication;
use model::UserId;

use super::passing::Passing;
use super::{Admitted, Shared};
use crate::extract::client_info::agent;
use crate::limits::{self, Asked, Charge, Deferred};
use crate::route::Charged;

/// What a request costs.
pub(super) enum Limited {
    /// Nothing.
    Free,
    /// Something.
    Charged(Charge),
    /// Something, and then the handler says whom to charge besides, or instead.
    Twice(Charge, Deferred),
}

impl Shared {
    /// Whom a request is charged to, and as what.
    pub(super) fn limit(
        &self,
        asked: Asked<'_>,
        headers: &HeaderMap,
        authentication: &Authentication,
    ) -> Limited {
        let Some(limits) = &self.app.limits else {
            return Limited::Free;
        };
        let route = asked.route;
        if route.is_some_and(|route| route.takes_form(asked.method))
            && !self.app.pages.is_own_form(headers)
        {
            return Limited::Charged(limits.charge_look(asked));
        }
        if route.is_some_and(|route| route.refuses_unread(asked.method, headers, authentication)) {
            return Limited::Charged(limits.charge_unmatched(asked));
        }
        if route.is_some_and(|route| route.charged == Charged::PageOfAccount)
            && !asked.method.is_safe()
            && self.app.pages.has_session(headers)
        {
            let deferred = Deferred::new(limits, asked);
            return Limited::Twice(limits.charge_look(asked), deferred);
        }
        match limits.charge(asked, authentication) {
            Some(charge)
                if route.is_some_and(|route| {
                    route.signs_in(asked.method)
                        || route.reads_token_from_body && authentication.is_missing()
                }) =>
            {
                Limited::Twice(charge, Deferred::new(limits, asked))
            }
            charge => charge.map_or(Limited::Free, Limited::Charged),
        }
    }

    /// Reports a refusal to somebody who is signed in and has had the password checked too often.
    pub(super) fn report_throttled(&self, request: &Admitted, passing: &Passing) {
        let decision = passing.charged.as_ref();
        let what = decision.and_then(|decision| limits::throttled(passing.route, decision));
        let (Some(what), Ok(token)) = (what, request.authentication.verified()) else {
            return;
        };
        let info = RequestInfo {
            id: passing.id.to_str().unwrap_or_default().to_owned(),
            client: request.client.address.to_string(),
            agent: agent(request.request.headers()),
            network: None,   // nothing is hashed
            languages: None, // nothing is mailed
        };
        let account = UserId::parse(token.subject()).ok();
        let accounts = self.app.accounts.serving(info);
        accounts.report_throttled(what, account.as_ref());
    }
}
