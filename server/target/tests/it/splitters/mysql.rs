//! MariaDB executes the statements of a text one after the other, and answers each by itself.

use super::{ours, scripts};
use crate::mysql_bed::{Database, mariadb};
use futures_util::TryStreamExt as _;
use migrated_core::DialectName;
use migrated_core::dialect::{Statement, sql_words};
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, MySqlConnection, Row as _};
use std::str::FromStr as _;

/// What a statement gave: its rows, or the number of its error.
type Gave = Result<Vec<Vec<Option<Vec<u8>>>>, u16>;

async fn gave(connection: &mut MySqlConnection, text: &str) -> Vec<Gave> {
    let mut all = Vec::new();
    let mut rows = Vec::new();
    let mut stream = connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(text)));
    loop {
        match stream.try_next().await {
            Ok(None) => return all,
            Ok(Some(Either::Left(_))) => all.push(Ok(std::mem::take(&mut rows))),
            Ok(Some(Either::Right(row))) => {
                let cell = |at| row.try_get_unchecked::<Option<Vec<u8>>, _>(at).expect("bytes");
                rows.push((0..row.len()).map(cell).collect());
            }
            Err(e) => {
                let said = e.as_database_error().unwrap_or_else(|| panic!("{e}, of {text:?}"));
                all.push(Err(said.downcast_ref::<MySqlDatabaseError>().number()));
                return all;
            }
        }
    }
}

/// How the server's reading of a text differs from ours, if it does.
async fn differs(connection: &mut MySqlConnection, text: &str) -> Option<String> {
    let (statements, refuses) = ours(DialectName::Mysql, text);
    if statements.iter().any(|statement| statement.text.ends_with("--")) {
        // Before a `;` the server takes it for two signs, at the end of what it is sent for a comment.
        return None;
    }
    let mut pieces = Vec::new();
    for statement in &statements {
        let mut gave = gave(connection, statement.text).await;
        if gave.len() != 1 {
            return Some(format!("{:?} gave {gave:?}", statement.text));
        }
        let failed = gave.iter().any(Result::is_err);
        pieces.append(&mut gave);
        if failed {
            break;
        }
    }
    connection.execute("ROLLBACK").await.expect("rolled back");
    let mut whole = gave(connection, text).await;
    connection.execute("ROLLBACK").await.expect("rolled back");
    if refuses && !pieces.iter().any(Result::is_err) && whole.last().is_some_and(Result::is_err) {
        whole.pop();
    }
    (pieces != whole && !is_empty_statement(text, &statements, &pieces, &whole))
        .then(|| format!("by our statements {pieces:?}, as a whole {whole:?}"))
}

/// Whether all that differs is that the server has met a statement of nothing, at which it fails, or one of a comment,
/// which it answers: we leave both out.
fn is_empty_statement(text: &str, statements: &[Statement<'_>], pieces: &[Gave], whole: &[Gave]) -> bool {
    let same = pieces.iter().zip(whole).take_while(|(ours, theirs)| ours == theirs).count();
    let starts = statements.iter().map(|statement| statement.offset).chain([text.len()]);
    let ends = [0].into_iter().chain(statements.iter().map(|statement| statement.range().end));
    let emptied = ends.zip(starts).enumerate().any(|(before, (from, to))| {
        let semicolons = sql_words(DialectName::Mysql, &text[from..to]).unwrap_or_default();
        semicolons.iter().filter(|word| word.is(";")).count() > usize::from(before > 0)
    });
    match &whole[same..] {
        [Err(_)] => emptied || statements.is_empty(),
        [Ok(rows)] => rows.is_empty() && pieces.len() == same,
        _ => false,
    }
}

async fn connected(database: &Database) -> MySqlConnection {
    let url = database.server.url(&database.name);
    let options = MySqlConnectOptions::from_str(&url).expect("a URL").pipes_as_concat(false);
    let options = options.no_engine_substitution(false).timezone(None).statement_cache_capacity(0);
    MySqlConnection::connect_with(&options).await.expect("connected")
}

async fn all_agree(drawn: usize) {
    let database = mariadb!();
    let mut connection = connected(&database).await;
    let (mut understood, mut several) = (0, 0);
    for text in scripts(DialectName::Mysql, drawn) {
        if let Some(how) = differs(&mut connection, &text).await {
            panic!("{how}\n--- of\n{text}\n---\n{text:?}");
        }
        let (statements, refuses) = ours(DialectName::Mysql, &text);
        understood += usize::from(!refuses);
        several += usize::from(statements.len() > 1);
    }
    assert!(
        understood > drawn / 3 && several > drawn / 3,
        "the draw is worth something: {understood}, {several}"
    );
}

#[tokio::test]
async fn mariadb_divides_scripts_as_we_do() {
    all_agree(600).await;
}

#[tokio::test]
#[ignore = "long: a hundred times as many"]
async fn long_mariadb_divides_scripts_as_we_do() {
    all_agree(60_000).await;
}

#[tokio::test]
async fn what_is_known_to_differ_on_mariadb() {
    let database = mariadb!();
    let mut connection = connected(&database).await;
    // We leave out what is empty, where the server fails.
    let whole = gave(&mut connection, "SELECT 1;;SELECT 2").await;
    assert!(matches!(whole.as_slice(), [Ok(_), Err(_)]), "{whole:?}");
    assert!(differs(&mut connection, "SELECT 1;\u{feff}SELECT 2").await.is_some());
    // Settings that the text itself makes, or the server has, are not followed.
    for (mode, text) in [
        ("NO_BACKSLASH_ESCAPES", "SELECT 'a\\'; SELECT ';'"),
        ("ANSI_QUOTES", "SELECT 1 AS \"a\\\"; SELECT 2"),
    ] {
        let set = format!("SET SESSION sql_mode = '{mode}'");
        connection.execute(AssertSqlSafe(set)).await.expect("set");
        assert!(differs(&mut connection, text).await.is_some(), "{mode}");
    }
}
