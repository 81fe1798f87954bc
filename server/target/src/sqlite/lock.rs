//! The migration lock (rule R8): an OS lock on a file beside the database, never that file's mere existence.
//!
//! The kernel drops the lock when its holder dies. The database file itself cannot carry it: closing a descriptor
//! of that file would drop SQLite's own locks in this process, and on network file systems the two kinds of lock
//! are one. The lock file is removed by its holder while it still holds the lock; whoever then gets a lock on a
//! file that no longer stands under the name tries again on the one that does. Two hard links to one database are
//! two databases here, as they are to SQLite (howtocorrupt.html, section 2.5).

use super::backend::{self, Registration};
use super::cancel::Interrupt;
use super::place::Place;
use crate::{Backend, Holder, LockAttempt, MigrationLock, TargetError};
use async_trait::async_trait;
use migrated_core::Code;
use rustix::fs::{Access, access};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Tries once to take the lock of that place and version table.
pub(super) fn try_lock(place: &Place, table: &str, run: &str) -> Result<LockAttempt, TargetError> {
    place.look()?;
    let path = lock_path(&place.real(), table);
    loop {
        let Some(file) = open(&path)? else { continue };
        match file.try_lock() {
            Ok(()) if !stands_at(&file, &path) => {}
            Ok(()) => {
                let (backend, registration) = backend::register(run, &Interrupt::new());
                describe(&file, run, &backend);
                let lock = FileLock { file, path, backend, _registration: registration };
                return Ok(LockAttempt::Held(Box::new(lock)));
            }
            Err(TryLockError::WouldBlock) => return Ok(LockAttempt::Busy(holder(file))),
            Err(TryLockError::Error(e)) => return Err(unusable(&path, &e)),
        }
    }
}

/// `<database>.migrated-lock`; for another version table than the default its name is part of it. Where the folder
/// cannot be written to, a name made from the path's hash in the system's temporary folder.
fn lock_path(real: &Path, table: &str) -> PathBuf {
    let mut name = real.file_name().unwrap_or_default().to_os_string();
    if !table.eq_ignore_ascii_case("alembic_version") {
        let hash = hex::encode(Sha256::digest(table.to_ascii_lowercase()));
        name.push(format!(".{}", &hash[..12]));
    }
    name.push(".migrated-lock");
    let beside = real.with_file_name(&name);
    let folder = real.parent().unwrap_or(Path::new("/"));
    if beside.exists() || access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok() {
        return beside;
    }
    let hash = hex::encode(Sha256::digest(beside.as_os_str().as_encoded_bytes()));
    std::env::temp_dir().join(format!("migrated-{}.lock", &hash[..32]))
}

/// Opens the lock file, making it where it is missing. `None` where it went away in between.
fn open(path: &Path) -> Result<Option<File>, TargetError> {
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o644).custom_flags(nofollow);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        // Another user's lock file: a lock needs no right to write.
        Err(e) if e.kind() == ErrorKind::PermissionDenied => {
            match OpenOptions::new().read(true).custom_flags(nofollow).open(path) {
                Ok(file) => Ok(Some(file)),
                Err(again) if again.kind() == ErrorKind::NotFound && path.parent().is_some_and(writable) => {
                    Ok(None)
                }
                Err(_) => Err(unusable(path, &e)),
            }
        }
        Err(e) => Err(unusable(path, &e)),
    }
}

fn writable(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

fn unusable(path: &Path, error: &std::io::Error) -> TargetError {
    let code = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Code::TargetPermission,
        _ => Code::TargetRefused,
    };
    TargetError::new(code, format!("cannot use the lock file {}: {error}", path.display()))
        .help("the user that migrated runs as must be able to create files beside the database")
}

/// Whether the open file is the one that stands under that name.
fn stands_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), std::fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Writes who holds the lock. It only helps those who wait, so a failure (a full disk) is no reason to stop.
fn describe(mut file: &File, run: &str, backend: &Backend) {
    let text = format!("run={run}\npid={}\nprocess={}\n", backend.pid, backend::command(backend.pid));
    if let Err(error) = file.set_len(0).and_then(|()| file.write_all(text.as_bytes())) {
        tracing::debug!(%error, "the lock's holder could not be written down");
    }
}

/// Reads who holds the lock; empty fields where the holder has not written them yet.
fn holder(file: File) -> Holder {
    let mut text = String::new();
    // Our own files are shorter; anything longer is not one of them.
    let _ = file.take(4096).read_to_string(&mut text);
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
            .unwrap_or_default()
            .to_owned()
    };
    let pid = field("pid").parse().unwrap_or_default();
    Holder { run: field("run"), pid, detail: format!("process {pid} {}", field("process")).trim().to_owned() }
}

struct FileLock {
    file: File,
    path: PathBuf,
    backend: Backend,
    _registration: Registration,
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Still locked here, so nobody else can believe to hold this file; see the top of this module.
        if stands_at(&self.file, &self.path) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[async_trait]
impl MigrationLock for FileLock {
    fn backend(&self) -> &Backend {
        &self.backend
    }

    fn token(&self) -> Option<(String, i64)> {
        None
    }

    async fn verify(&mut self) -> Result<(), TargetError> {
        if stands_at(&self.file, &self.path) {
            return Ok(());
        }
        Err(TargetError::new(
            Code::LockLost,
            format!("the lock file {} was removed or replaced while it was held", self.path.display()),
        )
        .help("leave *.migrated-lock files alone: their holder removes them"))
    }

    async fn release(self: Box<Self>) -> Result<(), TargetError> {
        Ok(())
    }
}
