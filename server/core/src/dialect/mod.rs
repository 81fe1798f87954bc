//! What differs between the engines, as far as it can be known without one: how a script is split, what its
//! statements mean for transactions, how names and strings are quoted, and the version table's SQL.
//!
//! Each dialect has a folder, with the same file names in each; they never import each other. What is alike (the
//! scanner, the walk through a script, the parsing of names) stands beside them.

mod classify;
pub(crate) mod column_name;
pub(crate) mod hash;
mod lexer;
pub mod literal;
mod mysql;
mod object;
pub mod offline;
mod position;
mod postgres;
mod splitter;
mod sqlite;
mod statement;
mod summary;
pub(crate) mod token;
pub mod version_table;
pub(crate) mod words;
mod words_of;

pub use classify::{Classification, ConcurrentIndex, StatementKind, classify};
pub use hash::statement_hash;
pub use object::{ObjectKind, ObjectRef, objects};
pub use position::Position;
pub use splitter::{Splitter, split};
pub use statement::{SplitError, Statement};
pub use summary::summary;
pub use words_of::{SqlWord, WordKind, spelled, sql_words};

use crate::operation::{Operation, OperationError, Server};

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

/// The keywords of SQLite, in lower case and sorted.
pub const SQLITE_KEYWORDS: &[&str] = sqlite::literal::RESERVED;

/// The statements that do an operation on a server.
pub(crate) fn render(operation: &Operation, server: &Server) -> Result<Vec<String>, OperationError> {
    match server.dialect {
        DialectName::Postgres => postgres::render::render(operation, server),
        DialectName::Mysql => mysql::render::render(operation, server),
        DialectName::Sqlite => sqlite::render::render(operation),
    }
}
