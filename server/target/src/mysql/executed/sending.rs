//! One statement of a client on the connection, with its rows on their way back.

use crate::executed::{Done, Meaning, Rows};
use crate::mysql::error;
use crate::mysql::session::MysqlSession;
use crate::mysql::value::{arguments, column, values};
use crate::{ClientStatement, ResultColumn, TargetError};
use futures_util::TryStreamExt as _;
use migrated_core::Code;
use sqlx::{AssertSqlSafe, Either, Executor as _, SqlSafeStr as _, Statement as _};

/// "This command is not supported in the prepared statement protocol yet".
const UNPREPARED: u16 = 1295;

/// Executes a statement on the connection and passes its rows on.
pub(super) async fn run_on(
    session: &mut MysqlSession,
    statement: &ClientStatement,
    meaning: &Meaning,
    rows: &mut Rows<'_>,
) -> Result<Done, Failed> {
    let mut done = Done::default();
    let text = meaning.text.as_str();
    session.confined(text).map_err(Failed::Ours)?;
    let plain = statement.parameters.is_empty();
    if let Some(limit) = session.server.max_packet.filter(|limit| text.len() >= *limit) {
        let why = format!(
            "the statement has {} bytes, and max_allowed_packet of the server is {limit}",
            text.len()
        );
        return Err(Failed::Ours(
            TargetError::new(Code::StatementFailed, why)
                .help("raise max_allowed_packet on the server, or cut the statement into several"),
        ));
    }
    let conn = session.wire.connection();
    let prepared = match plain && meaning.without_rows {
        true => None,
        false => match conn.prepare(AssertSqlSafe(text).into_sql_str()).await {
            Ok(prepared) => Some(prepared),
            Err(e) if plain && error::number(&e) == Some(UNPREPARED) => None,
            Err(e) => return Err(e.into()),
        },
    };
    let none = [Vec::new()];
    let sets = if plain { &none[..] } else { &statement.parameters };
    let mut gives_rows = false;
    if let Some(prepared) = &prepared {
        let columns: Vec<ResultColumn> = prepared.columns().iter().map(column).collect();
        gives_rows = !columns.is_empty();
        rows.columns(|| columns);
    }
    'sets: for set in sets {
        let conn = session.wire.connection();
        let places =
            prepared.as_ref().and_then(|it| it.parameters()).and_then(Either::right).unwrap_or_default();
        let mut stream = match &prepared {
            Some(_) => {
                let arguments = arguments(set, places).map_err(Failed::Ours)?;
                conn.fetch_many(sqlx::query_with(AssertSqlSafe(text), arguments))
            }
            None => sqlx::raw_sql(AssertSqlSafe(text)).fetch_many(conn),
        };
        while let Some(item) = stream.try_next().await? {
            match item {
                Either::Left(it) => {
                    if meaning.counts_rows() {
                        *done.row_count.get_or_insert_default() += it.rows_affected();
                    }
                    let last = it.last_insert_id();
                    if last != 0 {
                        done.last_row_id = Some(last.cast_signed());
                    }
                }
                Either::Right(row) => {
                    use sqlx::Row as _;
                    gives_rows = true;
                    rows.columns(|| row.columns().iter().map(column).collect());
                    let values = values(&row, prepared.is_some())?;
                    if !rows.push(values).await.map_err(Failed::Ours)? {
                        // The rest is on its way already: the driver reads over it.
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

/// Why a statement did not get to its end.
pub(super) enum Failed {
    Said(sqlx::Error),
    Ours(TargetError),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Failed::Said(error)
    }
}
