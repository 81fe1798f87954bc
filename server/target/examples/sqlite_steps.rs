//! How long many tiny steps take on SQLite, beside SQLite's own shell doing the same SQL.
//!
//! `cargo run --release -p migrated-target --example sqlite_steps [steps] [rounds] [journal mode] [only]`.
//! Each round runs the shell and our two session modes one after the other, each on a new file in the current
//! folder, and the ratios are taken within a round, because a shared disk is not equally fast all the time. `only`
//! is `run` or `revision`: that mode alone, without the shell, to be counted by `strace -fc` or `perf`.

use migrated_core::event::{Direction, EventKind};
use migrated_core::revision::RowChange;
use migrated_target::{
    Script, ScriptStatement, Session, SessionOptions, Target, TargetSpec, Tell, Transaction, Treatment, Work,
    sqlite,
};
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

struct Silent;

impl Tell for Silent {
    fn statement_started(&self, _index: u32) {}
    fn event(&self, _what: EventKind) {}
    fn committing(&self, _xid: Option<&str>) {}
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Run,
    Revision,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number =
        |at: usize, default: usize| arguments.get(at).and_then(|a| a.parse().ok()).unwrap_or(default);
    let (steps, rounds) = (number(0, 1000), number(1, 5));
    let journal = arguments.get(2).map_or("delete", String::as_str);
    let folder = tempfile::tempdir_in(".")?;
    let mut out = std::io::stdout();
    if let Some(only) = arguments.get(3) {
        let mode = if only == "run" { Mode::Run } else { Mode::Revision };
        let took = ours(&folder.path().join("only.db"), steps, journal, mode).await?;
        writeln!(out, "{only} {:7.1} ms", took * 1e3)?;
        return Ok(());
    }
    let mut ratios: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for round in 0..rounds {
        let shell = shell(&folder.path().join(format!("shell{round}.db")), steps, journal)?;
        let mut line = format!("shell {:7.1} ms", shell * 1e3);
        for (at, mode) in [Mode::Run, Mode::Revision].into_iter().enumerate() {
            let path = folder.path().join(format!("ours{at}{round}.db"));
            let took = ours(&path, steps, journal, mode).await?;
            ratios[at].push(took / shell);
            line.push_str(&format!(
                "   {} {:7.1} ms = {:.3}",
                if mode == Mode::Run { "run" } else { "revision" },
                took * 1e3,
                took / shell
            ));
        }
        writeln!(out, "{line}")?;
    }
    for (name, ratios) in ["run", "revision"].iter().zip(&mut ratios) {
        ratios.sort_by(f64::total_cmp);
        writeln!(out, "{name}: median {:.3}, best {:.3}", ratios[ratios.len() / 2], ratios[0])?;
    }
    Ok(())
}

fn body(step: usize) -> [String; 2] {
    [
        format!(
            "CREATE TABLE t_{step} (id bigint PRIMARY KEY, a text NOT NULL, b integer, c timestamp, d text)"
        ),
        format!("CREATE INDEX t_{step}_a_idx ON t_{step}(a)"),
    ]
}

fn shell(path: &Path, steps: usize, journal: &str) -> Result<f64, Box<dyn Error>> {
    let mut text = String::from(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
         CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));\n",
    );
    for step in 0..steps {
        let [table, index] = body(step);
        let version = match step {
            0 => "INSERT INTO alembic_version (version_num) VALUES ('r0')".to_owned(),
            _ => {
                format!("UPDATE alembic_version SET version_num='r{step}' WHERE version_num='r{}'", step - 1)
            }
        };
        text.push_str(&format!("BEGIN;\n{table};\n{index};\n{version};\nCOMMIT;\n"));
    }
    prepare(path, journal)?;
    let began = Instant::now();
    let mut child = Command::new("sqlite3").arg("-batch").arg(path).stdin(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no pipe")?.write_all(text.as_bytes())?;
    if !child.wait()?.success() {
        return Err("the shell failed".into());
    }
    Ok(began.elapsed().as_secs_f64())
}

fn prepare(path: &Path, journal: &str) -> Result<(), Box<dyn Error>> {
    let pragma = format!("PRAGMA journal_mode={journal}; CREATE TABLE first(a);");
    Command::new("sqlite3").arg("-batch").arg(path).arg(pragma).stdout(Stdio::null()).status()?;
    Ok(())
}

fn work(step: usize) -> Work {
    let [table, index] = body(step);
    let statement = |range: std::ops::Range<usize>, line| ScriptStatement {
        range,
        line,
        column: 1,
        copy_data: None,
        hash: String::new(),
        summary: String::new(),
        treatment: Treatment::Transactional,
    };
    let text = format!("{table};\n{index};\n");
    let second = table.len() + 2;
    let statements = vec![statement(0..table.len(), 1), statement(second..second + index.len(), 2)];
    let (expected_rows, change) = match step {
        0 => (Vec::new(), RowChange::Insert("r0".into())),
        _ => {
            let from = format!("r{}", step - 1);
            (vec![from.clone()], RowChange::Update { from, to: format!("r{step}") })
        }
    };
    Work {
        run: "bench".into(),
        revision: format!("r{step}"),
        direction: Direction::Up,
        path: format!("{step}.sql"),
        script: Arc::new(Script { text: text.into(), statements, foreign_keys: None }),
        expected_rows,
        changes: vec![change],
        transaction: Transaction::Step,
        most_statements: u64::MAX,
        retries: migrated_target::Retries::default(),
    }
}

async fn ours(path: &Path, steps: usize, journal: &str, mode: Mode) -> Result<f64, Box<dyn Error>> {
    prepare(path, journal)?;
    let path = path.canonicalize()?;
    let works: Vec<_> = (0..steps).map(work).collect();
    let began = Instant::now();
    // On a worker thread, as in the daemon: the main thread of the runtime is slower to wake.
    tokio::spawn(
        async move { apply_all(sqlite::open_path(&path, &TargetSpec::new(""))?, works, mode).await },
    )
    .await?
    .map_err(|e| e.message)?;
    Ok(began.elapsed().as_secs_f64())
}

async fn apply_all(
    target: Arc<dyn Target>,
    works: Vec<Work>,
    mode: Mode,
) -> Result<(), migrated_target::TargetError> {
    let options = SessionOptions { run: "bench".into(), lock: None };
    let mut session: Option<Box<dyn Session>> = None;
    for work in &works {
        let mut at_work = match session.take() {
            Some(open) => open,
            None => target.connect(&options).await?,
        };
        at_work.apply(work, &Silent).await.map_err(|fault| fault.error)?;
        if mode == Mode::Run && at_work.reset().await? {
            session = Some(at_work);
        } else {
            at_work.close().await;
        }
    }
    if let Some(open) = session {
        open.close().await;
    }
    Ok(())
}
