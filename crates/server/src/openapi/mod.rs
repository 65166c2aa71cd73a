//! The description of the interface (OpenAPI 3.1), made from what `routes.rs` declares and the handlers say of themselves.

mod failures;

use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Required, Schema};
use utoipa::{Modify, OpenApi};

use crate::endpoint::Endpoint;
use crate::routes::endpoints;

/// The description, as JSON with a final newline: what `docs/openapi.json` holds.
pub fn document() -> String {
    let mut text = Description::openapi().to_pretty_json().unwrap_or_default(); // plain data always serialises
    text.push('\n');
    text
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Portcullis",
        description = "Accounts, sessions and tokens. Every failure is `application/problem+json` (RFC 9457) with a stable `code`. After a 503 try again when `Retry-After` says; a change that was asked for may have been made all the same. Whatever was counted by a limit is answered with `RateLimit` and `RateLimit-Policy`, failures too, save `too_many_attempts`.",
    ),
    components(schemas(problem::Problem)),
    servers((url = "/", description = "Where this document was got from")),
    modifiers(&Endpoints, &Tokens, &Inputs, &Failures),
    tags(
        (name = "Accounts", description = "Signing up, and one's own account"),
        (name = "Sessions", description = "Signing in and out"),
        (name = "Keys", description = "For services that verify tokens"),
        (name = "Health", description = "For load balancers and supervisors"),
    ),
)]
struct Description;

/// What the handlers say of themselves, each at the path that is declared for it.
struct Endpoints;

impl Modify for Endpoints {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let described = endpoints()
            .iter()
            .filter_map(|endpoint| Some((endpoint, endpoint.describe?())));
        for (endpoint, described) in described {
            let template = endpoint.route.template;
            for operations in described.paths.paths.into_values() {
                document.paths.paths.insert(template.to_owned(), operations);
            }
            let schemas = described.components.map(|components| components.schemas);
            let components = document.components.get_or_insert_default();
            components.schemas.extend(schemas.unwrap_or_default());
        }
    }
}

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
        let bodies = operations(document).filter_map(|operation| {
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
        for (endpoint, method, operation) in declared(document) {
            failures::describe(endpoint, method, operation);
        }
    }
}

/// Every operation.
fn operations(document: &mut utoipa::openapi::OpenApi) -> impl Iterator<Item = &mut Operation> {
    declared(document).map(|(_, _, operation)| operation)
}

/// Every operation, with its route and its method.
fn declared(
    document: &mut utoipa::openapi::OpenApi,
) -> impl Iterator<Item = (&'static Endpoint, &'static str, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let endpoint = endpoints()
            .iter()
            .find(|endpoint| endpoint.route.template == path);
        let methods = methods(item).into_iter();
        methods.filter_map(move |(method, operation)| Some((endpoint?, method, operation?)))
    })
}

/// What stands at a path for each method.
fn methods(item: &mut PathItem) -> [(&'static str, Option<&mut Operation>); 5] {
    [
        ("GET", item.get.as_mut()),
        ("PUT", item.put.as_mut()),
        ("POST", item.post.as_mut()),
        ("DELETE", item.delete.as_mut()),
        ("PATCH", item.patch.as_mut()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operation_has_an_id_of_its_own() {
        let mut description = Description::openapi();
        let mut ids: Vec<_> = operations(&mut description)
            .map(|operation| operation.operation_id.clone().unwrap())
            .collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }

    /// A handler says its method once more, since utoipa asks for it.
    #[test]
    fn every_route_is_described_by_the_methods_that_it_is_declared_with_and_no_others() {
        let mut description = Description::openapi();
        for endpoint in endpoints() {
            let template = endpoint.route.template;
            let item = description.paths.paths.get_mut(template);
            let described = item.map(methods).into_iter().flatten();
            let mut described: Vec<_> = described
                .filter_map(|(method, operation)| operation.map(|_| method))
                .collect();
            let mut declared = match endpoint.describe {
                Some(_) => endpoint.route.methods().to_vec(),
                None => Vec::new(),
            };
            described.sort_unstable();
            declared.sort_unstable();
            assert_eq!(described, declared, "{template}");
        }
    }

    #[test]
    fn every_route_that_programs_ask_is_described() {
        for endpoint in endpoints() {
            let template = endpoint.route.template;
            let is_asked = template.starts_with(crate::route::API);
            assert!(!is_asked || endpoint.describe.is_some(), "{template}");
        }
    }
}
