//! Rows and plain SQL.

use super::change::Change;
use super::{Operation, OperationError, held};
use crate::DialectName;
use crate::schema::{LiteralValue, Name, Schema};
use serde::{Deserialize, Serialize};

/// Inserts rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BulkInsert {
    /// The table.
    pub table: Name,
    /// The columns that the rows fill.
    pub columns: Vec<String>,
    /// The rows; `None` is NULL.
    pub rows: Vec<Vec<Option<LiteralValue>>>,
}

/// Executes SQL as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execute {
    /// One statement or several.
    pub sql: String,
    /// What undoes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverse: Option<String>,
    /// The dialects that it is for; empty: all. For another it is no statement at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dialect: Vec<DialectName>,
}

impl Change for BulkInsert {
    fn reverse(&self) -> Result<Operation, OperationError> {
        let what = format!("inserting rows into {}", self.table);
        Err(OperationError::Irreversible { what, why: "which rows were there before is not known".into() })
    }

    fn apply(&self, schema: &mut Schema) -> Result<(), OperationError> {
        let table = held::table(&mut schema.tables, &self.table)?;
        match self.columns.iter().find(|column| table.column(column).is_none()) {
            Some(column) => Err(held::missing("column", format!("{}.{column}", self.table))),
            None => Ok(()),
        }
    }

    fn summary(&self) -> String {
        let rows = self.rows.len();
        format!("insert {rows} row{} into {}", if rows == 1 { "" } else { "s" }, self.table)
    }
}

impl Change for Execute {
    fn reverse(&self) -> Result<Operation, OperationError> {
        match &self.reverse {
            Some(sql) => {
                let (sql, reverse) = (sql.clone(), Some(self.sql.clone()));
                Ok(Operation::Execute(Execute { sql, reverse, dialect: self.dialect.clone() }))
            }
            None => {
                let why = "it came without `reverse`, the SQL that undoes it".into();
                Err(OperationError::Irreversible { what: Change::summary(self), why })
            }
        }
    }

    fn apply(&self, _: &mut Schema) -> Result<(), OperationError> {
        Ok(())
    }

    fn summary(&self) -> String {
        const SHOWN: usize = 60;
        let text = self.sql.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("execute {}…", &text[..end]),
            None => format!("execute {text}"),
        }
    }
}
