//! What handlers take from a request, besides its body.

mod actor;
pub(crate) mod client_info;
mod device;
mod serving;
mod taken;

pub(crate) use actor::{Acting, ActingIfAny, Leaving, Reading, RefreshBody, Refreshing, caller};
pub(crate) use client_info::RequestClient;
pub(crate) use device::Device;
pub(crate) use serving::{Serving, languages};
