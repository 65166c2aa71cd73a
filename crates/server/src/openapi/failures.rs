//! Which failures each operation may answer: those that its shape brings, and those of its own. And what its answers
//! say of the limits.

use std::collections::BTreeMap;

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{
    ContentBuilder, Header, Ref, RefOr, Response, ResponseBuilder,
    path::{Operation, ParameterIn},
};

use crate::code::Code;
use crate::endpoint::Endpoint;
use crate::route::Charged;

/// What any request may be answered.
const ALWAYS: &[Code] = &[
    Code::MalformedRequest,
    Code::HttpsRequired,
    Code::UriTooLong,
    Code::HeadersTooLarge,
    Code::RequestTimeout,
    Code::Internal,
    Code::Unavailable,
];

/// What one that has a body may be.
const WITH_BODY: &[Code] = &[
    Code::MalformedJson,
    Code::BodyTooLarge,
    Code::UnsupportedMediaType,
    Code::ValidationFailed,
];

/// What one that brings a token may be.
const WITH_TOKEN: &[Code] = &[
    Code::MissingToken,
    Code::InvalidToken,
    Code::ExpiredToken,
    Code::RevokedToken,
    Code::WrongTokenType,
];

/// Adds the failures of an operation to its responses, a response for each status.
pub(super) fn describe(endpoint: &Endpoint, method: &str, operation: &mut Operation) {
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in codes(endpoint, method, operation) {
        let codes = by_status.entry(code.status().as_u16()).or_default();
        codes.push(code);
    }
    let responses = &mut operation.responses.responses;
    for (status, codes) in by_status {
        responses.insert(status.to_string(), response(status, &codes).into());
    }
    if !is_limited(endpoint) {
        return;
    }
    for (status, response) in responses {
        // Others have them, too, if the request was counted before it failed: the introduction says so.
        if let RefOr::T(response) = response
            && (status.starts_with('2') || status == "429")
        {
            for (name, header) in limits() {
                response.headers.insert(name, header.into());
            }
        }
    }
}

fn is_limited(endpoint: &Endpoint) -> bool {
    endpoint.route.charged != Charged::Nobody
}

/// Whether it reads a query, whose fields are validated as those of a body are.
fn has_query(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    })
}

fn codes(endpoint: &Endpoint, method: &str, operation: &Operation) -> Vec<Code> {
    let mut codes = ALWAYS.to_vec();
    if operation.request_body.is_some() {
        codes.extend(WITH_BODY);
    }
    if has_query(operation) {
        codes.push(Code::ValidationFailed);
    }
    if operation.security.is_some() {
        codes.extend(WITH_TOKEN);
    }
    if is_limited(endpoint) {
        codes.push(Code::RateLimited);
    }
    let own = endpoint.failures.iter().filter(|(of, _)| *of == method);
    codes.extend(own.flat_map(|(_, own)| own.iter()));
    // As in `docs/errors.md`.
    Code::ALL
        .iter()
        .filter(|code| codes.contains(code))
        .copied()
        .collect()
}

fn response(status: u16, codes: &[Code]) -> Response {
    // What they mean stands in `docs/errors.md`, once.
    let codes = codes.iter().map(|code| format!("`{}`", code.as_str()));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .build();
    let response = ResponseBuilder::new()
        .description(codes.collect::<Vec<_>>().join(", "))
        .content("application/problem+json", content);
    let response = match status {
        429 | 503 => response.header("Retry-After", retry_after()),
        _ => response,
    };
    response.build()
}

fn retry_after() -> Header {
    header(
        Type::Integer,
        "Seconds to wait before the next try (RFC 9110 §10.2.3)",
    )
}

fn limits() -> [(String, Header); 2] {
    let left = "What is left of each limit that was charged (`r`), and in how many seconds there is more (`t`): \
                `\"hour\";r=7;t=1800`. The names are explained in docs/errors.md, `rate_limited`";
    let policy = "How much each limit allows (`q`) in how many seconds (`w`): `\"hour\";q=20;w=3600` \
                  (draft-ietf-httpapi-ratelimit-headers-11)";
    [("RateLimit", left), ("RateLimit-Policy", policy)]
        .map(|(name, description)| (name.to_owned(), header(Type::String, description)))
}

fn header(kind: Type, description: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind)))
        .description(Some(description))
        .build()
}

#[cfg(test)]
mod tests {
    use utoipa::OpenApi as _;

    use super::super::{Description, declared};
    use super::*;

    #[test]
    fn what_is_limited_says_how_much_is_left_and_nothing_else_does() {
        let mut description = Description::openapi();
        for (endpoint, method, operation) in declared(&mut description) {
            let path = endpoint.route.template;
            for (status, response) in &operation.responses.responses {
                let RefOr::T(response) = response else {
                    panic!("{method} {path} {status} is described elsewhere");
                };
                let expected = is_limited(endpoint) && (status.starts_with('2') || status == "429");
                for name in ["RateLimit", "RateLimit-Policy"] {
                    let has = response.headers.contains_key(name);
                    assert_eq!(has, expected, "{name} of {path} {status}");
                }
                let waits = status == "429" || status == "503";
                assert_eq!(
                    response.headers.contains_key("Retry-After"),
                    waits,
                    "{path} {status}"
                );
            }
        }
    }

    #[test]
    fn every_failure_of_the_interface_stands_somewhere() {
        let text = super::super::document();
        // Of the pages; and of what no operation fits.
        let elsewhere = [Code::CsrfFailed, Code::MethodNotAllowed];
        for code in Code::ALL.iter().filter(|code| !elsewhere.contains(code)) {
            assert!(text.contains(&format!("`{}`", code.as_str())), "{code:?}");
        }
    }
}
