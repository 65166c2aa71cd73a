//! Files and folders that only their owner reads and writes: made, checked and opened in one way.
//!
//! What a server keeps is worth as much as its accounts, and on a machine with several users the modes of
//! files are all that stands before it.
//! - **Made**: a folder has mode 0700, a file 0600, whatever the umask says.
//! - **Found**: a symbolic link is not followed. What belongs to another user, or can be written by every user,
//!   is refused, since nobody knows what it holds. What the group can write or others can read is taken
//!   from them, and reported ([`Mended`]).
//! - **Named** by an operator ([`open_named`]): a file of a secret manager may be a link and belong to anybody,
//!   but not be written by every user.
//!
//! The folder comes first: in one that nobody else writes to, names stay what they were when they were looked at.

mod file;
mod folder;
mod judge;
mod refusal;

pub use file::{check, create, ensure, open, open_named, open_strict, tighten};
pub use folder::{check_folder, make_folder, sync_folder};
pub use refusal::{Exposed, Mended, Refusal};
