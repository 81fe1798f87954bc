//! Measures revisions on MySQL or MariaDB: so many revisions of CREATE TABLE and CREATE INDEX each, on a fresh
//! connection each, which is opened while the one before it works, as the engine does it.
//!
//! `cargo run --release -p migrated-target --example mysql_revisions -- mysql://user:password@host/database 1000`
//! in a database without a version table; its output is the time in all.

use migrated_core::DialectName;
use migrated_core::dialect::{classify, split, statement_hash, summary};
use migrated_core::event::{Direction, EventKind};
use migrated_core::revision::RowChange;
use migrated_target::{
    LockAttempt, Script, ScriptStatement, SessionOptions, TargetSpec, Tell, Transaction, Treatment, Work,
};
use std::error::Error;
use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

const MYSQL: DialectName = DialectName::Mysql;

struct Silent;

impl Tell for Silent {
    fn statement_started(&self, _: u32) {}
    fn event(&self, _: EventKind) {}
    fn committing(&self, _: Option<&str>) {}
}

fn work(number: usize) -> Result<Work, Box<dyn Error>> {
    let text = format!(
        "CREATE TABLE t{number} (id bigint PRIMARY KEY, v varchar(40));\nCREATE INDEX i{number} ON t{number} (v);\n"
    );
    let statements = split(MYSQL, &text, 1)?.into_iter().map(|statement| ScriptStatement {
        range: statement.range(),
        line: statement.line,
        column: statement.column,
        copy_data: None,
        hash: hex::encode(statement_hash(MYSQL, &statement, &text)),
        summary: summary(MYSQL, statement.text),
        treatment: Treatment::Alone { objects: classify(MYSQL, statement.text).objects },
    });
    let statements = statements.collect();
    let id = |number: usize| format!("{number:012x}");
    let (expected_rows, change) = match number {
        1 => (vec![], RowChange::Insert(id(1))),
        _ => (vec![id(number - 1)], RowChange::Update { from: id(number - 1), to: id(number) }),
    };
    Ok(Work {
        run: "measure".into(),
        revision: id(number),
        direction: Direction::Up,
        path: format!("{number}.sql"),
        script: Arc::new(Script { text: text.into(), statements, foreign_keys: None }),
        expected_rows,
        changes: vec![change],
        transaction: Transaction::None,
        most_statements: u64::MAX,
        retries: migrated_target::Retries::default(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL of a database is missing")?;
    let revisions: usize = arguments.next().map_or(Ok(1000), |n| n.parse())?;
    let target = migrated_target::open(&TargetSpec::new(url))?;
    let begun = Instant::now();
    let LockAttempt::Held(lock) = target.try_lock("measure").await? else {
        return Err("another run holds the database".into());
    };
    let options = SessionOptions { run: "measure".into(), lock: lock.token() };
    let mut ahead = Some(target.connect(&options).await?);
    for number in 1..=revisions {
        let mut session = ahead.take().ok_or("no session")?;
        let work = work(number)?;
        let (applied, next) = tokio::join!(session.apply(&work, &Silent), target.connect(&options));
        applied?;
        ahead = Some(next?);
        session.close().await;
    }
    if let Some(session) = ahead {
        session.close().await;
    }
    lock.release().await?;
    writeln!(std::io::stdout(), "{revisions} revisions in {} ms", begun.elapsed().as_millis())?;
    Ok(())
}
