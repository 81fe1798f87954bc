//! One private server for the whole binary, a database of its own for each test.

use migrated_core::event::{Direction, EventKind};
use migrated_core::revision::RowChange;
use migrated_target::{
    Script, ScriptStatement, Session, SessionOptions, Target, TargetSpec, Tell, Transaction, Treatment, Work,
};
use migrated_testkit::{Postgres, StartError, present};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// The server that all tests share; `None` where there is none and the test is skipped.
pub(crate) fn postgres() -> Option<&'static Postgres> {
    static SERVER: OnceLock<Result<Postgres, StartError>> = OnceLock::new();
    present(SERVER.get_or_init(Postgres::of_environment).as_ref())
}

/// A new database; skips the test, loudly, where there is no server.
macro_rules! database {
    () => {
        match $crate::server::Database::new() {
            Some(database) => database,
            None => return,
        }
    };
}
pub(crate) use database;

/// A database of a test.
pub(crate) struct Database {
    pub(crate) server: &'static Postgres,
    pub(crate) name: String,
}

impl Database {
    /// A new, empty one.
    pub(crate) fn new() -> Option<Database> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = postgres()?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("it_{}_{number}", std::process::id());
        server.psql("postgres", &format!("CREATE DATABASE {name}")).expect("a new database");
        Some(Database { server, name })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    pub(crate) fn target(&self) -> Arc<dyn Target> {
        migrated_target::open(&TargetSpec::new(self.url())).expect("a URL that can be read")
    }

    /// A target whose spec is changed first.
    pub(crate) fn target_with(&self, change: impl FnOnce(&mut TargetSpec)) -> Arc<dyn Target> {
        let mut spec = TargetSpec::new(self.url());
        change(&mut spec);
        migrated_target::open(&spec).expect("a URL that can be read")
    }

    /// A connection that holds `sql` open in a transaction until it is dropped.
    pub(crate) async fn hold(&self, sql: &str) -> tokio_postgres::Client {
        let (client, connection) =
            tokio_postgres::connect(&self.url(), tokio_postgres::NoTls).await.expect("a connection");
        tokio::spawn(connection);
        client.batch_execute(&format!("BEGIN;{sql}")).await.expect("SQL that works");
        client
    }

    /// Waits until a query gives `t`.
    pub(crate) async fn until(&self, sql: &str) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while self.psql(sql) != "t" {
            assert!(std::time::Instant::now() < deadline, "never true: {sql}");
            tokio::task::yield_now().await;
        }
    }

    pub(crate) fn psql(&self, sql: &str) -> String {
        self.server.psql(&self.name, sql).expect("SQL that works")
    }
}

/// A work session of a run.
pub(crate) async fn session(target: &Arc<dyn Target>, run: &str) -> Box<dyn Session> {
    let options = SessionOptions { run: run.into(), ..SessionOptions::default() };
    target.connect(&options).await.expect("a session")
}

/// What a session told.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) events: Mutex<Vec<EventKind>>,
    pub(crate) started: Mutex<Vec<u32>>,
    pub(crate) xids: Mutex<Vec<Option<String>>>,
}

impl Tell for Log {
    fn statement_started(&self, index: u32) {
        self.started.lock().expect("no panic while locked").push(index);
    }
    fn event(&self, what: EventKind) {
        self.events.lock().expect("no panic while locked").push(what);
    }
    fn committing(&self, xid: Option<&str>) {
        self.xids.lock().expect("no panic while locked").push(xid.map(str::to_owned));
    }
}

impl Log {
    pub(crate) fn notices(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic while locked");
        events
            .iter()
            .filter_map(|e| match e {
                EventKind::Notice { message, .. } => Some(message.clone()),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn evidence(&self) -> Vec<String> {
        let events = self.events.lock().expect("no panic while locked");
        events
            .iter()
            .filter_map(|e| match e {
                EventKind::Resumed { evidence, .. } => Some(evidence.clone()),
                _ => None,
            })
            .collect()
    }
}

/// A script of statements, one after another, that all run in a transaction.
pub(crate) fn script(statements: &[&str]) -> Script {
    let mut text = String::new();
    let mut list = Vec::new();
    for statement in statements {
        let line = 1 + u32::try_from(text.matches('\n').count()).expect("a short text");
        let start = text.len();
        text.push_str(statement);
        list.push(ScriptStatement {
            range: start..text.len(),
            line,
            column: 1,
            copy_data: None,
            hash: hex::encode(Sha256::digest(statement)),
            summary: statement.chars().take(60).collect(),
            treatment: Treatment::Transactional,
        });
        text.push_str(";\n");
    }
    Script { text: text.into(), statements: list, foreign_keys: None }
}

/// The first revision, `r1`, on an empty version table.
pub(crate) fn first(statements: &[&str]) -> Work {
    work("r1", &[], vec![RowChange::Insert("r1".into())], script(statements))
}

/// A revision.
pub(crate) fn work(revision: &str, expected: &[&str], changes: Vec<RowChange>, script: Script) -> Work {
    Work {
        run: "run-1".into(),
        revision: revision.into(),
        direction: Direction::Up,
        path: format!("{revision}.sql"),
        script: Arc::new(script),
        expected_rows: expected.iter().map(|row| (*row).to_owned()).collect(),
        changes,
        transaction: Transaction::Step,
        most_statements: u64::MAX,
        retries: migrated_target::Retries::default(),
    }
}

/// `from` becomes `to`.
pub(crate) fn update(from: &str, to: &str) -> Vec<RowChange> {
    vec![RowChange::Update { from: from.into(), to: to.into() }]
}
