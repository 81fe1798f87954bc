//! What a target is made from.

use std::time::Duration;

/// The version table: name and, where it is not in the target's own schema, its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionTable {
    /// `alembic_version` by default.
    pub name: String,
    /// Schema (PostgreSQL) or database (MySQL) of its own.
    pub schema: Option<String>,
}

impl Default for VersionTable {
    fn default() -> Self {
        VersionTable { name: "alembic_version".into(), schema: None }
    }
}

/// Whether each step gets a connection of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionMode {
    /// A fresh connection for each revision.
    #[default]
    Revision,
    /// One fresh connection for the run, reset between revisions.
    Run,
}

/// Everything needed to reach a database and work in it. `Debug` shows no secrets.
#[derive(Clone)]
pub struct TargetSpec {
    /// The URL, secrets included; SQLAlchemy's `dialect+driver://` is accepted.
    pub url: String,
    /// Default schema: first in the search path, and home of the version table unless that has its own.
    pub schema: Option<String>,
    /// The version table.
    pub version_table: VersionTable,
    /// Bound on connecting.
    pub connect_timeout: Duration,
    /// `lock_timeout` of work sessions (rule R13).
    pub lock_timeout: Duration,
    /// SQLite: `PRAGMA foreign_keys` of work sessions; off, as in SQLite's own shell, unless set.
    pub sqlite_foreign_keys: bool,
}

impl std::fmt::Debug for TargetSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TargetSpec")
            .field("schema", &self.schema)
            .field("version_table", &self.version_table)
            .finish_non_exhaustive()
    }
}

impl TargetSpec {
    /// A target of that URL with defaults for everything else.
    pub fn new(url: impl Into<String>) -> Self {
        TargetSpec {
            url: url.into(),
            schema: None,
            version_table: VersionTable::default(),
            connect_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(3),
            sqlite_foreign_keys: false,
        }
    }
}
