//! What handlers take from a request, besides its body.

mod actor;
mod device;
mod origin;

pub(crate) use actor::{Acting, Leaving, RefreshBody, Refreshing, actor};
pub(crate) use device::Device;
pub(crate) use origin::RequestOrigin;
