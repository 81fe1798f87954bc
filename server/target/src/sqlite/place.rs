//! Where a database file stands, and what can be said about it without opening it.
//!
//! Nothing here opens the database file: closing any descriptor of a file drops every POSIX lock that the process
//! holds on it, those of SQLite connections included ("How To Corrupt An SQLite Database File", section 2.2).

use crate::TargetError;
use migrated_core::Code;
use rustix::fs::{Access, access};
use std::fs::{FileType, Metadata};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// An absolute path, and the real one behind it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    given: PathBuf,
    shown: String,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, or a file of no bytes: to SQLite both are a database without tables.
    Nothing,
    /// A file that may be a database.
    File,
}

impl Place {
    /// Takes an absolute path in UTF-8. Nothing needs to stand there.
    pub(super) fn new(path: &Path) -> Result<Place, TargetError> {
        let text = path.to_str().ok_or_else(|| {
            TargetError::new(
                Code::TargetUrlInvalid,
                format!("the path of a SQLite database must be UTF-8: {}", path.display()),
            )
        })?;
        if text.is_empty() || text == ":memory:" {
            return Err(TargetError::new(
                Code::MemoryTarget,
                "a SQLite database in memory cannot outlive its connection",
            )
            .help("name a file: sqlite:////path/to/file.db"));
        }
        if !path.is_absolute() {
            return Err(TargetError::new(
                Code::TargetUrlInvalid,
                format!("the path of a SQLite database must be absolute: {text}"),
            )
            .help("four slashes begin an absolute path: sqlite:////path/to/file.db"));
        }
        Ok(Place { given: path.to_path_buf(), shown: text.to_owned() })
    }

    /// The path as it was given.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The path with symbolic links followed as far as they lead; the file itself may be missing.
    pub(super) fn real(&self) -> PathBuf {
        let mut path = self.given.clone();
        // As many links in a row as the kernel itself follows.
        for _ in 0..40 {
            if let Ok(real) = path.canonicalize() {
                return real;
            }
            let Some(folder) = path.parent().map(|p| p.canonicalize().unwrap_or_else(|_| p.into())) else {
                break;
            };
            match path.read_link() {
                Ok(link) => path = folder.join(link),
                Err(_) => return path.file_name().map_or(path.clone(), |name| folder.join(name)),
            }
        }
        path
    }

    /// Looks what stands there. Creates nothing.
    pub(super) fn look(&self) -> Result<Found, TargetError> {
        match std::fs::metadata(self.real()) {
            Ok(meta) if meta.is_file() => Ok(if meta.len() == 0 { Found::Nothing } else { Found::File }),
            Ok(meta) => Err(self.not_a_file(&meta)),
            Err(e) if e.kind() == ErrorKind::NotFound => self.look_at_folder().map(|()| Found::Nothing),
            Err(e) if e.kind() == ErrorKind::PermissionDenied => {
                Err(TargetError::new(Code::TargetPermission, format!("no right to look at {}", self.shown))
                    .help(
                        "every folder on the way to the file must be open to the user that migrated runs as",
                    ))
            }
            Err(e) => {
                Err(TargetError::new(Code::TargetRefused, format!("cannot look at {}: {e}", self.shown)))
            }
        }
    }

    /// Rights that a migration needs here and that this process lacks, one line each.
    pub(super) fn missing_rights(&self) -> Vec<String> {
        let real = self.real();
        let mut missing = Vec::new();
        if real.exists() {
            if access(&real, Access::READ_OK).is_err() {
                missing.push(format!("read the file {}", real.display()));
            }
            if access(&real, Access::WRITE_OK).is_err() {
                missing.push(format!("write to the file {}", real.display()));
            }
        }
        if let Some(folder) = real.parent()
            && access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err()
        {
            missing.push(format!("create files in the folder {} (SQLite's journal)", folder.display()));
        }
        missing
    }

    fn look_at_folder(&self) -> Result<(), TargetError> {
        let real = self.real();
        let folder = real.parent().unwrap_or(Path::new("/"));
        if folder.is_dir() {
            return Ok(());
        }
        Err(TargetError::new(
            Code::DatabaseMissing,
            format!("the folder of the database does not exist: {}", folder.display()),
        )
        .help("create the folder; the file itself is created by the first migration"))
    }

    fn not_a_file(&self, meta: &Metadata) -> TargetError {
        let what = kind(meta.file_type());
        TargetError::new(Code::TargetRefused, format!("{} is {what}, not a database file", self.shown))
            .help("a SQLite target names one file: sqlite:////path/to/file.db")
    }
}

fn kind(file: FileType) -> &'static str {
    if file.is_dir() { "a folder" } else { "a device, pipe or socket" }
}
