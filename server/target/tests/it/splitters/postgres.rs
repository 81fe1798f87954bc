//! PostgreSQL reads the whole of what it is sent before it executes anything, and tells where it does not understand it.
//! So that nothing is executed, a statement that fails stands before it.

use super::{ours, scripts};
use crate::server::{Database, database};
use migrated_core::DialectName;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

/// What stands before every text.
const FAILS: &str = "SELECT 1/0;\n";

/// Where the server stops to understand a text, in bytes, and as what; `None` where it understands all of it.
async fn refused(client: &Client, text: &str) -> Option<(usize, SqlState)> {
    let sent = format!("{FAILS}{text}");
    let error = client.simple_query(&sent).await.expect_err("it divides by zero");
    let said = error.as_db_error().expect("the server says so");
    if *said.code() == SqlState::DIVISION_BY_ZERO {
        return None;
    }
    let at = match said.position() {
        Some(tokio_postgres::error::ErrorPosition::Original(at)) => *at as usize - 1,
        _ => FAILS.len(),
    };
    let bytes = sent.char_indices().nth(at).map_or(sent.len(), |(byte, _)| byte);
    Some((bytes.saturating_sub(FAILS.len()), said.code().clone()))
}

/// Whether the server takes a statement for several.
async fn is_several(client: &Client, statement: &str) -> bool {
    let prepared = client.prepare(statement).await;
    prepared
        .err()
        .is_some_and(|e| e.as_db_error().is_some_and(|said| said.message().contains("multiple commands")))
}

/// How the server's reading of a text differs from ours, if it does.
async fn differs(client: &Client, text: &str) -> Option<String> {
    let (statements, refuses) = ours(DialectName::Postgres, text);
    let whole = refused(client, text).await;
    for (at, statement) in statements.iter().enumerate() {
        let Some((place, code)) = refused(client, statement.text).await else {
            if is_several(client, statement.text).await {
                return Some(format!("the server takes {:?} for several", statement.text));
            }
            continue;
        };
        let place = statement.offset + place;
        let next = statements.get(at + 1).map_or(text.len(), |next| next.offset);
        return match whole {
            Some((found, as_what)) if as_what == code => {
                // Where a statement ends too early, that shows at its end, which may be its `;`.
                let at_end = place == statement.range().end && (place..=next).contains(&found);
                (found != place && !at_end)
                    .then(|| format!("in the whole at {found}, in {:?} at {place}", statement.text))
            }
            other => {
                Some(format!("{:?} alone is refused with {code:?}, the whole: {other:?}", statement.text))
            }
        };
    }
    match (refuses, whole) {
        (true, None) => Some("we refuse what the server understands".to_owned()),
        (false, Some((at, code))) => Some(format!("we divide what the server refuses at {at} with {code:?}")),
        _ => None,
    }
}

async fn client(database: &Database) -> Client {
    let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.expect("connected");
    tokio::spawn(connection);
    client
}

async fn all_agree(drawn: usize) {
    let database = database!();
    let client = client(&database).await;
    let (mut understood, mut several) = (0, 0);
    for text in scripts(DialectName::Postgres, drawn) {
        if let Some(how) = differs(&client, &text).await {
            panic!("{how}\n--- of\n{text}\n---\n{text:?}");
        }
        understood += usize::from(refused(&client, &text).await.is_none());
        several += usize::from(ours(DialectName::Postgres, &text).0.len() > 1);
    }
    assert!(
        understood > drawn / 3 && several > drawn / 3,
        "the draw is worth something: {understood}, {several}"
    );
}

#[tokio::test]
async fn postgresql_divides_scripts_as_we_do() {
    all_agree(600).await;
}

#[tokio::test]
#[ignore = "long: a hundred times as many"]
async fn long_postgresql_divides_scripts_as_we_do() {
    all_agree(60_000).await;
}

#[tokio::test]
async fn what_is_known_to_differ_on_postgresql() {
    let database = database!();
    let client = client(&database).await;
    // Files that were joined: the server takes the mark for a part of a name.
    assert!(differs(&client, "SELECT 1;\u{feff}SELECT 2").await.is_some());
    // A setting that the text itself makes, or the database has, is not followed.
    let text = "SELECT 'a\\';'; SELECT 2";
    assert!(differs(&client, text).await.is_none());
    client.batch_execute("SET standard_conforming_strings = off").await.expect("set");
    assert!(differs(&client, text).await.is_some());
}
