//! Sections `connections` and `targets`: the databases that are migrated.

use super::schema::{ANY, Key, Kind, Typed, section};
use super::value::{Secret, Span, Words};
use super::{Config, Problems};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

section! {
    /// A database server to connect to. Exactly one of `url`, `url_env`, `url_file` and `url_command` says where; it is
    /// read at each connect, never logged and never sent to a client. A connection is also a target of the same name.
    Connection {
        /// The URL. SQLAlchemy's `dialect+driver://` is accepted.
        url: Option<Secret> = None,
        /// Environment variable of the daemon that holds the URL.
        url_env: Option<String> = None,
        /// File whose first line is the URL.
        url_file: Option<PathBuf> = None,
        /// Command that prints the URL on its first line: a list of program and arguments, or one text for `sh -c`.
        url_command: Option<Words> = None,
        /// How long `url_command` may take.
        url_command_timeout: Span = Span::seconds(10),
        /// Default schema: first in the search path, and home of the version table unless that has its own.
        schema: Option<String> = None,
        /// Version table; without it, `alembic_version`.
        version_table: Option<String> = None,
        /// Schema (PostgreSQL) or database (MySQL) of the version table, where it is not the default one.
        version_table_schema: Option<String> = None,
        /// How long connecting may take.
        connect_timeout: Span = Span::seconds(10),
        /// `lock_timeout` of the sessions that migrate.
        lock_timeout: Span = Span::seconds(3),
        /// SQLite: `PRAGMA foreign_keys` of the sessions that migrate; off, as in SQLite's own shell, unless set.
        sqlite_foreign_keys: bool = false,
        /// Freezes the revisions that were applied there, for everybody.
        protected: bool = false,
    }
}

section! {
    /// A named target: a database of a connection, with a schema and a version table of its own where needed.
    NamedTarget {
        /// Name of its connection.
        connection: String = String::new(),
        /// Database, where it is not the connection's.
        database: Option<String> = None,
        /// Default schema, where it is not the connection's.
        schema: Option<String> = None,
        /// Version table, where it is not the connection's.
        version_table: Option<String> = None,
        /// Schema of the version table, where it is not the connection's.
        version_table_schema: Option<String> = None,
        /// Freezes the revisions that were applied there, for everybody. That of the connection counts too.
        protected: bool = false,
    }
}

/// Database servers by name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Connections(pub(crate) BTreeMap<String, Connection>);

impl Typed for Connections {
    const KIND: Kind = Kind::Table(&[Key {
        name: ANY,
        docs: &[
            " A database server to connect to. Exactly one of `url`, `url_env`, `url_file` and `url_command` says where; it",
            " is read at each connect, never logged and never sent to a client. A connection is also a target of the same",
            " name.",
        ],
        kind: Kind::Table(Connection::KEYS),
    }]);
}

/// Targets by name, and the policy on those that have none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Targets {
    /// Whether a request may bring a database URL of its own.
    pub(crate) allow_ad_hoc: bool,
    /// Targets by name.
    #[serde(flatten)]
    pub(crate) named: BTreeMap<String, NamedTarget>,
}

impl Typed for Targets {
    const KIND: Kind = Kind::Table(&[
        Key {
            name: "allow_ad_hoc",
            docs: &[
                " Whether a request may bring a database URL of its own. On in embedded mode. Anybody with the right to",
                " operate could then reach whatever this machine reaches.",
            ],
            kind: <bool as Typed>::KIND,
        },
        Key {
            name: ANY,
            docs: &[
                " A named target: a database of a connection, with a schema and a version table of its own where needed.",
            ],
            kind: Kind::Table(NamedTarget::KEYS),
        },
    ]);
}

impl Config {
    /// Every target of the configuration: those with a name of their own, and each connection under its name.
    pub(crate) fn configured_targets(&self) -> BTreeMap<String, NamedTarget> {
        let mut all: BTreeMap<String, NamedTarget> = self
            .connections
            .0
            .keys()
            .map(|name| (name.clone(), NamedTarget { connection: name.clone(), ..NamedTarget::default() }))
            .collect();
        all.extend(self.targets.named.clone());
        all
    }
}

/// Finds connections and targets that lead nowhere.
pub(crate) fn validate(config: &Config, problems: &mut Problems) {
    for (name, connection) in &config.connections.0 {
        let given = [
            connection.url.is_some(),
            connection.url_env.is_some(),
            connection.url_file.is_some(),
            connection.url_command.is_some(),
        ];
        let at = format!("connections.{name}");
        if given.iter().filter(|g| **g).count() != 1 {
            problems.add(&at, "exactly one of `url`, `url_env`, `url_file` and `url_command` is needed");
        }
        if connection.url_command.as_ref().is_some_and(|c| c.all().iter().all(String::is_empty)) {
            problems.add(&format!("{at}.url_command"), "is empty");
        }
        if connection.connect_timeout.0.is_zero() {
            problems.add(&format!("{at}.connect_timeout"), "must be longer than nothing");
        }
    }
    let known: Vec<&str> = config.connections.0.keys().map(String::as_str).collect();
    for (name, target) in &config.targets.named {
        let at = format!("targets.{name}");
        if target.connection.is_empty() {
            problems.add(&at, "`connection` is missing");
        } else if !config.connections.0.contains_key(&target.connection) {
            let meant = super::source::nearest(&target.connection, known.iter().copied());
            let meant = meant.map(|m| format!("; did you mean {m:?}?")).unwrap_or_default();
            problems.add(
                &format!("{at}.connection"),
                format!("there is no [connections.{}]{meant}", target.connection),
            );
        }
        // One name, two meanings: a deploy job would migrate the wrong database.
        if config.connections.0.contains_key(name) && target.connection != *name {
            problems.add(&at, format!("[connections.{name}] is a target of that name already"));
        }
    }
}
