//! Finds the revision files of a folder, in load order, with one `stat` each.

use super::{Locations, not_utf8};
use crate::error::{Error, Own, Result};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};
use std::ffi::CString;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

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
    /// Its version location, as a place in [`Locations::list`].
    pub location: usize,
    /// How it looked.
    pub stamp: Stamp,
}

/// What the names of revision files end with. `.rev.` and the ending of a language: a client executes it.
const ENDINGS: [&str; 9] =
    [".sql", ".yaml", ".yml", ".rev.py", ".rev.go", ".rev.rb", ".rev.js", ".rev.ts", ".rev.java"];

/// Fewer files than this are not worth a thread of their own.
const FILES_PER_THREAD: usize = 1_000;

/// Every revision file, by the endings of [`ENDINGS`]; hidden files, editors' leftovers (`#…`, `…~`) and what is no
/// regular file are left out. Locations come in their order; inside of one, files are sorted by path.
///
/// # Errors
/// LOCAL_FILE where a folder cannot be read or a name is not UTF-8.
pub(super) fn walk(locations: &Locations) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for (location, (folder, name)) in locations.list.iter().enumerate() {
        let from = all.len();
        let prefix = if name == "." { String::new() } else { format!("{name}/") };
        let opened = rustix::fs::open(folder, FOLDER, Mode::empty());
        let fd = opened.map_err(|e| unreadable(folder, e))?;
        let place = Place { location, recursive: locations.recursive };
        read_folder(fd.as_fd(), folder, &prefix, place, &mut all)?;
        all[from..].sort_unstable_by(|a, b| a.path.cmp(&b.path));
    }
    Ok(all)
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// What is the same for all folders of a version location.
#[derive(Clone, Copy)]
struct Place {
    location: usize,
    recursive: bool,
}

/// A name that may be of interest.
struct Name {
    name: CString,
    is_file: bool,
    is_link: bool,
}

fn read_folder(
    fd: BorrowedFd<'_>,
    folder: &Path,
    prefix: &str,
    place: Place,
    all: &mut Vec<Found>,
) -> Result<()> {
    let names = names(fd, folder, place.recursive)?;
    for (name, stat) in names.iter().zip(stat_all(fd, &names)) {
        let bytes = name.name.as_bytes();
        let file = || folder.join(std::ffi::OsStr::from_bytes(bytes));
        let (kind, stamp) = match stat {
            Ok(stat) => stat,
            // Gone since the folder was read, or a link to nowhere.
            Err(rustix::io::Errno::NOENT) => continue,
            Err(e) => return Err(unreadable(&file(), e)),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| not_utf8(&file()))?;
        match kind {
            FileType::RegularFile if name.is_file => {
                let path = format!("{prefix}{text}");
                all.push(Found { path, location: place.location, stamp });
            }
            // A link to a folder is not followed: it could lead in a circle.
            FileType::Directory if place.recursive && !name.is_link => {
                let inner = rustix::fs::openat(fd, &name.name, FOLDER, Mode::empty());
                let inner = inner.map_err(|e| unreadable(&file(), e))?;
                read_folder(inner.as_fd(), &file(), &format!("{prefix}{text}/"), place, all)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn names(fd: BorrowedFd<'_>, folder: &Path, recursive: bool) -> Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(fd).map_err(|e| unreadable(folder, e))? {
        let entry = entry.map_err(|e| unreadable(folder, e))?;
        let bytes = entry.file_name().to_bytes();
        if matches!(bytes.first(), Some(b'.' | b'#')) || bytes.last() == Some(&b'~') {
            continue;
        }
        let kind = entry.file_type();
        let may_be_folder =
            recursive && matches!(kind, FileType::Directory | FileType::Symlink | FileType::Unknown);
        let is_file = is_revision_file(bytes);
        if is_file || may_be_folder {
            names.push(Name {
                name: entry.file_name().to_owned(),
                is_file,
                is_link: kind == FileType::Symlink,
            });
        }
    }
    Ok(names)
}

/// Looks at all of them, on all processors where they are many: the calls cost more than all else here.
fn stat_all(fd: BorrowedFd<'_>, names: &[Name]) -> Vec<rustix::io::Result<(FileType, Stamp)>> {
    let look = |part: &[Name]| -> Vec<_> {
        let one = |n: &Name| {
            let stat = rustix::fs::statat(fd, &n.name, AtFlags::empty())?;
            Ok((FileType::from_raw_mode(stat.st_mode), stamp(&stat)))
        };
        part.iter().map(one).collect()
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(names.len() / FILES_PER_THREAD).max(1);
    if threads == 1 {
        return look(names);
    }
    let parts: Vec<&[Name]> = names.chunks(names.len().div_ceil(threads)).collect();
    std::thread::scope(|scope| {
        let others: Vec<_> = parts[1..].iter().map(|part| scope.spawn(|| look(part))).collect();
        let mut all = look(parts[0]);
        for (other, part) in others.into_iter().zip(&parts[1..]) {
            all.extend(other.join().unwrap_or_else(|_| look(part)));
        }
        all
    })
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
    // Sources stand beside what they use, and what embeds the folder: a revision among them says so.
    ENDINGS.iter().any(|end| name.len() > end.len() && name.ends_with(end.as_bytes()))
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
