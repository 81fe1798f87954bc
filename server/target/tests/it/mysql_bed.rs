//! One private MariaDB for the whole binary, a database of its own for each test.

use crate::server::Log;
use migrated_core::DialectName;
use migrated_core::dialect::{StatementKind, classify, split, statement_hash, summary};
use migrated_core::event::Direction;
use migrated_core::revision::RowChange;
use migrated_target::{
    Applied, ApplyFault, Script, ScriptStatement, Session, SessionOptions, Target, TargetSpec, Transaction,
    Treatment, Work,
};
use migrated_testkit::{Mariadb, StartError, present};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

const MYSQL: DialectName = DialectName::Mysql;

/// A database of a test.
pub(crate) struct Database {
    pub(crate) server: &'static Mariadb,
    pub(crate) name: String,
}

impl Database {
    /// A new, empty one; `None` where there is no server and the test is skipped.
    pub(crate) fn new() -> Option<Database> {
        static SERVER: OnceLock<Result<Mariadb, StartError>> = OnceLock::new();
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = present(SERVER.get_or_init(Mariadb::start).as_ref())?;
        let name = format!("it_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        server.shell("mysql", &format!("CREATE DATABASE {name}")).expect("a new database");
        Some(Database { server, name })
    }

    pub(crate) fn spec(&self) -> TargetSpec {
        TargetSpec::new(self.server.url(&self.name))
    }

    pub(crate) fn target(&self) -> Arc<dyn Target> {
        migrated_target::open(&self.spec()).expect("a URL that can be read")
    }

    /// Runs SQL with the shell.
    pub(crate) fn shell(&self, sql: &str) -> String {
        self.server.shell(&self.name, sql).expect("SQL that works")
    }

    pub(crate) fn rows(&self) -> String {
        self.shell("SELECT version_num FROM alembic_version ORDER BY 1").replace('\n', ",")
    }

    /// What the journal holds, one `statement state` a line; `none` where it is not there.
    pub(crate) fn journal(&self) -> String {
        match self.shell("SHOW TABLES LIKE 'migrated_journal'").as_str() {
            "" => "none".into(),
            _ => self.shell("SELECT statement, state FROM migrated_journal ORDER BY 1").replace('\t', " "),
        }
    }
}

/// Skips the test, loudly, where there is no server.
macro_rules! mariadb {
    () => {
        match $crate::mysql_bed::Database::new() {
            Some(database) => database,
            None => return,
        }
    };
}
pub(crate) use mariadb;

/// A session without the migration lock.
pub(crate) async fn session(target: &Arc<dyn Target>) -> Box<dyn Session> {
    let options = SessionOptions { run: "run-1".into(), lock: None };
    target.connect(&options).await.expect("a session")
}

/// Applies on a session of its own.
pub(crate) async fn apply(database: &Database, work: &Work, log: &Log) -> Result<Applied, ApplyFault> {
    let mut session = session(&database.target()).await;
    let outcome = session.apply(work, log).await;
    session.close().await;
    outcome
}

/// A body, split and treated as the engine does it.
pub(crate) fn script(text: &str) -> Script {
    let treatment = |sql: &str| {
        let class = classify(MYSQL, sql);
        match class.kind {
            StatementKind::SessionOnly => Treatment::SessionOnly,
            StatementKind::ImplicitCommit | StatementKind::TableLock => {
                Treatment::Alone { objects: class.objects }
            }
            _ => Treatment::Transactional,
        }
    };
    let parts = split(MYSQL, text, 1).expect("a script that can be split");
    let statements = parts.into_iter().map(|statement| ScriptStatement {
        range: statement.range(),
        line: statement.line,
        column: statement.column,
        copy_data: None,
        hash: hex::encode(statement_hash(MYSQL, &statement, text)),
        summary: summary(MYSQL, statement.text),
        treatment: treatment(statement.text),
    });
    Script { statements: statements.collect(), text: text.into(), foreign_keys: None }
}

/// A revision that leads from `from` (empty: base) to `to`.
pub(crate) fn revision(from: &str, to: &str, text: &str) -> Work {
    let (expected_rows, change) = match from {
        "" => (vec![], RowChange::Insert(to.into())),
        from => (vec![from.to_owned()], RowChange::Update { from: from.into(), to: to.into() }),
    };
    Work {
        run: "run-1".into(),
        revision: to.into(),
        direction: Direction::Up,
        path: format!("{to}.sql"),
        script: Arc::new(script(text)),
        expected_rows,
        changes: vec![change],
        transaction: Transaction::None,
        most_statements: u64::MAX,
        retries: migrated_target::Retries::default(),
    }
}
