//! One's account: the page, and what each of its forms does.

pub(super) mod done;
pub(crate) mod page;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod sessions;
