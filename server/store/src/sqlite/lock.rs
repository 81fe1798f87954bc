//! The store belongs to one daemon: an OS lock on `<file>.lock`, held as long as the store is open.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::{Result, StoreError};

/// A held lock. The OS gives it back when this is dropped or the process ends, however it ends; the file stays,
/// since removing it would let two processes hold "the" lock on two files.
#[derive(Debug)]
pub(super) struct StoreLock {
    _file: File,
}

/// Takes the lock of the store at `path`. [`StoreError::Unavailable`] names the process that holds it.
pub(super) fn take(path: &Path) -> Result<StoreLock> {
    let mut name: OsString = real_path(path)?.into_os_string();
    name.push(".lock");
    let name = PathBuf::from(name);
    let cannot = |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", name.display()));
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&name).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(StoreError::Unavailable(held_by(path, &mut file))),
        Err(TryLockError::Error(e)) => return Err(cannot(e)),
    }
    file.set_len(0).map_err(cannot)?;
    file.seek(SeekFrom::Start(0)).map_err(cannot)?;
    file.write_all(format!("{}\n", std::process::id()).as_bytes()).map_err(cannot)?;
    Ok(StoreLock { _file: file })
}

fn held_by(path: &Path, file: &mut File) -> String {
    let mut text = String::new();
    // A holder that has just taken the lock may not have written its number yet.
    let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    let holder = pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"));
    format!("{} is open in {holder}; a SQLite store belongs to one daemon", path.display())
}

/// Two names of one file must lead to one lock.
fn real_path(path: &Path) -> Result<PathBuf> {
    let cannot = |e: std::io::Error| StoreError::Unavailable(format!("{}: {e}", path.display()));
    match path.canonicalize() {
        Ok(real) => Ok(real),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or_else(|| cannot(e))?;
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            Ok(folder.canonicalize().map_err(cannot)?.join(name))
        }
        Err(e) => Err(cannot(e)),
    }
}
