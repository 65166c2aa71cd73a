//! What handlers take from a request, besides its body.

mod actor;
mod origin;

pub(crate) use actor::{Acting, Leaving, RefreshBody, Refreshing, actor};
pub(crate) use origin::RequestOrigin;
