//! Where a file stands. Reads only, and creates nothing.

use super::connect::Opened;
use super::error::refused;
use super::place::Place;
use super::version_table::{VersionTable, literal};
use super::{journalled, query};
use crate::{Standing, TargetError, VersionColumn};
use migrated_core::Code;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row};

/// What a missing or empty file looks like. The version is that of the library, asked in memory.
pub(super) async fn nothing(place: &Place) -> Result<Standing, TargetError> {
    let fail = |e: sqlx::Error| refused(&e, "asking for the version of SQLite", place);
    let mut memory = SqliteConnectOptions::new().connect().await.map_err(fail)?;
    let version =
        query::rows(&mut memory, "SELECT sqlite_version()").await.and_then(|rows| query::texts(&rows));
    super::close(memory).await;
    Ok(Standing {
        server: server(&version.map_err(fail)?.join("")),
        rows: None,
        column: None,
        journal: Vec::new(),
        missing_rights: place.missing_rights(),
        lock_table_size: None,
    })
}

/// Reads version rows and journal in one snapshot.
pub(super) async fn read(
    opened: &mut Opened,
    table: &VersionTable,
    place: &Place,
) -> Result<Standing, TargetError> {
    let conn = &mut opened.conn;
    let fail = |e: sqlx::Error| refused(&e, "reading the version table", place);
    // A deferred transaction reads nothing until its first SELECT and then sees one state of the file.
    let first = format!(
        "BEGIN; SELECT sqlite_version(), {}, {};",
        kind_of(&table.name),
        kind_of(crate::journal::TABLE)
    );
    let found = query::rows(conn, first).await.map_err(fail)?;
    let row = found.first().ok_or_else(|| fail(sqlx::Error::RowNotFound))?;
    let version: String = row.try_get(0).map_err(fail)?;
    let table_kind: Option<String> = row.try_get(1).map_err(fail)?;
    let journal_kind: Option<String> = row.try_get(2).map_err(fail)?;

    let (rows, column) = match table_kind.as_deref() {
        Some(kind) => {
            let (rows, column) = version_table(conn, table, kind, place).await?;
            (Some(rows), Some(column))
        }
        None => (None, None),
    };
    let journal = match journal_kind {
        Some(_) => journalled::read(conn, table, place).await?,
        None => Vec::new(),
    };
    query::run(conn, "COMMIT").await.map_err(fail)?;
    Ok(Standing {
        server: server(&version),
        rows,
        column,
        journal,
        missing_rights: place.missing_rights(),
        lock_table_size: None,
    })
}

fn server(version: &str) -> String {
    format!("SQLite {version}")
}

/// A subquery: `table`, `view` or NULL. SQLite folds the case of ASCII letters in names.
fn kind_of(name: &str) -> String {
    format!(
        "(SELECT type FROM sqlite_schema WHERE name = {} COLLATE NOCASE AND type IN ('table', 'view'))",
        literal(name)
    )
}

async fn version_table(
    conn: &mut SqliteConnection,
    table: &VersionTable,
    kind: &str,
    place: &Place,
) -> Result<(Vec<String>, VersionColumn), TargetError> {
    let fail = |e: sqlx::Error| refused(&e, "reading the version table", place);
    let columns =
        query::rows(conn, format!("PRAGMA table_info({})", table.sql.place())).await.map_err(fail)?;
    let mut names = Vec::with_capacity(columns.len());
    for column in &columns {
        names.push(column.try_get::<String, _>("name").map_err(fail)?);
    }
    if kind != "table" || !names.iter().any(|name| name.eq_ignore_ascii_case("version_num")) {
        return Err(TargetError::new(
            Code::VersionTableShape,
            format!(
                "{} in {} is not Alembic's: a table with a column version_num",
                table.name,
                place.shown()
            ),
        )
        .help("name another version table for this target, or move that one away"));
    }
    // The collation is not in any pragma: ask how the column compares. The first arm lends its collation to all.
    let compares = format!(
        "SELECT v = 'A', v = 'a ' FROM (SELECT version_num AS v FROM {} WHERE 0 UNION ALL SELECT 'a')",
        table.sql.place()
    );
    let compared = query::rows(conn, compares).await.map_err(fail)?;
    let compared = compared.first().ok_or_else(|| fail(sqlx::Error::RowNotFound))?;
    let column = VersionColumn {
        // SQLite does not enforce the length of VARCHAR(32).
        max_chars: None,
        case_insensitive: compared.try_get(0).map_err(fail)?,
        pads: compared.try_get(1).map_err(fail)?,
    };
    let rows = query::rows(conn, table.sql.select()).await.map_err(fail)?;
    Ok((query::texts(&rows).map_err(fail)?, column))
}
