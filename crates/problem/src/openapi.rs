//! A problem as a component of an OpenAPI description.

use std::borrow::Cow;

use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::Problem;

/// An error, as `application/problem+json` (RFC 9457). Some codes have further members.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the JSON, is never made")]
struct Body {
    /// A URL that explains this kind of problem.
    #[schema(format = "uri-reference")]
    r#type: String,
    /// What kind of problem, for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What kind of problem, for programs.
    code: String,
    /// What happened and what to fix.
    message: String,
    /// What to name when asking for help.
    request_id: Option<String>,
    /// With 422: every fault of the input.
    #[schema(inline)]
    errors: Option<Vec<FaultBody>>,
    /// With `factor_required` and `factor_enrolment_required` at a sign-in: what to send with the next step.
    #[schema(value_type = String, required = false)]
    challenge: Option<String>,
    /// With `factor_required` at a sign-in: what the account can prove itself by, `totp` or `recovery_code`.
    #[schema(value_type = Vec<String>, required = false)]
    factors: Option<Vec<String>>,
    /// With `invalid_credentials`: which code of the second factor was wrong, `totp` or `recovery_code`. Without it, the password
    /// was wrong, or the name.
    #[schema(value_type = String, required = false)]
    factor: Option<String>,
    /// With `deletion_scheduled`: when the account will be deleted.
    #[schema(value_type = String, format = DateTime, required = false)]
    deletion_due_at: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the JSON, is never made")]
struct FaultBody {
    /// Where: a JSON pointer (RFC 6901), empty for the input itself.
    pointer: String,
    /// What kind of fault, for programs.
    code: String,
    /// What to fix, for people.
    message: String,
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Body::schema()
    }
}

impl ToSchema for Problem {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Problem")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_names_what_is_always_there() {
        let schema = serde_json::to_value(Problem::schema()).unwrap();
        assert_eq!(
            schema["required"],
            serde_json::json!(["type", "title", "status", "code", "message"])
        );
        assert!(
            schema["properties"]["errors"]
                .to_string()
                .contains("pointer")
        );
    }
}
