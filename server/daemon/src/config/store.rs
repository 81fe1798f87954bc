//! Section `store`: the daemon's own database.

use super::Problems;
use super::schema::section;
use super::value::{Size, Span};
use std::path::PathBuf;

section! {
    /// The revision store: the daemon's own database, a SQLite file that one daemon has open at a time.
    Store {
        /// The file. It is made when missing; its folder must exist.
        path: PathBuf = PathBuf::from("migrated.db"),
        /// Connections for reading, opened when needed.
        readers: u32 = 4,
        /// How long to wait for another process, such as a backup, that holds the file.
        busy_timeout: Span = Span::seconds(5),
        /// Largest size that the file may grow to; without it, the device's limit.
        max_size: Option<Size> = None,
    }
}

impl Store {
    /// Finds what cannot work.
    pub(crate) fn validate(&self, problems: &mut Problems) {
        if self.path.as_os_str().is_empty() {
            problems.add("store.path", "is empty");
        }
        if self.readers == 0 {
            problems.add("store.readers", "must be at least 1");
        }
    }
}
