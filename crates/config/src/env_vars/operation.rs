//! Storage and logging.

use super::{Fallback, Kind, env_vars};

env_vars! {
    /// The folder with everything that is kept: `portcullis.db`, and the secrets generated for
    /// development. Created when missing, for its owner only (0700). A relative path starts at the
    /// working folder. A folder that every user can write to, or that belongs to another user, refuses the start;
    /// the files in it are set to mode 0600.
    DATA_DIR = "PORTCULLIS_DATA_DIR", Storage, Kind::Path, Fallback::Value("./data"), flag "--data-dir";

    /// The MongoDB to keep accounts in, instead of SQLite: a connection string such as
    /// `mongodb://portcullis:secret@db.internal/portcullis`, also `mongodb+srv://`. The database is the one
    /// in the path, else `portcullis`. Any number of servers may share it; they need the same keys. An option that
    /// would make writes less durable, readings older or requests slower has no effect, and one that would be unsafe
    /// is refused: docs/deploy.md has them all.
    MONGO_URI = "MONGO_URI", Storage, Kind::StoreUri, Fallback::Described("unset: SQLite");

    /// What is logged: a level (`off`, `error`, `warn`, `info`, `debug`, `trace`), and levels for
    /// parts of the server after commas, such as `info,server=debug`. A part that there is none of refuses the start.
    LOG = "PORTCULLIS_LOG", Logging, Kind::LogFilter, Fallback::Value("info");

    /// How log lines look. `auto` is `text` on a terminal and `json` elsewhere.
    LOG_FORMAT = "PORTCULLIS_LOG_FORMAT", Logging, Kind::Choice(&["auto", "text", "json"]), Fallback::Value("auto");
}
