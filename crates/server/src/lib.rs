//! The HTTP interface of Portcullis, and nothing but HTTP: an endpoint parses, calls one use case of
//! [`account`], and renders.
//!
//! - [`stack`]: what every request passes, on one page.
//! - `routes`: every route, declared once.
//! - `api`: the handlers of `/api/v1`, one file each.
//! - [`pages`]: what people see in a browser, one file each.
//! - [`code`]: every failure that a client can meet; `error`: how each error becomes one of them.
//! - The module [`listener`] has the connections; `handing` notes when refreshed tokens leave.

mod api;
mod app;
mod client;
pub mod code;
mod cors;
mod endpoint;
mod error;
mod extract;
#[cfg(test)]
mod generated;
mod handing;
mod json;
pub mod limits;
pub mod listener;
mod openapi;
pub mod pages;
mod readiness;
mod request_id;
mod route;
mod router;
mod routes;
mod seldom;
pub mod stack;
mod telemetry;
mod to_the_end;
mod well_formed;

pub use app::AppParts;
pub use cors::Cors;
pub use error::ApiError;
pub use openapi::document as openapi_document;
pub use route::Route;
pub use routes::routes;
