//! What a crash leaves behind.

use std::io;

/// Has the kernel write no image of this process when it crashes, and let no other process of the same user look into
/// its memory: keys and passwords are there (`PR_SET_DUMPABLE` of prctl(2)).
///
/// `RLIMIT_CORE` would not do: a program that takes dumps (`core_pattern` of core(5)) gets them all the same.
#[cfg(target_os = "linux")]
pub(super) fn forbid() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};

    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// Only Linux has such a switch.
#[cfg(not(target_os = "linux"))]
pub(super) fn forbid() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    #[test]
    fn no_image_of_the_process_is_written() {
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::Dumpable);
        super::forbid().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
