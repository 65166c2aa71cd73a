//! `GET /openapi.json`: the description of the interface (OpenAPI 3.1).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::{
    health, jwks, login, logout, me, password, reauthenticate, refresh, register, sessions, users,
};

/// The description, as JSON with a final newline: what `docs/openapi.json` holds.
pub fn document() -> String {
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default(); // plain data always serialises
    text.push('\n');
    text
}

/// Serves the description.
pub(crate) async fn serve() -> impl IntoResponse {
    static DOCUMENT: LazyLock<String> = LazyLock::new(document);
    (
        [
            (CONTENT_TYPE, "application/json"),
            (CACHE_CONTROL, "public, max-age=300"),
        ],
        DOCUMENT.as_str(),
    )
}

/// Every failure of an endpoint, by one name: `docs/errors.md` has the codes.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let response = ResponseBuilder::new()
            .description("A failure: `code` says which")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), RefOr::T(response))])
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portcullis",
        description = "Accounts, sessions and tokens. Every failure is `application/problem+json` (RFC 9457) with a stable `code`. After a 503 try again when `Retry-After` says; a change that was asked for may have been made all the same.",
    ),
    paths(
        register::register,
        login::login,
        refresh::refresh,
        logout::logout,
        logout::logout_by_post,
        me::me,
        reauthenticate::reauthenticate,
        password::change,
        users::read,
        users::replace,
        users::change,
        users::remove,
        sessions::list,
        sessions::end,
        sessions::end_others,
        jwks::jwks,
        health::livez,
        health::readyz,
    ),
    components(schemas(problem::Problem)),
    modifiers(&Tokens),
    tags(
        (name = "Accounts", description = "Signing up, and one's own account"),
        (name = "Sessions", description = "Signing in and out"),
        (name = "Keys", description = "For services that verify tokens"),
        (name = "Health", description = "For load balancers and supervisors"),
    ),
)]
struct Description;

/// Names the two kinds of token.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("access", "An access token"),
            ("refresh", "A refresh token"),
        ] {
            let bearer = HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .description(Some(description))
                .build();
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::ROUTES;

    #[test]
    fn every_route_is_described() {
        let description = Description::openapi();
        let templates = ROUTES.iter().map(|route| route.template);
        for route in templates.filter(|route| *route != "/openapi.json") {
            assert!(
                description.paths.paths.contains_key(route),
                "{route} is missing"
            );
        }
    }
}
