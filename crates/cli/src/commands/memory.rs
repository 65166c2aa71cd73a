//! Giving memory back.

/// Has the C library give back what is freed: a sign-in needs 19 MiB for some milliseconds, and a
/// server that was busy once should not stay as large for ever.
///
/// glibc reads these settings once, when a process starts, and from its environment only: so the
/// process starts itself anew, in place, with the same id. Where one of them is set already (by the
/// operator, or by this), or where that fails, it goes on as it is.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn start_frugally() {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    /// Two heaps for all threads; what has 64 KiB or more is mapped by itself and unmapped when freed:
    /// the memory of a hash, and the pieces in which counters of limits lie, so that none of them goes
    /// back to the system together with thousands of others.
    const SETTINGS: [(&str, &str); 3] = [
        ("MALLOC_ARENA_MAX", "2"),
        ("MALLOC_MMAP_THRESHOLD_", "65536"),
        ("MALLOC_TRIM_THRESHOLD_", "131072"),
    ];

    let names = SETTINGS.iter().map(|(name, _)| *name);
    if names
        .chain(["GLIBC_TUNABLES"])
        .any(|name| std::env::var_os(name).is_some())
    {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        // It returns only when it fails.
        let _ = Command::new(program)
            .args(std::env::args_os().skip(1))
            .envs(SETTINGS)
            .exec();
    }
}

/// Other C libraries give it back by themselves, or have no such settings.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn start_frugally() {}
