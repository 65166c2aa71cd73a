//! The letters that Portcullis writes.
//!
//! It knows neither the HTTP server nor the store: what happened is decided elsewhere, and arrives here as a
//! [`Letter`].

mod letter;

pub use letter::{ConfirmedName, Letter, MaskedAddress};
