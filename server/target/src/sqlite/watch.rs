//! Who holds a file, as far as the kernel tells. SQLite itself knows no other process.

use super::backend;
use migrated_core::event::Blocker;
use rustix::fs::{major, minor};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Other processes with a lock on the database file or, in WAL mode, on its shared memory. Linux lists them in
/// `/proc/locks`; elsewhere, and for processes of another pid namespace, nothing is known.
pub(super) fn holders(real: &Path) -> Vec<Blocker> {
    let Ok(locks) = std::fs::read_to_string("/proc/locks") else { return Vec::new() };
    let mut shm = real.as_os_str().to_os_string();
    shm.push("-shm");
    let mut blockers: Vec<Blocker> = Vec::new();
    for file in [real, Path::new(&shm)] {
        let Ok(meta) = std::fs::metadata(file) else { continue };
        for pid in pids(&locks, &device(meta.dev()), meta.ino()) {
            if pid != i64::from(std::process::id()) && blockers.iter().all(|known| known.pid != pid) {
                blockers.push(Blocker {
                    pid,
                    application: backend::command(pid),
                    object: real.display().to_string(),
                    ..Blocker::default()
                });
            }
        }
    }
    blockers
}

/// A device number as `/proc/locks` writes it.
fn device(dev: u64) -> String {
    format!("{:02x}:{:02x}", major(dev), minor(dev))
}

/// Lines look like `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF`; one that waits has an arrow before POSIX.
fn pids(locks: &str, device: &str, inode: u64) -> Vec<i64> {
    let wanted = format!("{device}:{inode}");
    let pid_of = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let is_held = fields.get(1).is_some_and(|kind| matches!(*kind, "POSIX" | "OFDLCK"));
        (is_held && fields.get(5) == Some(&wanted.as_str())).then(|| fields.get(4)?.parse().ok()).flatten()
    };
    locks.lines().filter_map(pid_of).filter(|pid| *pid > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::pids;

    #[test]
    fn reads_the_kernels_list() {
        let locks = "1: POSIX  ADVISORY  WRITE 1234 08:01:77 1073741824 1073742335\n\
                     1: -> POSIX  ADVISORY  WRITE 99 08:01:77 1073741824 1073742335\n\
                     2: FLOCK  ADVISORY  WRITE 5 08:01:77 0 EOF\n\
                     3: POSIX  ADVISORY  READ 6 08:01:78 0 EOF\n";
        assert_eq!(pids(locks, "08:01", 77), [1234]);
    }
}
