//! `GET /`

use axum::response::Redirect;

use super::visitor::Visitor;

/// Sends everyone to where they belong.
pub(crate) async fn show(visitor: Visitor) -> Redirect {
    Redirect::to(match visitor.browser() {
        Some(_) => "/account",
        None => "/login",
    })
}
