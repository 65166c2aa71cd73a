//! Settings that this version knows and doesn't carry out yet, so that a Flask application's `.env`
//! can be used as it is without being misled.

pub(super) static ALL: &[&super::EnvVar] = &[];
