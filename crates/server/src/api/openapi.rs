//! `GET /openapi.json`: the description of the interface (OpenAPI 3.1).

mod failures;

use std::sync::LazyLock;

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{Modify, OpenApi};

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

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portcullis",
        description = "Accounts, sessions and tokens. Every failure is `application/problem+json` (RFC 9457) with a stable `code`. After a 503 try again when `Retry-After` says; a change that was asked for may have been made all the same. Whatever was counted by a limit is answered with `RateLimit` and `RateLimit-Policy`, failures too, save `too_many_attempts`.",
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
    servers((url = "/", description = "Where this document was got from")),
    modifiers(&Tokens, &Inputs, &Failures),
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

/// What is read refuses fields that it doesn't know.
struct Inputs;

impl Modify for Inputs {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bodies = operations(document).filter_map(|(_, operation)| {
            let id = operation.operation_id.as_deref();
            let RefOr::T(body) = operation.request_body.as_mut()? else {
                return None;
            };
            if id == Some("refresh") {
                body.required = Some(Required::False); // the token may stand in the header
            }
            Some(body)
        });
        let schemas = bodies.flat_map(|body| body.content.values_mut());
        let names: Vec<_> = schemas
            .filter_map(|content| match content {
                RefOr::T(content) => name_of(content.schema.as_ref()?),
                RefOr::Ref(_) => None,
            })
            .collect();
        let components = document.components.get_or_insert_default();
        for name in names {
            if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(&name) {
                object.additional_properties =
                    Some(Box::new(AdditionalProperties::FreeForm(false)));
            }
        }
    }
}

fn name_of(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => reference.ref_location.rsplit('/').next().map(str::to_owned),
        RefOr::T(_) => None,
    }
}

/// What each operation may answer instead of what it is for.
struct Failures;

impl Modify for Failures {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, operation) in operations(document) {
            failures::describe(path, operation);
        }
    }
}

/// Every operation, with its path.
fn operations(
    document: &mut utoipa::openapi::OpenApi,
) -> impl Iterator<Item = (&str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let methods = [
            item.get.as_mut(),
            item.put.as_mut(),
            item.post.as_mut(),
            item.delete.as_mut(),
            item.patch.as_mut(),
        ];
        let methods = methods.into_iter().flatten();
        methods.map(move |operation| (&**path, operation))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::ROUTES;

    #[test]
    fn each_operation_has_an_id_of_its_own() {
        let mut description = Description::openapi();
        let mut ids: Vec<_> = operations(&mut description)
            .map(|(_, operation)| operation.operation_id.clone().unwrap())
            .collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }

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
