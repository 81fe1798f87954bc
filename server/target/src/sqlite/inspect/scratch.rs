//! A scratch database: in memory, so that there is nothing to clean up.

use super::super::SqliteTarget;
use super::super::error::{At, refused};
use super::super::place::Place;
use super::super::query;
use crate::{InspectOptions, Inspected, Scratch, ScratchOptions, ScriptStatement, TargetError, Treatment};
use async_trait::async_trait;
use migrated_core::DialectName;
use migrated_core::dialect::{split, summary};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// Opens an empty database with the target's settings.
pub(in crate::sqlite) async fn scratch(
    target: &SqliteTarget,
    _: &ScratchOptions,
) -> Result<Box<dyn Scratch>, TargetError> {
    let options = SqliteConnectOptions::new().foreign_keys(target.foreign_keys).disable_statement_logging();
    let conn =
        options.connect().await.map_err(|e| refused(&e, "making a scratch database", &target.place))?;
    Ok(Box::new(MemoryScratch {
        conn,
        place: target.place.clone(),
        version_table: target.table.name.clone(),
    }))
}

struct MemoryScratch {
    conn: SqliteConnection,
    /// The target's, for messages.
    place: Place,
    version_table: String,
}

#[async_trait]
impl Scratch for MemoryScratch {
    async fn execute(&mut self, path: &str, text: &str) -> Result<(), TargetError> {
        let statements = split(DialectName::Sqlite, text, 1).map_err(|e| {
            TargetError::new(e.code, format!("{path}:{}:{}: {}", e.line, e.column, e.message)).help(e.help)
        })?;
        let total = u32::try_from(statements.len()).unwrap_or(u32::MAX);
        for (index, statement) in (1..).zip(&statements) {
            if let Err(e) = query::run(&mut self.conn, statement.text).await {
                let script = ScriptStatement {
                    range: statement.range(),
                    line: statement.line,
                    column: statement.column,
                    copy_data: None,
                    hash: String::new(),
                    summary: summary(DialectName::Sqlite, statement.text),
                    treatment: Treatment::Transactional,
                };
                return Err(At { path, text, statement: &script, index, total }.failed(&e));
            }
        }
        Ok(())
    }

    async fn inspect(&mut self, _: &InspectOptions) -> Result<Inspected, TargetError> {
        let ours = [self.version_table.as_str(), crate::journal::TABLE];
        super::read(&mut self.conn, &self.place, &ours).await
    }

    async fn discard(self: Box<Self>) -> Result<(), TargetError> {
        super::super::close(self.conn).await;
        Ok(())
    }
}
