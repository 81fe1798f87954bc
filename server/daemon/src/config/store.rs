//! Section `store`: the daemon's own database.

use super::Problems;
use super::schema::section;
use super::value::{Secret, Size, Span};
use std::path::PathBuf;

section! {
    /// The revision store: the daemon's own database. A SQLite file that one daemon has open at a time, or, with a URL, a
    /// schema of a PostgreSQL database that any number of daemons share.
    Store {
        /// The SQLite file. It is made when missing; its folder must exist.
        path: PathBuf = PathBuf::from("migrated.db"),
        /// SQLite: connections for reading, opened when needed.
        readers: u32 = 4,
        /// SQLite: how long to wait for another process, such as a backup, that holds the file.
        busy_timeout: Span = Span::seconds(5),
        /// SQLite: largest size that the file may grow to; without it, the device's limit.
        max_size: Option<Size> = None,
        /// URL of the PostgreSQL database that is the store, `postgres://…`, instead of the SQLite file. At most one of
        /// `url`, `url_env` and `url_file` may be set.
        url: Option<Secret> = None,
        /// Environment variable of the daemon that holds the URL.
        url_env: Option<String> = None,
        /// File whose first line is the URL.
        url_file: Option<PathBuf> = None,
        /// PostgreSQL: the schema that the store has to itself. It is made when missing.
        schema: String = "migrated".into(),
        /// PostgreSQL: most connections, at least 2. One more listens for what other daemons tell.
        connections: u32 = 8,
        /// PostgreSQL: how long a connection may be waited for.
        connect_timeout: Span = Span::seconds(10),
        /// PostgreSQL: a daemon that gave no sign of life for so long loses its runs to the others, at least `2s`. The same
        /// for all daemons on a store.
        lease: Span = Span::seconds(10),
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
        let urls = [self.has_url(), set(&self.url_env), self.url_file().is_some()];
        if urls.iter().filter(|is_set| **is_set).count() > 1 {
            problems.add("store.url", "at most one of `url`, `url_env` and `url_file` may be set");
        }
        if let Some(url) = &self.url
            && self.has_url()
            && !is_postgres(url.reveal())
        {
            problems.add("store.url", "must begin with postgres:// or postgresql://");
        }
        if self.schema.is_empty() || self.schema.len() > 63 {
            problems.add("store.schema", "must have 1 to 63 bytes");
        }
        if self.connections < 2 {
            problems.add("store.connections", "must be at least 2");
        }
        if self.lease < Span::seconds(2) {
            problems.add("store.lease", "must be at least 2s");
        }
    }

    /// The URL of a PostgreSQL store; `None` where the store is a file.
    ///
    /// # Errors
    /// One line without the URL, with the key, where it cannot be had.
    pub(crate) fn postgres_url(&self) -> Result<Option<String>, String> {
        let (key, text) = if let Some(url) = self.url.as_ref().filter(|_| self.has_url()) {
            ("url", Ok(url.reveal().to_owned()))
        } else if let Some(variable) = self.url_env.as_ref().filter(|name| !name.is_empty()) {
            // Its other error shows the value.
            let missing = |_| format!("the daemon's environment has no variable {variable} in UTF-8");
            ("url_env", std::env::var(variable).map_err(missing))
        } else if let Some(path) = self.url_file() {
            ("url_file", std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display())))
        } else {
            return Ok(None);
        };
        let text = text.map_err(|e| format!("store.{key}: {e}"))?;
        let line = text.lines().next().unwrap_or_default().trim();
        match is_postgres(line) {
            true => Ok(Some(line.to_owned())),
            false => Err(format!("store.{key}: must begin with postgres:// or postgresql://")),
        }
    }

    fn has_url(&self) -> bool {
        self.url.as_ref().is_some_and(|url| !url.reveal().is_empty())
    }

    fn url_file(&self) -> Option<&PathBuf> {
        self.url_file.as_ref().filter(|path| !path.as_os_str().is_empty())
    }
}

fn set(text: &Option<String>) -> bool {
    text.as_ref().is_some_and(|text| !text.is_empty())
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}
