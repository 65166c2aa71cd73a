//! What handlers take from a request, besides its body.

mod actor;
mod device;
mod origin;
mod serving;
mod taken;

pub(crate) use actor::{Acting, Leaving, Reading, RefreshBody, Refreshing, caller};
pub(crate) use device::Device;
pub(crate) use origin::RequestOrigin;
pub(crate) use serving::Serving;
