//! The template of a path.

use crate::pages;
use crate::router::ROUTES;

/// The route that serves `path`, as it was declared: `/api/v1/users/{id}`.
pub(crate) fn template(path: &str) -> &'static str {
    ROUTES
        .iter()
        .chain(pages::ROUTES)
        .copied()
        .find(|route| fits(route, path))
        .unwrap_or("(no route)")
}

fn fits(route: &str, path: &str) -> bool {
    let (mut declared, mut asked) = (route.split('/'), path.split('/'));
    loop {
        match (declared.next(), asked.next()) {
            (None, None) => return true,
            (Some(declared), Some(asked)) if declared == asked || declared.starts_with('{') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_by_its_route_and_an_unknown_one_by_none() {
        assert_eq!(template("/api/v1/users/0190-secret"), "/api/v1/users/{id}");
        assert_eq!(template("/api/v1/me"), "/api/v1/me");
        assert_eq!(
            template("/account/sessions/0190-secret/end"),
            "/account/sessions/{id}/end"
        );
        assert_eq!(template("/api/v1/users/a/b"), "(no route)");
        assert_eq!(template("/etc/passwd"), "(no route)");
    }
}
