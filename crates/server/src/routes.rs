//! Every route, declared once: where it is, who pays for its requests, and which handler answers which method.
//!
//! From here the router is made and the limits are laid on, the log has its names, and the OpenAPI description its
//! paths. A new route is a handler and a line here.

use account::Throttled::{PasswordChange, Reauthentication};

use crate::api::{
    description, email, events, export, factors, health, jwks, login, logout, me, password,
    reauthenticate, refresh, register, remembered, reset, sessions, users,
};
use crate::endpoint::{Endpoint, routes};
use crate::pages;
use crate::route::Route;

static ENDPOINTS: &[Endpoint] = routes! {
    api "/livez", Nobody: GET health::livez;
    api "/readyz", Nobody: GET health::readyz;
    file "/openapi.json", Nobody, shared: GET description::serve;
    api "/.well-known/jwks.json", Nobody, shared: GET jwks::jwks;

    api "/api/v1/me", UserElseClient, at_hand(me::at_hand): GET me::me;
    api "/api/v1/register", Client:
        POST register::register fails [RegistrationClosed, UsernameTaken, EmailTaken];
    api "/api/v1/login", Client, signs_in:
        POST login::login
            fails [
                InvalidCredentials, FactorRequired, FactorEnrolmentRequired, EmailUnverified,
                DeletionScheduled, TooManyAttempts
            ];
    api "/api/v1/login/factor", Client, signs_in:
        POST factors::login
            fails [InvalidCredentials, InvalidChallenge, DeletionScheduled, TooManyAttempts];
    api "/api/v1/login/enrol", Client, signs_in:
        POST factors::begin_first fails [InvalidChallenge, EmailUnverified];
    api "/api/v1/login/enrol/confirm", Client, signs_in:
        POST factors::confirm_first
            fails [InvalidCredentials, InvalidChallenge, EmailUnverified, NotFound, TooManyAttempts];
    api "/api/v1/me/factors", UserElseClient: GET factors::list;
    api "/api/v1/me/factors/totp", UserElseClient:
        POST factors::begin fails [InsufficientUserAuthentication, EmailUnverified],
        DELETE factors::remove fails [InsufficientUserAuthentication, NotFound, FactorNotRemovable];
    api "/api/v1/me/factors/totp/confirm", UserElseClient:
        POST factors::confirm
            fails [InvalidCredentials, InsufficientUserAuthentication, EmailUnverified, NotFound, TooManyAttempts];
    api "/api/v1/me/recovery-codes", UserElseClient:
        GET factors::recovery_codes_left,
        POST factors::renew_recovery_codes fails [InsufficientUserAuthentication, NotFound];
    api "/api/v1/me/remembered-devices", UserElseClient:
        GET remembered::list, DELETE remembered::forget;
    api "/api/v1/email/confirm", Client: POST email::confirm
        fails [
            InvalidLink, InvalidCredentials, RegistrationClosed, UsernameTaken, TooManyAttempts
        ];
    api "/api/v1/email/resend", Client: POST email::resend fails [MailDisabled];
    api "/api/v1/email/change", UserElseClient: POST email::change
        fails [MailDisabled, InsufficientUserAuthentication];
    api "/api/v1/email/undo", Client: POST email::undo fails [InvalidLink];
    api "/api/v1/password/forgot", Client: POST reset::forgot fails [MailDisabled];
    api "/api/v1/password/reset", Client: POST reset::reset fails [InvalidLink];
    api "/api/v1/refresh", UserElseClient, token_in_body: POST refresh::refresh;
    api "/api/v1/logout", UserElseClient: DELETE logout::logout, POST logout::logout_by_post;
    api "/api/v1/me/reauthenticate", UserElseClient, hashes(Reauthentication):
        POST reauthenticate::reauthenticate
            fails [InvalidCredentials, FactorRequired, TooManyAttempts];
    api "/api/v1/me/password", UserElseClient, hashes(PasswordChange):
        PUT password::change fails [InvalidCredentials, TooManyAttempts];
    api "/api/v1/me/export", UserElseClient, noted:
        GET export::export fails [InsufficientUserAuthentication];
    api "/api/v1/me/events", UserElseClient: GET events::list;
    api "/api/v1/users/{id}", UserElseClient:
        GET users::read fails [Forbidden],
        PUT users::replace
            fails [Forbidden, UsernameTaken, EmailTaken, InsufficientUserAuthentication],
        PATCH users::change
            fails [Forbidden, UsernameTaken, EmailTaken, InsufficientUserAuthentication],
        DELETE users::remove fails [Forbidden, InsufficientUserAuthentication];
    api "/api/v1/sessions", UserElseClient:
        GET sessions::list,
        DELETE sessions::end_others fails [InsufficientUserAuthentication];
    api "/api/v1/sessions/{id}", UserElseClient:
        DELETE sessions::end fails [NotFound, InsufficientUserAuthentication];

    page "/", Page: GET pages::home::show;
    form "/login", Page, signs_in: GET pages::login::show, POST pages::login::submit;
    form "/login/factor", Page, signs_in:
        GET pages::login::lead_here, POST pages::second_step::submit;
    form "/login/enrol", Page, signs_in:
        GET pages::login::lead_here, POST pages::enrol_first::begin;
    form "/login/enrol/confirm", Page, signs_in:
        GET pages::login::lead_here, POST pages::enrol_first::confirm;
    form "/register", Page: GET pages::register::show, POST pages::register::submit;
    form "/forgot", Page: GET pages::mailed::forgot::show, POST pages::mailed::forgot::submit;
    form "/reset", Page: GET pages::mailed::reset::show, POST pages::mailed::reset::submit;
    form "/confirm", Page: GET pages::mailed::confirm::show, POST pages::mailed::confirm::submit;
    form "/confirm/resend", Page: GET pages::mailed::resend::show, POST pages::mailed::resend::submit;
    form "/email/undo", Page: GET pages::mailed::undo::show, POST pages::mailed::undo::submit;
    form "/logout", PageOfAccount: POST pages::logout::submit;
    form "/account", PageOfAccount: GET pages::account::page::show;
    form "/account/profile", PageOfAccount:
        GET pages::account::page::lead_here, POST pages::account::profile::submit;
    form "/account/resend", PageOfAccount:
        GET pages::account::page::lead_here, POST pages::account::resend::submit;
    form "/account/factor", PageOfAccount: GET pages::account::factor::show;
    form "/account/factor/begin", PageOfAccount:
        GET pages::account::factor::lead_here, POST pages::account::factor::enrol::begin;
    form "/account/factor/confirm", PageOfAccount:
        GET pages::account::factor::lead_here, POST pages::account::factor::enrol::confirm;
    form "/account/factor/codes", PageOfAccount:
        GET pages::account::factor::lead_here, POST pages::account::factor::manage::renew_codes;
    form "/account/factor/forget", PageOfAccount:
        GET pages::account::factor::lead_here, POST pages::account::factor::manage::forget;
    form "/account/factor/remove", PageOfAccount:
        GET pages::account::factor::lead_here, POST pages::account::factor::manage::remove;
    form "/account/events", PageOfAccount: GET pages::account::events::show;
    form "/account/export", PageOfAccount: POST pages::account::export::submit;
    form "/account/delete", PageOfAccount, hashes(Reauthentication):
        GET pages::account::delete::show, POST pages::account::delete::submit;
    page "/deleted", Page: GET pages::deleted::show;
    page "/.well-known/change-password", Nobody: GET pages::account::password::location;
    form "/account/password", PageOfAccount, hashes(PasswordChange):
        GET pages::account::page::lead_here, POST pages::account::password::submit;
    form "/account/confirm", PageOfAccount, hashes(Reauthentication):
        GET pages::confirm::show, POST pages::confirm::submit;
    form "/account/sessions/end-others", PageOfAccount:
        GET pages::account::page::lead_here, POST pages::account::sessions::end_others;
    form "/account/sessions/{id}/end", PageOfAccount:
        GET pages::account::page::lead_here, POST pages::account::sessions::end;
    page "/static/pages.css", Nobody: GET pages::assets::stylesheet;
    page "/static/pages.js", Nobody: GET pages::assets::script;
    page "/static/icon.svg", Nobody: GET pages::assets::icon;
};

/// Every route with its handlers, in the order in which a path is looked for.
pub(crate) fn endpoints() -> &'static [Endpoint] {
    ENDPOINTS
}

/// The route that `path` belongs to, by whichever method.
pub(crate) fn at(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.route.fits(path))
}

/// The same, without its handlers.
pub(crate) fn route_at(path: &str) -> Option<&'static Route> {
    at(path).map(|endpoint| &endpoint.route)
}

/// Every route: what limits are laid on.
pub fn routes() -> impl Iterator<Item = &'static Route> + Clone {
    ENDPOINTS.iter().map(|endpoint| &endpoint.route)
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn template(path: &str) -> Option<&'static str> {
        route_at(path).map(|route| route.template)
    }

    #[test]
    fn a_path_belongs_to_its_route_and_an_unknown_one_to_none() {
        assert_eq!(
            template("/api/v1/users/0190-secret"),
            Some("/api/v1/users/{id}")
        );
        assert_eq!(template("/api/v1/me"), Some("/api/v1/me"));
        assert_eq!(
            template("/account/sessions/0190-secret/end"),
            Some("/account/sessions/{id}/end")
        );
        for unknown in ["/api/v1/users/a/b", "/api/v1/users/", "/etc/passwd", ""] {
            assert_eq!(template(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_path_is_declared_once() {
        for route in routes() {
            let same = routes().filter(|other| other.template == route.template);
            assert_eq!(same.count(), 1, "{}", route.template);
        }
    }

    #[test]
    fn whatever_people_change_is_sent_by_a_form_that_is_judged() {
        for endpoint in endpoints().iter().filter(|endpoint| endpoint.is_page) {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let route = &endpoint.route;
                let template = route.template;
                assert!(
                    !route.has(&method) || route.takes_form(&method),
                    "{template}"
                );
            }
        }
    }
}
