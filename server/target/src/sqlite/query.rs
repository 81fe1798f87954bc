//! Sending text to SQLite and taking everything that comes back.
//!
//! A connection of the driver is a thread; every call here is one message to it and back.

use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Either, Row};

/// What one statement gave.
#[derive(Default)]
pub(super) struct Given {
    /// Rows that the last INSERT, UPDATE or DELETE of the connection changed; meaningful after one of those.
    pub(super) changes: u64,
    /// Rows that came back.
    pub(super) returned: u64,
}

/// Runs one statement to its end and counts. `None` where the text holds no statement at all.
pub(super) async fn execute(conn: &mut SqliteConnection, sql: String) -> Result<Option<Given>, sqlx::Error> {
    let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(conn);
    let (mut given, mut ended) = (Given::default(), false);
    while let Some(item) = stream.try_next().await? {
        match item {
            Either::Left(done) => {
                given.changes = done.rows_affected();
                ended = true;
            }
            Either::Right(_) => given.returned += 1,
        }
    }
    Ok(ended.then_some(given))
}

/// Runs statements that give no rows of interest.
pub(super) async fn run(conn: &mut SqliteConnection, sql: impl Into<String>) -> Result<(), sqlx::Error> {
    execute(conn, sql.into()).await.map(|_| ())
}

/// Runs several statements: for each of them the rows that it changed and those that it returned.
pub(super) async fn batch(
    conn: &mut SqliteConnection,
    sql: String,
) -> Result<Vec<(u64, Vec<SqliteRow>)>, sqlx::Error> {
    match batch_until(conn, sql).await {
        (all, None) => Ok(all),
        (_, Some(e)) => Err(e),
    }
}

/// The same up to the first statement that fails, with its error.
pub(super) async fn batch_until(
    conn: &mut SqliteConnection,
    sql: String,
) -> (Vec<(u64, Vec<SqliteRow>)>, Option<sqlx::Error>) {
    let mut stream = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_many(conn);
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    loop {
        match stream.try_next().await {
            Ok(Some(Either::Left(done))) => all.push((done.rows_affected(), std::mem::take(&mut rows))),
            Ok(Some(Either::Right(row))) => rows.push(row),
            Ok(None) => return (all, None),
            Err(e) => return (all, Some(e)),
        }
    }
}

/// All rows of one query.
pub(super) async fn rows(
    conn: &mut SqliteConnection,
    sql: impl Into<String>,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    Ok(batch(conn, sql.into()).await?.pop().map(|(_, rows)| rows).unwrap_or_default())
}

/// The first column of those rows as text. Nothing is skipped: a value that is not text is an error.
pub(super) fn texts(rows: &[SqliteRow]) -> Result<Vec<String>, sqlx::Error> {
    rows.iter().map(|row| row.try_get_unchecked::<String, _>(0)).collect()
}
