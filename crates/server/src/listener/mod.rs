//! Taking connections in, and letting go of them.

mod accept;
mod bare_errors;
mod bounds;
mod connection;
mod frames;
mod http2;
mod linger;
mod peer;
mod place;
mod room;
mod serve;
mod stall;
mod streams;
mod tls;

pub use bounds::Bounds;
pub use serve::{Handle, serve};
pub use tls::{FileFault, Tls, TlsError, read_certificates};
