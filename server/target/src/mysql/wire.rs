//! The connection: texts go to the server as they are, never prepared, and answers come back as text.

use futures_util::TryStreamExt;
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Connection, Either, Executor, MySqlConnection, Row};

/// What one statement of a text gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// Rows that the server reports as affected: those found, changed or not.
    pub(super) affected: u64,
}

impl Answer {
    /// A cell of the first row.
    pub(super) fn first(&self, column: usize) -> Option<&str> {
        cell(self.rows.first()?, column)
    }

    /// The first column.
    pub(super) fn column(&self) -> Vec<String> {
        self.rows.iter().filter_map(|row| row.first()?.clone()).collect()
    }
}

/// A cell of a row.
pub(super) fn cell(row: &[Option<String>], column: usize) -> Option<&str> {
    row.get(column)?.as_deref()
}

/// A connection.
pub(super) struct Wire {
    connection: MySqlConnection,
}

impl Wire {
    pub(super) fn new(connection: MySqlConnection) -> Wire {
        Wire { connection }
    }

    /// Sends a text of one or more statements. The first that fails ends it; what came before it is given with
    /// the error.
    pub(super) async fn query(&mut self, text: &str) -> Result<Vec<Answer>, (Vec<Answer>, sqlx::Error)> {
        let mut answers = Vec::new();
        let mut rows = Vec::new();
        let mut stream = self.connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(text)));
        loop {
            match stream.try_next().await {
                Ok(None) => return Ok(answers),
                Ok(Some(Either::Right(row))) => rows.push(cells(&row)),
                Ok(Some(Either::Left(done))) => {
                    let rows = std::mem::take(&mut rows);
                    answers.push(Answer { rows, affected: done.rows_affected() });
                }
                Err(e) => return Err((answers, e)),
            }
        }
    }

    /// Sends a statement of a revision. Rows that it gives are counted and let go. What counts is the last of
    /// the results, which a procedure may have many of.
    pub(super) async fn execute(&mut self, text: &str) -> Result<u64, sqlx::Error> {
        let mut stream = self.connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(text)));
        let (mut returned, mut affected) = (0, 0);
        while let Some(next) = stream.try_next().await? {
            match next {
                Either::Right(_) => returned += 1,
                Either::Left(done) => affected = done.rows_affected(),
            }
        }
        Ok(if returned > 0 { returned } else { affected })
    }

    /// The connection itself, for a client's statements.
    pub(super) fn connection(&mut self) -> &mut MySqlConnection {
        &mut self.connection
    }

    /// Lets go of prepared statements.
    pub(super) async fn forget_prepared(&mut self) -> Result<(), sqlx::Error> {
        self.connection.clear_cached_statements().await
    }

    /// Says goodbye. There is nothing to do about a failure: the server notices the end of the connection.
    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing a MySQL connection");
        }
    }
}

fn cells(row: &MySqlRow) -> Vec<Option<String>> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (0..row.len())
        .map(|at| row.try_get_unchecked::<Option<Vec<u8>>, _>(at).ok().flatten().map(text))
        .collect()
}
