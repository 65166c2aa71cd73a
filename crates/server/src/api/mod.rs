//! The routes of `/api/v1`: one file each, with its input, its answer and its description.

pub(crate) mod description;
pub(crate) mod email;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod factors;
pub(crate) mod fields;
pub(crate) mod health;
pub(crate) mod jwks;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod reauthenticate;
pub(crate) mod refresh;
pub(crate) mod register;
pub(crate) mod remembered;
pub(crate) mod reset;
pub(crate) mod sessions;
pub(crate) mod users;

mod views;

/// Stands for the path of a handler, which `routes.rs` says.
pub(crate) const IN_ROUTES: &str = "";
