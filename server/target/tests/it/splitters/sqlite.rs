//! SQLite compiles the first statement of a text and tells where it ends; its driver goes on from there.

use super::{ours, scripts};
use futures_util::TryStreamExt as _;
use migrated_core::DialectName;
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, Row as _, SqliteConnection};

/// What a statement gave: its rows, or the number of its error.
type Gave = Result<Vec<Vec<Option<Vec<u8>>>>, String>;

async fn gave(connection: &mut SqliteConnection, text: &str) -> Vec<Gave> {
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
                // The words differ: what ends early ends with the text, or at a `;`.
                let said = e.as_database_error().and_then(|said| said.code()).unwrap_or_default();
                all.push(Err(said.into_owned()));
                return all;
            }
        }
    }
}

async fn empty() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("in memory");
    connection.execute("CREATE TABLE t (a, b)").await.expect("a table");
    connection
}

/// How the engine's reading of a text differs from ours, if it does.
async fn differs(text: &str) -> Option<String> {
    // The driver takes blanks off at the end, which makes another text of what ends with `/* `.
    let text = text.trim_end();
    let (statements, refuses) = ours(DialectName::Sqlite, text);
    let mut connection = empty().await;
    let mut pieces = Vec::new();
    for statement in &statements {
        let mut gave = gave(&mut connection, statement.text).await;
        if gave.len() != 1 {
            return Some(format!("{:?} gave {gave:?}", statement.text));
        }
        let failed = gave.iter().any(Result::is_err);
        pieces.append(&mut gave);
        if failed {
            break;
        }
    }
    let mut whole = gave(&mut empty().await, text).await;
    if refuses && !pieces.iter().any(Result::is_err) && whole.last().is_some_and(Result::is_err) {
        whole.pop();
    }
    (pieces != whole).then(|| format!("by our statements {pieces:?}, as a whole {whole:?}"))
}

async fn all_agree(drawn: usize) {
    let (mut understood, mut several) = (0, 0);
    for text in scripts(DialectName::Sqlite, drawn) {
        if let Some(how) = differs(&text).await {
            panic!("{how}\n--- of\n{text}\n---\n{text:?}");
        }
        let (statements, refuses) = ours(DialectName::Sqlite, &text);
        understood += usize::from(!refuses);
        several += usize::from(statements.len() > 1);
    }
    assert!(
        understood > drawn / 3 && several > drawn / 3,
        "the draw is worth something: {understood}, {several}"
    );
}

#[tokio::test]
async fn sqlite_divides_scripts_as_we_do() {
    all_agree(600).await;
}

#[tokio::test]
#[ignore = "long: a hundred times as many"]
async fn long_sqlite_divides_scripts_as_we_do() {
    all_agree(60_000).await;
}
