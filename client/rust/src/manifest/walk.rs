//! Finds the revision files of a folder, in load order, with one `stat` each.

use super::{Locations, not_utf8};
use crate::error::{Error, Own, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What tells that a file is the one that was hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Last change of the content, in nanoseconds since 1970.
    pub mtime: i64,
    /// Last change of the inode, in nanoseconds since 1970. Restoring an old `mtime` moves it.
    pub ctime: i64,
    /// Number of the inode.
    pub inode: u64,
}

/// A revision file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Path in the manifest.
    pub path: String,
    /// Where the file is.
    pub file: PathBuf,
    /// How it looked.
    pub stamp: Stamp,
}

/// Every revision file: `*.sql`, `*.yaml`, `*.yml`; hidden files, editors' leftovers (`#…`, `…~`) and what is no
/// regular file are left out. Locations come in their order; inside of one, files are sorted by path.
///
/// # Errors
/// LOCAL_FILE where a folder cannot be read or a name is not UTF-8.
pub(super) fn walk(locations: &Locations) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for (folder, name) in &locations.list {
        let from = all.len();
        let prefix = if name == "." { String::new() } else { format!("{name}/") };
        let opened =
            rustix::fs::open(folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        let fd = opened.map_err(|e| unreadable(folder, e))?;
        read_folder(fd.as_fd(), folder, &prefix, locations.recursive, &mut all)?;
        all[from..].sort_unstable_by(|a, b| a.path.cmp(&b.path));
    }
    Ok(all)
}

fn read_folder(
    fd: BorrowedFd<'_>,
    folder: &Path,
    prefix: &str,
    recursive: bool,
    all: &mut Vec<Found>,
) -> Result<()> {
    let entries = Dir::read_from(fd).map_err(|e| unreadable(folder, e))?;
    for entry in entries {
        let entry = entry.map_err(|e| unreadable(folder, e))?;
        let bytes = entry.file_name().to_bytes();
        if matches!(bytes.first(), Some(b'.' | b'#')) || bytes.last() == Some(&b'~') {
            continue;
        }
        let wanted = is_revision_file(bytes);
        let may_be_folder = recursive
            && matches!(entry.file_type(), FileType::Directory | FileType::Symlink | FileType::Unknown);
        if !wanted && !may_be_folder {
            continue;
        }
        let file = folder.join(std::ffi::OsStr::from_bytes(bytes));
        let stat = match rustix::fs::statat(fd, entry.file_name(), AtFlags::empty()) {
            Ok(stat) => stat,
            // Gone since the folder was read, or a link to nowhere.
            Err(rustix::io::Errno::NOENT) => continue,
            Err(e) => return Err(unreadable(&file, e)),
        };
        let name = std::str::from_utf8(bytes).map_err(|_| not_utf8(&file))?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile if wanted => {
                all.push(Found { path: format!("{prefix}{name}"), file, stamp: stamp(&stat) });
            }
            // A link to a folder is not followed: it could lead in a circle.
            FileType::Directory if recursive && entry.file_type() != FileType::Symlink => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                let inner = rustix::fs::openat(fd, entry.file_name(), flags, Mode::empty());
                let inner = inner.map_err(|e| unreadable(&file, e))?;
                read_folder(inner.as_fd(), &file, &format!("{prefix}{name}/"), recursive, all)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What a file looks like now.
pub(super) fn stamp_of(file: &std::fs::File) -> std::io::Result<Stamp> {
    Ok(stamp(&rustix::fs::fstat(file)?))
}

#[expect(clippy::unnecessary_cast, reason = "the fields' types differ between platforms")]
fn stamp(stat: &Stat) -> Stamp {
    let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
    Stamp {
        size: u64::try_from(stat.st_size).unwrap_or(0),
        mtime: nanos(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
        ctime: nanos(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        inode: stat.st_ino as u64,
    }
}

fn is_revision_file(name: &[u8]) -> bool {
    [b".sql".as_slice(), b".yaml", b".yml"].iter().any(|end| name.len() > end.len() && name.ends_with(end))
}

fn unreadable(path: &Path, cause: rustix::io::Errno) -> Box<Error> {
    let error = Error::file(path, "read", &cause.into());
    match cause {
        rustix::io::Errno::NOENT => Own::LocalFile
            .error(format!("there is no folder {}", path.display()))
            .next("make it with `migratectl init`, or name another one with `--dir`"),
        _ => error,
    }
}
