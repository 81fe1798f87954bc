//! What differs between the engines, as far as it can be known without one.

use serde::{Deserialize, Serialize};

/// The SQL dialects that revisions are written for. MariaDB and MySQL are one dialect; where they differ, the
/// server's version decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DialectName {
    /// PostgreSQL 13 and later.
    Postgres,
    /// MySQL 8 and MariaDB 10.6 and later.
    Mysql,
    /// SQLite 3.
    Sqlite,
}

impl DialectName {
    /// All dialects.
    pub const ALL: [DialectName; 3] = [DialectName::Postgres, DialectName::Mysql, DialectName::Sqlite];

    /// The name as it stands in options, files and messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            DialectName::Postgres => "postgresql",
            DialectName::Mysql => "mysql",
            DialectName::Sqlite => "sqlite",
        }
    }

    /// Reads a dialect's name, with the names that people use for the same thing.
    pub fn parse(name: &str) -> Option<DialectName> {
        match name.to_ascii_lowercase().as_str() {
            "postgresql" | "postgres" | "pg" => Some(DialectName::Postgres),
            "mysql" | "mariadb" => Some(DialectName::Mysql),
            "sqlite" | "sqlite3" => Some(DialectName::Sqlite),
            _ => None,
        }
    }
}

impl std::fmt::Display for DialectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
