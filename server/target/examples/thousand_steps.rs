//! Measures a thousand tiny steps against psql, which does the same in one session with a transaction each.
//!
//! `cargo run --release -p migrated-target --example thousand_steps [steps]` starts a private, durable server. Each
//! step is CREATE TABLE, CREATE INDEX and the version row. `depth n` has n connections opened ahead.

use migrated_core::event::{Direction, EventKind};
use migrated_core::revision::RowChange;
use migrated_target::{
    Script, ScriptStatement, Session, SessionOptions, Target, TargetSpec, Tell, Transaction, Treatment, Work,
};
use migrated_testkit::{Postgres, PostgresOptions};
use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Silent;

impl Tell for Silent {
    fn statement_started(&self, _: u32) {}
    fn event(&self, _: EventKind) {}
    fn committing(&self, _: Option<&str>) {}
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let number = |at, default| std::env::args().nth(at).map_or(Ok(default), |n| n.parse::<u32>());
    let (steps, rounds) = (number(1, 1000)?, number(2, 5)?);
    let server = Postgres::start(&PostgresOptions { durable: true, ..PostgresOptions::default() })?;
    let mut ratios: Vec<(String, Vec<f64>)> = Vec::new();
    let mut note = |name: String, ratio: f64| match ratios.iter_mut().find(|(known, _)| *known == name) {
        Some((_, all)) => all.push(ratio),
        None => ratios.push((name, vec![ratio])),
    };
    let mut out = std::io::stdout();
    for round in 0..rounds {
        // Each is compared with the psql run right before it, because a shared machine's speed changes.
        let floor = async |at: &str| psql(&server, &format!("floor{round}_{at}"), steps);
        let before = floor("run").await?;
        let taken = in_one_session(&target(&server, &format!("run{round}"))?, steps).await?;
        note("run mode".into(), taken.as_secs_f64() / before.as_secs_f64());
        for depth in 0..=3 {
            let before = floor(&depth.to_string()).await?;
            let (taken, waited) =
                in_fresh_sessions(&target(&server, &format!("fresh{round}_{depth}"))?, steps, depth).await?;
            note(format!("depth {depth}"), taken.as_secs_f64() / before.as_secs_f64());
            note(
                format!("depth {depth}, waiting for connections"),
                waited.as_secs_f64() / before.as_secs_f64(),
            );
        }
        let each = connecting(&target(&server, &format!("idle{round}"))?, 100).await?.as_secs_f64() * 10.0;
        writeln!(out, "psql {:.2} s, connecting {each:.2} ms", before.as_secs_f64())?;
    }
    for (name, mut all) in ratios {
        all.sort_by(f64::total_cmp);
        let (least, middle) = (all.first().unwrap_or(&0.0), all.get(all.len() / 2).unwrap_or(&0.0));
        writeln!(out, "{name}: {middle:.2} times psql (least {least:.2})")?;
    }
    Ok(())
}

fn target(server: &Postgres, database: &str) -> Result<Arc<dyn Target>, Failure> {
    server.psql("postgres", &format!("CREATE DATABASE {database}"))?;
    Ok(migrated_target::open(&TargetSpec::new(server.url(database)))?)
}

fn statements(i: u32) -> [String; 2] {
    [
        format!(
            "CREATE TABLE t_{i} (id bigint PRIMARY KEY, a text NOT NULL, b integer, c timestamp, d text)"
        ),
        format!("CREATE INDEX t_{i}_a_idx ON t_{i}(a)"),
    ]
}

fn psql(server: &Postgres, database: &str, steps: u32) -> Result<Duration, Failure> {
    server.psql("postgres", &format!("CREATE DATABASE {database}"))?;
    server.psql(database, "CREATE TABLE version (version_num varchar(32) PRIMARY KEY)")?;
    let mut file = tempfile::NamedTempFile::new()?;
    for i in 1..=steps {
        let [table, index] = statements(i);
        let row = match i {
            1 => "INSERT INTO version VALUES ('r1')".to_owned(),
            _ => format!("UPDATE version SET version_num='r{i}' WHERE version_num='r{}'", i - 1),
        };
        writeln!(file, "BEGIN;\n{table};\n{index};\n{row};\nCOMMIT;")?;
    }
    file.flush()?;
    let begun = Instant::now();
    let done = std::process::Command::new("psql")
        .args(["-Xq", "-v", "ON_ERROR_STOP=1", "-d", &server.url(database), "-f"])
        .arg(file.path())
        .status()?;
    assert!(done.success(), "psql failed");
    Ok(begun.elapsed())
}

fn step(i: u32) -> Work {
    let mut text = String::new();
    let mut list = Vec::new();
    for statement in statements(i) {
        let start = text.len();
        text.push_str(&statement);
        list.push(ScriptStatement {
            range: start..text.len(),
            line: 1,
            column: 1,
            copy_data: None,
            hash: String::new(),
            summary: String::new(),
            treatment: Treatment::Transactional,
        });
        text.push_str(";\n");
    }
    let (from, to) = (format!("r{}", i - 1), format!("r{i}"));
    let first = i == 1;
    Work {
        run: "run".into(),
        revision: to.clone(),
        direction: Direction::Up,
        path: String::new(),
        script: Arc::new(Script { text: text.into(), statements: list, foreign_keys: None }),
        expected_rows: if first { vec![] } else { vec![from.clone()] },
        changes: vec![if first { RowChange::Insert(to) } else { RowChange::Update { from, to } }],
        transaction: Transaction::Step,
        most_statements: u64::MAX,
        retries: migrated_target::Retries::default(),
    }
}

fn options() -> SessionOptions {
    SessionOptions { run: "run".into(), ..SessionOptions::default() }
}

async fn in_one_session(target: &Arc<dyn Target>, steps: u32) -> Result<Duration, Failure> {
    let begun = Instant::now();
    let mut session = target.connect(&options()).await?;
    for i in 1..=steps {
        session.apply(&step(i), &Silent).await?;
        session.reset().await?;
    }
    session.close().await;
    Ok(begun.elapsed())
}

async fn in_fresh_sessions(
    target: &Arc<dyn Target>,
    steps: u32,
    depth: usize,
) -> Result<(Duration, Duration), Failure> {
    let begun = Instant::now();
    let mut waited = Duration::ZERO;
    target.ensure_version_table().await?;
    let mut ahead = VecDeque::new();
    for i in 1..=steps {
        while ahead.len() <= depth {
            let target = target.clone();
            ahead.push_back(tokio::spawn(async move { target.connect(&options()).await }));
        }
        let Some(next) = ahead.pop_front() else { continue };
        let waiting = Instant::now();
        let mut session = next.await??;
        waited += waiting.elapsed();
        session.apply(&step(i), &Silent).await?;
        tokio::spawn(session.close());
    }
    let taken = begun.elapsed();
    for left in ahead {
        left.await??.close().await;
    }
    Ok((taken, waited))
}

async fn connecting(target: &Arc<dyn Target>, times: u32) -> Result<Duration, Failure> {
    let begun = Instant::now();
    for _ in 0..times {
        let session: Box<dyn Session> = target.connect(&options()).await?;
        session.close().await;
    }
    Ok(begun.elapsed())
}
