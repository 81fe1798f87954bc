//! What rendering an operation needs to know, and why it may fail.

use super::Operation;
use crate::DialectName;
use crate::dialect::render;
use crate::schema::Schema;

/// The server that SQL is rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its dialect.
    pub dialect: DialectName,
    /// Its version: major, minor, patch.
    pub version: (u32, u32, u32),
    /// Whether it is MariaDB, where the dialect is MySQL's.
    pub mariadb: bool,
}

impl Server {
    /// The oldest server of a dialect that is supported: what it understands, all do.
    pub const fn oldest(dialect: DialectName) -> Server {
        match dialect {
            DialectName::Postgres => Server { dialect, version: (13, 0, 0), mariadb: false },
            DialectName::Mysql => Server { dialect, version: (8, 0, 16), mariadb: false },
            DialectName::Sqlite => Server { dialect, version: (3, 35, 0), mariadb: false },
        }
    }

    /// The server that calls itself `name`: `PostgreSQL 15.18`, `MariaDB 10.11.6`. Where no version stands in it, the
    /// oldest that is supported.
    pub fn named(dialect: DialectName, name: &str) -> Server {
        let oldest = Server { mariadb: name.starts_with("MariaDB"), ..Server::oldest(dialect) };
        let Some(text) = name.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
        else {
            return oldest;
        };
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map_while(|digits| digits.parse().ok());
        let mut number = || numbers.next().unwrap_or(0);
        Server { version: (number(), number(), number()), ..oldest }
    }
}

/// Why an operation cannot be rendered, reversed or applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// The dialect has nothing of the kind.
    #[error("{dialect} has no way to {what}{}", advice_text(.advice))]
    Unsupported {
        /// The dialect.
        dialect: &'static str,
        /// What was asked for: `alter a column's type`.
        what: String,
        /// What to do instead; may be empty.
        advice: String,
    },
    /// It cannot be undone: what was there before is not known.
    #[error("{what} cannot be reversed: {why}")]
    Irreversible {
        /// The operation, in a few words.
        what: String,
        /// What is missing.
        why: String,
    },
    /// What it is about is not in the schema.
    #[error("{what} is not there")]
    Missing {
        /// The object.
        what: String,
    },
    /// What it would make is in the schema already.
    #[error("{what} is there already")]
    Exists {
        /// The object.
        what: String,
    },
}

fn advice_text(advice: &str) -> String {
    if advice.is_empty() { String::new() } else { format!(": {advice}") }
}

impl Operation {
    /// The statements that do it on `server`, without semicolons at their ends, in their order.
    ///
    /// # Errors
    /// [`OperationError::Unsupported`].
    pub fn render(&self, server: &Server) -> Result<Vec<String>, OperationError> {
        match self {
            Operation::Execute(execute)
                if !(execute.dialect.is_empty() || execute.dialect.contains(&server.dialect)) =>
            {
                Ok(Vec::new())
            }
            _ => render(self, server),
        }
    }
}

/// The statements that make a whole schema from nothing on `server`, in an order in which they work.
///
/// # Errors
/// [`OperationError::Unsupported`].
pub fn render_schema(schema: &Schema, server: &Server) -> Result<Vec<String>, OperationError> {
    let made = crate::diff::diff(&Schema::default(), schema, &crate::diff::Rules::default());
    let mut statements = Vec::new();
    for operation in &made.operations {
        statements.extend(operation.render(server)?);
    }
    Ok(statements)
}
