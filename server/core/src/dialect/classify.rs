//! What a statement means for transactions, sessions and the journal. Each engine's lists stand in the
//! `classify.rs` of its folder.

use super::object::ObjectRef;
use super::{DialectName, mysql, postgres, sqlite};

/// How a statement stands to transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// It runs in a transaction and is undone with it.
    Transactional,
    /// The engine refuses it inside of a transaction.
    RefusesTransaction,
    /// It commits what came before it, and itself (MySQL, MariaDB).
    ImplicitCommit,
    /// It begins or ends a transaction. SAVEPOINT, RELEASE and ROLLBACK TO are not meant.
    TransactionControl,
    /// It changes nothing but the session: settings, temporary objects, prepared statements.
    SessionOnly,
    /// LOCK TABLES or UNLOCK TABLES (MySQL, MariaDB): commits, and takes every other table out of reach.
    TableLock,
    /// `PRAGMA foreign_keys = …` (SQLite): a no-op in a transaction, to be set before BEGIN.
    ForeignKeys(bool),
    /// A pragma that a transaction refuses or turns into a no-op (SQLite).
    PragmaOutsideTransaction,
}

/// `CREATE INDEX CONCURRENTLY` (PostgreSQL).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcurrentIndex {
    /// The index, in its table's schema; `None` where the server chooses the name.
    pub index: Option<ObjectRef>,
    /// Its table.
    pub table: ObjectRef,
    /// `IF NOT EXISTS` was written: an invalid leftover would be taken for the index.
    pub if_not_exists: bool,
}

/// What a statement means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// How it stands to transactions.
    pub kind: StatementKind,
    /// What to call it in a message, as `CREATE INDEX CONCURRENTLY`; empty for plain statements.
    pub label: &'static str,
    /// It changes how sessions begin (ALTER ROLE, ALTER DATABASE, SET GLOBAL, …): one that was opened ahead of
    /// it is stale.
    pub affects_new_sessions: bool,
    /// `ALTER TYPE … ADD VALUE` (PostgreSQL 12 and later): the value cannot be used before COMMIT.
    pub adds_enum_value: bool,
    /// Session-only and made of constants: running it again gives the same.
    pub replayable: bool,
    /// `CREATE INDEX CONCURRENTLY` (PostgreSQL).
    pub concurrent_index: Option<ConcurrentIndex>,
    /// `DROP INDEX CONCURRENTLY` (PostgreSQL): the index is the only one of [`Classification::objects`].
    pub drops_concurrently: bool,
    /// The objects that a CREATE, ALTER, DROP, RENAME, TRUNCATE or REINDEX names, in order.
    pub objects: Vec<ObjectRef>,
}

impl Classification {
    pub(crate) fn new(kind: StatementKind, label: &'static str) -> Self {
        Classification {
            kind,
            label,
            affects_new_sessions: false,
            adds_enum_value: false,
            replayable: false,
            concurrent_index: None,
            drops_concurrently: false,
            objects: Vec::new(),
        }
    }

    pub(crate) fn plain() -> Self {
        Classification::new(StatementKind::Transactional, "")
    }

    /// Session-only; `replayable` where it is made of constants.
    pub(crate) fn session(label: &'static str, replayable: bool) -> Self {
        Classification { replayable, ..Classification::new(StatementKind::SessionOnly, label) }
    }

    #[must_use]
    pub(crate) fn affecting_new_sessions(mut self) -> Self {
        self.affects_new_sessions = true;
        self
    }
}

/// Tells what a statement means, from its own words alone: what a procedure that it calls does is not seen.
pub fn classify(dialect: DialectName, statement: &str) -> Classification {
    match dialect {
        DialectName::Postgres => postgres::classify::classify(statement),
        DialectName::Mysql => mysql::classify::classify(statement),
        DialectName::Sqlite => sqlite::classify::classify(statement),
    }
}
