//! What people ask for, in words that the model and the real thing both understand.

use std::time::Duration;

/// Requests are numbered; what a request made (an account, a session, tokens) has its number.
pub(crate) type Number = usize;

/// One request, or something else that happens.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Register {
        who: usize,
        password: usize,
    },
    Login {
        who: usize,
        password: usize,
    },
    /// The answer has not left yet.
    Refresh {
        with: Number,
    },
    /// Asks a process of the version before, which knows of no handing out.
    RefreshByOlder {
        with: Number,
    },
    /// An answer with the refresh token of this request begins to leave.
    HandOut {
        of: Number,
    },
    Logout {
        with: Token,
    },
    ChangePassword {
        with: Number,
        current: usize,
        new: usize,
    },
    Delete {
        with: Number,
    },
    EndSession {
        with: Number,
        session_of: Number,
    },
    EndOthers {
        with: Number,
    },
    Reauthenticate {
        with: Number,
        password: usize,
    },
    Wait(Duration),
    Sweep,
}

/// A token, by the request that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    Access(Number),
    Refresh(Number),
}

/// What the model promises as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// The pair of the request with this number: the request's own if the pair is new.
    Pair(Number),
    /// The refresh token of that pair with another access token.
    Renewed(Number),
    /// One more access token.
    Access,
    /// It is done.
    Done,
    /// It is refused.
    Refused,
    /// It changes nothing, and may be answered either way.
    Indifferent,
}
