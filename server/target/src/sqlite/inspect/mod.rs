//! Reading the schema of a file, and scratch files.
//!
//! SQLite keeps definitions as the text that made them, so one query reads everything, however much there is, and
//! what it means is found out here.

mod catalog;
mod reader;
mod scratch;
mod table;

use super::SqliteTarget;
use super::error::refused;
use super::place::{Found, Place};
use super::query;
use crate::{InspectOptions, Inspected, TargetError};
use migrated_core::DialectName;
use migrated_core::operation::Server;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

pub(super) use scratch::scratch;

/// Reads the schema of the target's file; a missing one holds nothing.
pub(super) async fn inspect(target: &SqliteTarget, _: &InspectOptions) -> Result<Inspected, TargetError> {
    let place = &target.place;
    if place.look()? == Found::Nothing {
        return Ok(Inspected {
            schema: migrated_core::schema::Schema::new(DialectName::Sqlite),
            server: server(""),
            notes: Vec::new(),
        });
    }
    let mut opened = target.open("", false).await?;
    let ours = [target.table.name.as_str(), crate::journal::TABLE];
    let read = read(&mut opened.conn, place, &ours).await;
    super::close(opened.conn).await;
    read
}

async fn read(conn: &mut SqliteConnection, place: &Place, ours: &[&str]) -> Result<Inspected, TargetError> {
    let fail = |e: sqlx::Error| refused(&e, "reading the schema", place);
    let rows = query::rows(conn, catalog::QUERY).await.map_err(fail)?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        found.push(catalog::Row {
            kind: row.try_get(0).map_err(fail)?,
            name: row.try_get(1).map_err(fail)?,
            table: row.try_get(2).map_err(fail)?,
            sql: row.try_get(3).map_err(fail)?,
        });
    }
    let version = query::rows(conn, "SELECT sqlite_version()").await.and_then(|rows| query::texts(&rows));
    let version = version.map_err(fail)?.join("");
    let (schema, notes) = catalog::schema(&found, ours);
    Ok(Inspected { schema, server: server(&version), notes })
}

fn server(version: &str) -> Server {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    let mut part = || parts.next().unwrap_or(0);
    let version = match (part(), part(), part()) {
        (0, ..) => Server::oldest(DialectName::Sqlite).version,
        version => version,
    };
    Server { dialect: DialectName::Sqlite, version, mariadb: false }
}
