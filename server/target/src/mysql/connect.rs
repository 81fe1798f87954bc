//! Connecting, and the one round trip that prepares a session.

use super::quote::{literal, qualified};
use super::wire::{Answer, Wire};
use super::{MysqlTarget, error};
use crate::url::SslMode;
use crate::{Backend, TargetError};
use migrated_core::dialect::version_table::VersionTableSql;
use migrated_core::{Code, DialectName};
use sqlx::ConnectOptions;
use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
use std::time::Duration;

/// The longest `wait_timeout` that servers take, in seconds; those on Windows cut it to 24 days.
const LONG: u32 = 31_536_000;

/// When the server started, from its clock, and where it stands. Both clocks that are subtracted are that of the
/// statement's start, so the difference is exact, and stays the same when the clock is set.
const SERVER: &str = "CONCAT(CAST(UNIX_TIMESTAMP()-(SELECT VARIABLE_VALUE FROM \
    /*M!100000 information_schema.*//*!80000 performance_schema.*/global_status WHERE VARIABLE_NAME='Uptime') \
    AS SIGNED),'@',@@hostname,':',@@port,'/',@@server_id)";

/// The part of [`SERVER`] behind the @.
const PLACE: &str = "CONCAT(@@hostname,':',@@port,'/',@@server_id)";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Revisions run on it.
    Work,
    /// We look at something, or hold a lock.
    Ours,
}

/// The migration lock as a work session is told of it: while its holder has it, the server that shows that is the
/// holder's, and has not been started anew since.
pub(super) struct Known<'a> {
    pub(super) lock: &'a str,
    pub(super) holder: i64,
    /// The server's start and place, as the holder's backend has it.
    pub(super) start: &'a str,
}

/// A connection that knows whom it talks to and where the version table stands.
pub(super) struct Connected {
    pub(super) wire: Wire,
    pub(super) backend: Backend,
    pub(super) server: Server,
    pub(super) place: Place,
    /// The database that unqualified names mean.
    pub(super) database: Option<String>,
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// As `MariaDB 10.11.6` or `MySQL 8.0.36`.
    pub(super) name: String,
    pub(super) is_mariadb: bool,
    /// Names of databases and tables are compared without regard to case.
    pub(super) folds_names: bool,
    /// The longest text that it takes, in bytes.
    pub(super) max_packet: Option<usize>,
}

/// Where the version table stands or would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) database: String,
    pub(super) name: String,
}

impl Place {
    /// The version table, quoted and qualified: USE in a revision does not matter.
    pub(super) fn table(&self) -> String {
        qualified(&self.database, &self.name)
    }

    /// The journal, quoted and qualified.
    pub(super) fn journal(&self) -> String {
        qualified(&self.database, crate::journal::TABLE)
    }

    /// The statements of the version table.
    pub(super) fn sql(&self) -> VersionTableSql {
        VersionTableSql::new(DialectName::Mysql, Some(&self.database), &self.name)
    }
}

impl MysqlTarget {
    fn options(&self) -> MySqlConnectOptions {
        let url = &self.url;
        // The driver's own settings are left out: a session starts as role and server say.
        let mut options = MySqlConnectOptions::new()
            .host(&url.host)
            .port(url.port)
            .username(url.user.as_deref().unwrap_or_default())
            .database(&self.database)
            .ssl_mode(match url.ssl_mode {
                // Nobody listens on a Unix socket but the server itself.
                SslMode::Allow | SslMode::Prefer if url.socket.is_some() => MySqlSslMode::Disabled,
                SslMode::Disable => MySqlSslMode::Disabled,
                SslMode::Allow | SslMode::Prefer => MySqlSslMode::Preferred,
                SslMode::Require => MySqlSslMode::Required,
                SslMode::VerifyCa => MySqlSslMode::VerifyCa,
                SslMode::VerifyFull => MySqlSslMode::VerifyIdentity,
            })
            .pipes_as_concat(false)
            .no_engine_substitution(false)
            .timezone(None)
            .set_names(false)
            .statement_cache_capacity(0)
            .disable_statement_logging();
        if let Some(password) = &url.password {
            options = options.password(password);
        }
        if let Some(socket) = &url.socket {
            options = options.socket(socket);
        }
        if let Some(file) = &url.ssl_ca {
            options = options.ssl_ca(file);
        }
        if let Some(file) = &url.ssl_cert {
            options = options.ssl_client_cert(file);
        }
        if let Some(file) = &url.ssl_key {
            options = options.ssl_client_key(file);
        }
        options
    }

    async fn open(&self) -> Result<Wire, TargetError> {
        let limit = self.url.connect_timeout.map_or(self.spec.connect_timeout, Duration::from_secs);
        match tokio::time::timeout(limit, self.options().connect()).await {
            Ok(Ok(connection)) => Ok(Wire::new(connection)),
            Ok(Err(e)) => Err(error::connecting(&e, &self.display)),
            Err(_) => Err(TargetError::new(
                Code::TargetUnreachable,
                format!("{}: no connection within {} s", self.display, limit.as_secs_f64()),
            )),
        }
    }

    /// Opens a connection, sets it up, and learns who it is, in one round trip.
    pub(super) async fn connected(&self, purpose: Purpose) -> Result<Connected, TargetError> {
        self.connected_beside(purpose, None).await
    }

    /// The same for a session beside a lock that is held: it spares the server the question when it started, which
    /// costs it more than all others together.
    pub(super) async fn connected_beside(
        &self,
        purpose: Purpose,
        known: Option<Known<'_>>,
    ) -> Result<Connected, TargetError> {
        let mut wire = self.open().await?;
        let start = match known.and_then(|known| Some((known.start.split_once('@')?.1, known))) {
            Some((place, known)) => format!(
                "IF({PLACE}={} AND IS_USED_LOCK({})<=>{},{},{SERVER})",
                literal(place),
                literal(known.lock),
                known.holder,
                literal(known.start)
            ),
            None => SERVER.to_owned(),
        };
        let text = format!(
            "{};SELECT CONNECTION_ID(),{start},VERSION(),DATABASE(),@@lower_case_table_names,\
             @@character_set_client,@@version_comment,@@max_allowed_packet",
            self.settings(purpose)
        );
        let answers = match wire.query(&text).await {
            Ok(answers) => answers,
            Err((_, e)) => return Err(error::outside(&e, "setting up the session")),
        };
        let answer = answers.last().cloned().unwrap_or_default();
        let (backend, server, place) = self.identity(&answer)?;
        // MySQL's shell speaks the server's own collation of utf8mb4, the driver an older one. And where the
        // server ignores what clients ask for, our texts would be read as something else than UTF-8.
        if (!server.is_mariadb || answer.first(5) != Some("utf8mb4"))
            && let Err((_, e)) = wire.query("SET NAMES utf8mb4").await
        {
            return Err(error::outside(&e, "setting the character set"));
        }
        let database = answer.first(3).map(str::to_owned);
        Ok(Connected { wire, backend, server, place, database })
    }

    /// The statement that sets a session up. IGNORE_SPACE is asked for by the driver while connecting.
    fn settings(&self, purpose: Purpose) -> String {
        let locks = seconds(self.spec.lock_timeout);
        let mut text = format!(
            "SET SESSION wait_timeout={LONG},SESSION lock_wait_timeout={locks},\
             SESSION innodb_lock_wait_timeout={locks},SESSION autocommit=1\
             /*M!100300 ,SESSION max_statement_time=0,SESSION idle_transaction_timeout=0,\
             SESSION idle_readonly_transaction_timeout=0,SESSION idle_write_transaction_timeout=0*/\
             /*!80000 ,SESSION max_execution_time=0*/"
        );
        if purpose == Purpose::Work {
            text.push_str(
                ",SESSION sql_mode=IF(FIND_IN_SET('IGNORE_SPACE',@@GLOBAL.sql_mode),@@SESSION.sql_mode,\
                 TRIM(BOTH ',' FROM REPLACE(CONCAT(',',@@SESSION.sql_mode,','),',IGNORE_SPACE,',',')))",
            );
        }
        text
    }

    fn identity(&self, answer: &Answer) -> Result<(Backend, Server, Place), TargetError> {
        let (Some(pid), Some(start), Some(version)) =
            (answer.first(0).and_then(|pid| pid.parse().ok()), answer.first(1), answer.first(2))
        else {
            let why = format!("{}: the server does not tell who our connection is", self.display);
            return Err(TargetError::new(Code::TargetRefused, why));
        };
        let backend = Backend { pid, start: start.to_owned(), application: String::new() };
        let is_mariadb = version.contains("MariaDB")
            || answer.first(6).is_some_and(|comment| comment.to_ascii_lowercase().contains("mariadb"));
        let number = version.split(['-', '+']).next().unwrap_or_default();
        let kind = if is_mariadb { "MariaDB" } else { "MySQL" };
        let server = Server {
            name: format!("{kind} {number}"),
            is_mariadb,
            folds_names: answer.first(4).is_some_and(|fold| fold != "0"),
            max_packet: answer.first(7).and_then(|bytes| bytes.parse().ok()),
        };
        let home = self.spec.version_table.schema.as_deref().or(answer.first(3)).unwrap_or(&self.database);
        let place = Place { database: home.to_owned(), name: self.spec.version_table.name.clone() };
        Ok((backend, server, place))
    }
}

/// Whole seconds, rounded up: servers know no smaller unit for lock timeouts, and MySQL none below one.
pub(super) fn seconds(limit: Duration) -> u64 {
    limit.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::from(LONG)).clamp(1, u64::from(LONG))
}
