//! Errors of the server that pass by themselves: asked again in a moment, the same operation may succeed.
//!
//! Newer servers mark most of them with a label. Older ones don't, and none does for every reading, so
//! this table has those that the server's own list of codes puts among the retriable, the interrupted, the
//! timed out, the shutting down and the no longer primary, and those that say that something else is under
//! way. Whatever is neither labelled nor here is a fault to be looked at.

use std::collections::HashSet;

use mongodb::error::{
    RETRYABLE_ERROR, RETRYABLE_WRITE_ERROR, SYSTEM_OVERLOADED_ERROR, TRANSIENT_TRANSACTION_ERROR,
};

/// The codes, with the names that the server gives them. After one of these an operation fails with
/// [`storage::Error::Unavailable`].
pub const PASSING: &[(i32, &str)] = &[
    // No primary, one that is going, or one that is coming.
    (91, "ShutdownInProgress"),
    (133, "FailedToSatisfyReadPreference"),
    (189, "PrimarySteppedDown"),
    (216, "ElectionInProgress"),
    (10058, "LegacyNotPrimary"),
    (10107, "NotWritablePrimary"),
    (11600, "InterruptedAtShutdown"),
    (11602, "InterruptedDueToReplStateChange"),
    (13435, "NotPrimaryNoSecondaryOk"),
    (13436, "NotPrimaryOrSecondary"),
    // The servers don't reach each other.
    (6, "HostUnreachable"),
    (7, "HostNotFound"),
    (89, "NetworkTimeout"),
    (145, "PooledConnectionsDropped"),
    (202, "NetworkInterfaceExceededTimeLimit"),
    (317, "ConnectionPoolExpired"),
    (384, "ConnectionError"),
    (407, "PooledConnectionAcquisitionExceededTimeLimit"),
    (9001, "SocketException"),
    // It took too long, or waited for too long.
    (24, "LockTimeout"),
    (46, "LockBusy"),
    (50, "MaxTimeMSExpired"),
    (262, "ExceededTimeLimit"),
    (290, "TransactionExceededLifetimeLimitSeconds"),
    // Somebody or something ended it.
    (90, "CallbackCanceled"),
    (96, "OperationFailed"),
    (125, "CommandFailed"),
    (279, "ClientDisconnect"),
    (355, "InterruptedDueToStorageChange"),
    (11601, "Interrupted"),
    (46841, "ClientMarkedKilled"),
    // What a reading had begun is no longer there.
    (43, "CursorNotFound"),
    (143, "CursorInUse"),
    (175, "QueryPlanKilled"),
    (237, "CursorKilled"),
    (314, "ObjectIsBusy"),
    // Too few have it yet, or no longer.
    (64, "WriteConcernFailed"),
    (100, "UnsatisfiableWriteConcern"),
    (134, "ReadConcernMajorityNotAvailableYet"),
    (239, "SnapshotTooOld"),
    (246, "SnapshotUnavailable"),
    // Something else is under way.
    (112, "WriteConflict"),
    (117, "ConflictingOperationInProgress"),
    (215, "DatabaseDropPending"),
    (267, "PreparedTransactionInProgress"),
    (276, "IndexBuildAborted"),
    (358, "InternalTransactionNotSupported"),
    (371, "UserWritesBlocked"),
    (412, "UpdatesStillPending"),
    (12586, "BackgroundOperationInProgressForDatabase"),
    (12587, "BackgroundOperationInProgressForNamespace"),
    (50915, "BackupCursorOpenConflictWithCheckpoint"),
    // There is too much to do.
    (261, "TooManyLogicalSessions"),
    (264, "TooManyFilesOpen"),
    (365, "TemporarilyUnavailable"),
    (402, "ResourceExhausted"),
    (433, "AdmissionQueueOverflow"),
    (462, "IngressRequestRateLimitExceeded"),
    // A router or a shard of a cluster learns where things are, or moves them.
    (63, "StaleShardVersion"),
    (70, "ShardNotFound"),
    (149, "NoConfigPrimary"),
    (150, "StaleEpoch"),
    (203, "ShardingStateNotInitialized"),
    (211, "KeyNotFound"),
    (249, "StaleDbVersion"),
    (250, "StaleChunkHistory"),
    (272, "MigrationConflict"),
    (304, "ShardInvalidatedForTargeting"),
    (319, "MovePrimaryInProgress"),
    (343, "ShardCannotRefreshDueToLocksHeld"),
    (406, "MigrationBlockingOperationCoordinatorCleaningUp"),
    (13388, "StaleConfig"),
    (56846, "ConfigServerUnreachable"),
];

/// After these a reading of several batches has lost its place on the server, which it has again from the start.
const LOST_PLACE: [&str; 3] = ["CursorNotFound", "CursorKilled", "QueryPlanKilled"];

/// With one of these the server, or the driver, says itself that another attempt may succeed.
const LABELS: [&str; 4] = [
    RETRYABLE_ERROR,
    RETRYABLE_WRITE_ERROR,
    SYSTEM_OVERLOADED_ERROR,
    TRANSIENT_TRANSACTION_ERROR,
];

/// What the table calls this code, if it passes by itself.
pub(crate) fn name(code: i32) -> Option<&'static str> {
    let found = PASSING.iter().find(|(passing, _)| *passing == code);
    found.map(|(_, name)| *name)
}

/// Whether the labels of an error say that it passes.
pub(crate) fn is_labelled(labels: &HashSet<String>) -> bool {
    LABELS.iter().any(|label| labels.contains(*label))
}

/// Whether a reading that failed with this code has lost its place.
pub(crate) fn has_lost_its_place(code: i32) -> bool {
    name(code).is_some_and(|name| LOST_PLACE.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_and_no_name_stands_there_twice() {
        let codes: HashSet<_> = PASSING.iter().map(|(code, _)| code).collect();
        let names: HashSet<_> = PASSING.iter().map(|(_, name)| name).collect();
        assert_eq!((codes.len(), names.len()), (PASSING.len(), PASSING.len()));
    }

    #[test]
    fn what_somebody_must_look_at_is_not_there() {
        for (code, name) in [
            (2, "BadValue"),
            (13, "Unauthorized"),
            (18, "AuthenticationFailed"),
            (59, "CommandNotFound"),
            (121, "DocumentValidationFailure"),
            (11000, "DuplicateKey"),
            (14031, "OutOfDiskSpace"),
        ] {
            assert_eq!(super::name(code), None, "{name}");
        }
    }
}
