//! How many connections the process can have, by how many files it may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use server::listener::Bounds;

/// Files that are no connections of clients: of the store, of MongoDB's drivers, of the log.
const OTHERS: u64 = 256;

/// The usual bounds, with no more connections than there can be files. Where it may, the process allows itself
/// more of these.
pub(super) fn bounds() -> Bounds {
    let bounds = Bounds::default();
    let wanted = u64::try_from(bounds.connections).unwrap_or(u64::MAX) + OTHERS;
    let connections = connections(allowed(wanted)).unwrap_or(bounds.connections);
    if connections < bounds.connections {
        tracing::warn!(
            connections,
            "few files may be open (ulimit -n): so many connections at a time"
        );
    }
    Bounds {
        connections: connections.min(bounds.connections),
        connections_of_one: bounds.connections_of_one.min(connections.div_ceil(2)),
        ..bounds
    }
}

/// How many files may be open, after as many as `wanted` were asked for; `None` where nothing bounds them.
fn allowed(wanted: u64) -> Option<u64> {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    if current >= wanted {
        return Some(current);
    }
    let more = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let raised = Rlimit {
        current: Some(more),
        maximum: limit.maximum,
    };
    Some(setrlimit(Resource::Nofile, raised).map_or(current, |()| more))
}

/// How many of these files connections may take: what the others leave, or half of it where that is little.
fn connections(files: Option<u64>) -> Option<usize> {
    let files = files?;
    let left = files.saturating_sub(OTHERS).max(files / 2);
    Some(usize::try_from(left).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        let few: Vec<_> = [64, 256, 1024, 4352]
            .map(|files| connections(Some(files)))
            .into();
        assert_eq!(few, [Some(32), Some(128), Some(768), Some(4096)]);
        assert_eq!(connections(None), None);
    }
}
