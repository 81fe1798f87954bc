//! Steps whose statements come from a client.

use super::error::{self, At, clean, refused};
use super::session::SqliteSession;
use super::transaction::{begin, compare, version_rows, write_and_commit, write_rows};
use super::{meaning as rows_of, query};
use crate::executed::{Done, Left, Meaning, Rows, Statements, converse};
use crate::stop::Stop;
use crate::{
    Applied, ApplyFault, ClientStatement, Executor, ResultColumn, ScriptStatement, TargetError, Tell,
    Treatment, Value, Work,
};
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use migrated_core::dialect::StatementKind;
use migrated_core::{Code, DialectName};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Column as _, Either, Executor as _, Row as _, SqlSafeStr as _};
use sqlx::{Statement as _, TypeInfo as _, ValueRef as _};

/// Does a step in a transaction of its own.
pub(super) async fn step(
    session: &mut SqliteSession,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    session.remember().await.map_err(|e| clean(e, false))?;
    let found = begin(session, "").await?;
    match inside(session, work, found, executor, tell).await {
        Ok((statements, left)) => {
            let rows = write_and_commit(session, work, tell).await?;
            Ok(Applied { statements, rows, spoils_sessions: left.spoils_sessions })
        }
        Err(fault) => {
            session.rollback().await;
            Err(fault)
        }
    }
}

/// Does a step inside the transaction of the run. A failure rolls back the whole run.
pub(super) async fn in_run(
    session: &mut SqliteSession,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    let applied = in_open_run(session, work, executor, tell).await;
    if applied.is_err() {
        session.rollback().await;
    }
    applied
}

async fn in_open_run(
    session: &mut SqliteSession,
    work: &Work,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
) -> Result<Applied, ApplyFault> {
    if !session.in_run {
        let message = "no transaction of the run is open";
        return Err(clean(TargetError::new(Code::Internal, message), false));
    }
    session.remember().await.map_err(|e| clean(e, false))?;
    let found = query::rows(&mut session.conn, session.table.sql.select()).await;
    let found = version_rows(session, found)?;
    let (statements, left) = inside(session, work, found, executor, tell).await?;
    let rows = write_rows(session, &work.changes).await.map_err(|e| clean(e, false))?;
    session.not_cancelled().map_err(|e| clean(e, false))?;
    session.leaves_nothing(work).await?;
    Ok(Applied { statements, rows, spoils_sessions: left.spoils_sessions })
}

/// The comparison of the version rows, and the body.
async fn inside(
    session: &mut SqliteSession,
    work: &Work,
    found: Option<Vec<String>>,
    executor: &mut dyn Executor,
    tell: &dyn Tell,
) -> Result<(u32, Left), ApplyFault> {
    compare(session, work, found).await.map_err(|e| clean(e, false))?;
    let mut done = 0;
    let mut client = Client { session, work };
    let left = converse(&mut client, DialectName::Sqlite, work, executor, tell, &mut done).await;
    match left {
        Ok(left) => Ok((done, left)),
        Err(stop) => Err(clean(stop.error, stop.retryable)),
    }
}

/// The session, as it executes what a client sends.
struct Client<'a> {
    session: &'a mut SqliteSession,
    work: &'a Work,
}

#[async_trait]
impl Statements for Client<'_> {
    async fn execute(
        &mut self,
        number: u32,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Stop> {
        self.session.not_cancelled().map_err(Stop::refused)?;
        if let Some(error) = self.out_of_place(meaning) {
            return Err(Stop::refused(error));
        }
        match self.run(statement, meaning, rows).await {
            Ok(done) => {
                if !meaning.is_plain() {
                    // The driver keeps the columns of a prepared statement, which may be others now.
                    self.forget().await?;
                }
                Ok(done)
            }
            Err(Failed::Ours(stop)) => Err(stop),
            Err(Failed::Said(e)) => {
                let sent = sent(meaning);
                let at = At {
                    text: &meaning.text,
                    statement: &sent,
                    index: number,
                    total: 0,
                    path: &self.work.path,
                };
                let mut stop = Stop { retryable: error::is_busy(&e), ..Stop::refused(at.failed(&e)) };
                stop.fatal |= e.as_database_error().is_none() || self.lost_transaction().await;
                Err(stop)
            }
        }
    }
}

/// Why a statement did not get to its end.
enum Failed {
    Said(sqlx::Error),
    Ours(Stop),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed::Said(error)
    }
}

impl Client<'_> {
    /// What a transaction turns into nothing, or refuses.
    fn out_of_place(&self, meaning: &Meaning) -> Option<TargetError> {
        let refused = match meaning.class.kind {
            // That is how the session is, or has no effect until the next revision, which does not see it.
            StatementKind::ForeignKeys(on) => self.session.foreign_keys && !on,
            StatementKind::PragmaOutsideTransaction => true,
            _ => false,
        };
        refused.then(|| {
            TargetError::new(
                Code::PragmaInTransaction,
                format!("{} does nothing inside of a transaction", meaning.summary),
            )
            .help("leave it out, or write the revision in SQL, where migrated runs it before the transaction")
        })
    }

    async fn run(
        &mut self,
        statement: &ClientStatement,
        meaning: &Meaning,
        rows: &mut Rows<'_>,
    ) -> Result<Done, Failed> {
        let conn = &mut self.session.conn;
        if meaning.without_rows && statement.parameters.is_empty() {
            let mut done = Done::default();
            let mut stream = sqlx::raw_sql(AssertSqlSafe(meaning.text.as_str())).fetch_many(conn);
            while let Some(item) = stream.try_next().await? {
                if let Either::Left(it) = item {
                    note(&mut done, meaning, it.rows_affected(), it.last_insert_rowid());
                }
            }
            return Ok(done);
        }
        let text = AssertSqlSafe(meaning.text.as_str()).into_sql_str();
        let prepared = conn.prepare(text).await?;
        let columns: Vec<ResultColumn> = prepared.columns().iter().map(column).collect();
        let gives_rows = !columns.is_empty();
        let places = prepared.parameters().and_then(Either::right).unwrap_or_default();
        rows.columns(|| columns);
        let none = [Vec::new()];
        let sets = if statement.parameters.is_empty() { &none[..] } else { &statement.parameters };
        let mut done = Done::default();
        'sets: for set in sets {
            let arguments = arguments(set, places)?;
            let conn = &mut self.session.conn;
            let mut stream =
                conn.fetch_many(sqlx::query_with(AssertSqlSafe(meaning.text.as_str()), arguments));
            while let Some(item) = stream.try_next().await? {
                match item {
                    Either::Left(it) => {
                        note(&mut done, meaning, it.rows_affected(), it.last_insert_rowid());
                    }
                    Either::Right(row) => {
                        let wanted = rows.push(values(&row)?).await;
                        if !wanted.map_err(|error| Failed::Ours(Stop::refused(error)))? {
                            break 'sets;
                        }
                    }
                }
            }
        }
        if gives_rows {
            done.row_count = Some(rows.count());
        }
        Ok(done)
    }

    /// Lets go of prepared statements.
    async fn forget(&mut self) -> Result<(), Stop> {
        use sqlx::Connection as _;
        let forgotten = self.session.conn.clear_cached_statements().await;
        forgotten
            .map_err(|e| Stop::refused(refused(&e, "forgetting prepared statements", &self.session.place)))
    }

    /// Whether SQLite has ended the transaction by itself, as it does after some errors and for ON CONFLICT ROLLBACK
    /// (lang_transaction.html). A transaction cannot be begun inside of one, and that tells.
    async fn lost_transaction(&mut self) -> bool {
        let lost = query::run(&mut self.session.conn, "BEGIN").await.is_ok();
        if lost {
            self.session.rollback().await;
        }
        lost
    }
}

fn note(done: &mut Done, meaning: &Meaning, changed: u64, last: i64) {
    if meaning.counts_rows() {
        *done.row_count.get_or_insert_default() += rows_of::count(&meaning.text, changed, 0);
        if matches!(meaning.verb.as_str(), "INSERT" | "REPLACE") {
            done.last_row_id = Some(last);
        }
    }
}

fn column(column: &sqlx::sqlite::SqliteColumn) -> ResultColumn {
    let declared = column.type_info().name();
    let type_name = if declared == "NULL" { String::new() } else { declared.to_owned() };
    ResultColumn { name: column.name().to_owned(), type_name, type_code: 0 }
}

fn arguments(set: &[Value], places: usize) -> Result<SqliteArguments, Failed> {
    let refused =
        |message: String| Failed::Ours(Stop::refused(TargetError::new(Code::InvalidRequest, message)));
    if set.len() != places {
        return Err(refused(format!(
            "the statement has {places} placeholders, and {} parameters came",
            set.len()
        )));
    }
    let mut arguments = SqliteArguments::default();
    for value in set {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Boolean(it) => arguments.add(i64::from(*it)),
            Value::Integer(it) => arguments.add(*it),
            Value::Real(it) => arguments.add(*it),
            Value::Bytes(it) => arguments.add(it.clone()),
            Value::Array(_) => return Err(refused("SQLite has no arrays".to_owned())),
            value => arguments.add(value.text().unwrap_or_default().into_owned()),
        };
        added.map_err(|e| refused(format!("a parameter cannot be sent: {e}")))?;
    }
    Ok(arguments)
}

/// A row's values, each as what it is stored as.
fn values(row: &SqliteRow) -> Result<Vec<Value>, sqlx::Error> {
    let of = |at: usize| {
        let raw = row.try_get_raw(at)?;
        if raw.is_null() {
            return Ok(Value::Null);
        }
        Ok(match raw.type_info().name() {
            "INTEGER" => Value::Integer(row.try_get_unchecked(at)?),
            "REAL" => Value::Real(row.try_get_unchecked(at)?),
            "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
            _ => {
                // SQLite keeps as text whatever it was given as text.
                let bytes: Vec<u8> = row.try_get_unchecked(at)?;
                String::from_utf8(bytes).map_or_else(|e| Value::Bytes(e.into_bytes()), Value::Text)
            }
        })
    };
    (0..row.len()).map(of).collect()
}

/// A client's statement as one of a script.
fn sent(meaning: &Meaning) -> ScriptStatement {
    ScriptStatement {
        range: 0..meaning.text.len(),
        line: 1,
        column: 1,
        copy_data: None,
        hash: String::new(),
        summary: meaning.summary.clone(),
        treatment: Treatment::Transactional,
    }
}
