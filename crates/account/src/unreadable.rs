//! Accounts that can't be read: another application, or somebody by hand, wrote what stands there.
//!
//! Such an account is nobody's. Whoever signs in to it is answered as after a wrong password, at the usual
//! cost and from the usual budget. Its tokens and cookies are refused like those of an account that is
//! gone, since what would speak against them (a newer generation, a switch that is off) can't be read
//! either. Nothing is deleted: once its row is mended its sessions go on. The log names the account each
//! time.

use storage::Error;

/// What was found, unless it can't be read: then it is nothing.
pub(crate) fn readable<T>(found: Result<Option<T>, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(error) if is_unreadable(&error) => Ok(None),
        found => found,
    }
}

/// Whether it is an account that can't be read, for which it is refused. Says so in the log.
pub(crate) fn is_unreadable(error: &Error) -> bool {
    let Error::UnreadableAccount { account, reason } = error else {
        return false;
    };
    tracing::error!(
        %account,
        %reason,
        "an account can't be read, and is refused: mend what stands in the store"
    );
    true
}
