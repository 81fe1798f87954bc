//! What the tests share: a file in a folder of its own, work to do on it, and what it told.

use migrated_core::event::{Direction, EventKind};
use migrated_core::revision::RowChange;
use migrated_target::{
    Applied, ApplyFault, Script, ScriptStatement, Session, SessionOptions, Standing, Target, TargetSpec,
    Tell, Transaction, Treatment, Work, sqlite,
};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A folder, gone at the end of the test, and the path of a database in it.
pub(crate) struct Bed {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    pub(crate) spec: TargetSpec,
}

impl Bed {
    pub(crate) fn new() -> Bed {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("app.db");
        let mut spec = TargetSpec::new("");
        spec.lock_timeout = Duration::from_millis(50);
        Bed { folder, path, spec }
    }

    pub(crate) fn target(&self) -> Arc<dyn Target> {
        sqlite::open_path(&self.path, &self.spec).expect("an absolute path makes a target")
    }

    pub(crate) async fn session(&self) -> Box<dyn Session> {
        let options = SessionOptions { run: "r1".into(), lock: None };
        self.target().connect(&options).await.expect("the file opens")
    }

    pub(crate) async fn standing(&self) -> Standing {
        self.target().standing().await.expect("the file can be read")
    }

    pub(crate) async fn rows(&self) -> Vec<String> {
        self.standing().await.rows.unwrap_or_default()
    }

    /// Applies on a session of its own.
    pub(crate) async fn apply(&self, work: &Work) -> Result<Applied, ApplyFault> {
        let mut session = self.session().await;
        let applied = session.apply(work, &Told::default()).await;
        session.close().await;
        applied
    }

    /// What SQLite's own shell answers. It fails the test where the shell fails.
    pub(crate) fn shell(&self, sql: &str) -> String {
        let output = Command::new("sqlite3")
            .arg("-batch")
            .arg(&self.path)
            .arg(sql)
            .output()
            .expect("sqlite3 is installed");
        assert!(output.status.success(), "sqlite3: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }
}

/// One step that adds `revision` to no version rows.
pub(crate) fn first(revision: &str, statements: &[&str]) -> Work {
    let mut work = work(revision, statements);
    work.expected_rows = Vec::new();
    work.changes = vec![RowChange::Insert(revision.into())];
    work
}

/// One step from one revision to the next.
pub(crate) fn next(from: &str, to: &str, statements: &[&str]) -> Work {
    let mut work = work(to, statements);
    work.expected_rows = vec![from.into()];
    work.changes = vec![RowChange::Update { from: from.into(), to: to.into() }];
    work
}

fn work(revision: &str, statements: &[&str]) -> Work {
    Work {
        run: "r1".into(),
        revision: revision.into(),
        direction: Direction::Up,
        path: format!("{revision}.sql"),
        script: Arc::new(script(statements)),
        expected_rows: Vec::new(),
        changes: Vec::new(),
        transaction: Transaction::Step,
        most_statements: u64::MAX,
        retries: migrated_target::Retries::default(),
    }
}

/// A script with one statement after another, each on a line of its own, the first one on line 5.
/// `PRAGMA foreign_keys = …` is hoisted, as a plan would do it.
pub(crate) fn script(statements: &[&str]) -> Script {
    let mut text = String::new();
    let mut line = 5;
    let mut foreign_keys = None;
    let mut parts = Vec::new();
    for sql in statements {
        let start = text.len();
        text.push_str(sql);
        let folded = sql.to_ascii_lowercase().replace(' ', "");
        let treatment = match folded.strip_prefix("pragmaforeign_keys=") {
            Some(value) => {
                foreign_keys = foreign_keys.or(Some(value == "on"));
                Treatment::Hoisted
            }
            None if folded.starts_with("vacuum") => Treatment::Alone { objects: Vec::new() },
            None if folded.starts_with("pragma") || folded.starts_with("createtemp") => {
                Treatment::SessionOnly
            }
            None => Treatment::Transactional,
        };
        parts.push(ScriptStatement {
            range: start..text.len(),
            line,
            column: 1,
            copy_data: None,
            hash: hex::encode(Sha256::digest(sql)),
            summary: sql.chars().take(60).collect(),
            treatment,
        });
        text.push_str(";\n");
        line += u32::try_from(sql.matches('\n').count()).expect("a short script") + 1;
    }
    Script { text: text.into(), statements: parts, foreign_keys }
}

/// Keeps what a session tells.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) started: Mutex<Vec<u32>>,
    pub(crate) events: Mutex<Vec<EventKind>>,
    pub(crate) commits: Mutex<u32>,
    /// Called at the start of each statement.
    pub(crate) on_start: Option<Box<dyn Fn(u32) + Send + Sync>>,
}

impl Told {
    /// Rows of each finished statement.
    pub(crate) fn row_counts(&self) -> Vec<u64> {
        let events = self.events.lock().expect("no test panics while it holds this");
        events
            .iter()
            .filter_map(|event| match event {
                EventKind::StatementFinished { rows, .. } => Some(*rows),
                _ => None,
            })
            .collect()
    }
}

impl Tell for Told {
    fn statement_started(&self, index: u32) {
        self.started.lock().expect("no test panics while it holds this").push(index);
        if let Some(on_start) = &self.on_start {
            on_start(index);
        }
    }

    fn event(&self, what: EventKind) {
        self.events.lock().expect("no test panics while it holds this").push(what);
    }

    fn committing(&self, _xid: Option<&str>) {
        *self.commits.lock().expect("no test panics while it holds this") += 1;
    }
}
