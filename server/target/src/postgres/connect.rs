//! Connecting: hosts, TLS attempts in libpq's order, and the one round trip that prepares a session.

use super::PostgresTarget;
use super::error;
use super::quote::{identifier, literal, qualified};
use super::wire::Wire;
use crate::url::{ChannelBindingMode, PostgresHost, SslMode};
use crate::{Backend, TargetError};
use migrated_core::dialect::version_table::VersionTableSql;
use migrated_core::{Code, DialectName};
use tokio_postgres::config::{ChannelBinding, SslNegotiation, TargetSessionAttrs};

/// How often a backend looks whether its client is still there (rule R4: a daemon that dies must not leave an
/// orphan at work).
const CLIENT_CHECK: &str = "500ms";

/// Our application name: `migrated`, or `migrated:<run>`.
pub(super) fn application_name(run: &str) -> String {
    match run {
        "" => "migrated".to_owned(),
        run => format!("migrated:{run}"),
    }
}

/// A connection that knows which backend it talks to and where the version table stands.
pub(super) struct Connected {
    pub(super) wire: Wire,
    pub(super) backend: Backend,
    pub(super) version: ServerVersion,
    pub(super) place: VersionPlace,
}

/// Where the version table stands or would be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct VersionPlace {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) exists: bool,
}

impl VersionPlace {
    /// Schema and name, quoted: whatever search path a revision leaves behind does not matter.
    pub(super) fn qualified(&self) -> String {
        qualified(&self.schema, &self.name)
    }

    /// Its statements.
    pub(super) fn sql(&self) -> VersionTableSql {
        VersionTableSql::new(DialectName::Postgres, Some(&self.schema), &self.name)
    }
}

/// The server's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerVersion {
    /// As the server tells it, without what a distribution adds.
    pub(super) text: String,
    pub(super) major: u32,
}

impl ServerVersion {
    fn read(wire: &Wire) -> ServerVersion {
        let full = wire.parameter("server_version").unwrap_or_default();
        let text = full.split_whitespace().next().unwrap_or_default().to_owned();
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        ServerVersion { major: digits.parse().unwrap_or(0), text }
    }
}

impl PostgresTarget {
    /// Opens a bare connection: nothing is set on it but encoding and application name.
    pub(super) async fn open(&self, run: &str) -> Result<Wire, TargetError> {
        let url = &self.url;
        let unix = url.hosts.iter().all(|(host, _)| matches!(host, PostgresHost::Unix(_)));
        // What libpq tries, in its order: see `sslmode` in its manual. Unix sockets are never encrypted.
        let attempts: &[tokio_postgres::config::SslMode] = {
            use tokio_postgres::config::SslMode::{Disable, Prefer, Require};
            match url.ssl_mode {
                _ if unix => &[Disable],
                SslMode::Disable => &[Disable],
                SslMode::Allow => &[Disable, Require],
                SslMode::Prefer => &[Prefer, Disable],
                SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => &[Require],
            }
        };
        let limit = url.connect_timeout.unwrap_or(self.spec.connect_timeout);
        let connecting = async {
            let mut attempts = attempts.iter().peekable();
            loop {
                let Some(mode) = attempts.next() else {
                    unreachable!("the loop ends at the last attempt");
                };
                match self.config(run, *mode).connect(self.tls.clone()).await {
                    Ok((client, connection)) => return Ok(Wire::new(client, connection)),
                    Err(e) if attempts.peek().is_some() && error::is_about_encryption(&e) => {}
                    Err(e) => return Err(error::connecting(&e, &self.display)),
                }
            }
        };
        match tokio::time::timeout(limit, connecting).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TargetError::new(
                Code::TargetUnreachable,
                format!("{}: no connection within {} s", self.display, limit.as_secs_f64()),
            )),
        }
    }

    fn config(&self, run: &str, mode: tokio_postgres::config::SslMode) -> tokio_postgres::Config {
        let url = &self.url;
        let mut config = tokio_postgres::Config::new();
        config
            .user(&url.user)
            .dbname(&url.database)
            .application_name(application_name(run))
            .ssl_mode(mode)
            .channel_binding(match url.channel_binding {
                ChannelBindingMode::Disable => ChannelBinding::Disable,
                ChannelBindingMode::Prefer => ChannelBinding::Prefer,
                ChannelBindingMode::Require => ChannelBinding::Require,
            })
            .keepalives(url.keepalives)
            .keepalives_idle(url.keepalives_idle)
            .keepalives_interval(url.keepalives_interval)
            .keepalives_retries(url.keepalives_count);
        if url.ssl_direct {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        if url.random_host {
            config.load_balance_hosts(tokio_postgres::config::LoadBalanceHosts::Random);
        }
        if url.read_write {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if let Some(password) = &url.password {
            config.password(password);
        }
        if let Some(options) = &url.options {
            config.options(options);
        }
        if let Some(limit) = url.tcp_user_timeout {
            config.tcp_user_timeout(limit);
        }
        for (host, port) in &url.hosts {
            match host {
                PostgresHost::Tcp(name) => config.host(name),
                PostgresHost::Unix(folder) => config.host_path(folder),
            };
            config.port(*port);
        }
        for address in &url.addresses {
            config.hostaddr(*address);
        }
        config
    }

    /// Opens a connection, sets it up as `settings` says and learns who it is, in one round trip.
    pub(super) async fn connected(&self, run: &str, settings: Settings) -> Result<Connected, TargetError> {
        let mut wire = self.open(run).await?;
        let version = ServerVersion::read(&wire);
        let text = format!("{}{}", self.settings(&version, settings), self.identity());
        let answers = match wire.query(&text, &mut |_| {}).await {
            Ok(answers) => answers,
            Err((_, e)) => return Err(error::outside(&e, "setting up the session")),
        };
        let (backend, place) = self.read_identity(answers.last())?;
        Ok(Connected { wire, backend, version, place })
    }

    /// The statements that set a session up; empty for [`Settings::None`].
    ///
    /// SET costs a server a third of what `set_config` does, and every fresh connection and every reset pays it.
    pub(super) fn settings(&self, version: &ServerVersion, settings: Settings) -> String {
        if settings == Settings::None {
            return String::new();
        }
        let mut text = format!(
            "SET lock_timeout TO {};SET statement_timeout TO 0;SET idle_in_transaction_session_timeout TO 0;",
            self.spec.lock_timeout.as_millis()
        );
        if version.major >= 14 {
            text.push_str("SET idle_session_timeout TO 0;");
        }
        if version.major >= 17 {
            text.push_str("SET transaction_timeout TO 0;");
        }
        if self.url.keepalives && self.url.hosts.iter().any(|(host, _)| matches!(host, PostgresHost::Tcp(_)))
        {
            let url = &self.url;
            text.push_str(&format!(
                "SET tcp_keepalives_idle TO {};SET tcp_keepalives_interval TO {};SET tcp_keepalives_count TO {};",
                url.keepalives_idle.as_secs(),
                url.keepalives_interval.as_secs(),
                url.keepalives_count
            ));
        }
        if version.major >= 14 {
            // Windows has no way to look at a socket without reading from it, and refuses the setting; only the
            // server knows what it runs on.
            text.push_str(&format!(
                "SELECT pg_catalog.set_config('client_connection_check_interval','{CLIENT_CHECK}',false) \
                 WHERE pg_catalog.version() NOT LIKE ALL(ARRAY['%mingw%','%isual C%','%msvc%']);"
            ));
        }
        if let Some(schema) = &self.spec.schema {
            // A role whose own path is empty must not end up with a path that ends in a comma.
            text.push_str(&format!(
                "SELECT pg_catalog.set_config('search_path',pg_catalog.concat_ws(', ',{},\
                 nullif(pg_catalog.current_setting('search_path'),'')),false);",
                literal(&identifier(schema))
            ));
        }
        text
    }

    /// The query that tells who we are and where the version table stands. It asks functions, which look into the
    /// caches of a backend, rather than joining catalogs, which a fresh backend must open first.
    pub(super) fn identity(&self) -> String {
        let place = match self.version_schema() {
            Some(schema) => literal(schema),
            None => format!(
                "coalesce((pg_catalog.pg_identify_object_as_address('pg_catalog.pg_class'::pg_catalog.regclass,\
                 pg_catalog.to_regclass({}),0)).object_names[1],pg_catalog.current_schema()::text)",
                literal(&identifier(&self.spec.version_table.name))
            ),
        };
        format!(
            "SELECT a.pid,{},a.application_name,p.s,pg_catalog.to_regclass(pg_catalog.quote_ident(p.s)||{}) \
             IS NOT NULL FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) a,(SELECT {place}) p(s)",
            start_text("a.backend_start"),
            literal(&format!(".{}", identifier(&self.spec.version_table.name))),
        )
    }

    /// The query whose answer changes when the version table comes, goes or moves, or when another one comes before
    /// it in the search path. Far cheaper than [`PostgresTarget::identity`].
    pub(super) fn whereabouts(&self) -> String {
        let name = identifier(&self.spec.version_table.name);
        match self.version_schema() {
            Some(schema) => format!(
                "SELECT pg_catalog.to_regclass({})::oid",
                literal(&format!("{}.{name}", identifier(schema)))
            ),
            None => {
                format!("SELECT pg_catalog.to_regclass({})::oid,pg_catalog.current_schema()", literal(&name))
            }
        }
    }

    /// Reads what [`PostgresTarget::identity`] gave.
    pub(super) fn read_identity(
        &self,
        answer: Option<&super::wire::Answer>,
    ) -> Result<(Backend, VersionPlace), TargetError> {
        let cell = |index| answer.and_then(|a| a.first(index));
        let backend = Backend {
            pid: cell(0).and_then(|pid| pid.parse().ok()).unwrap_or_default(),
            start: cell(1).unwrap_or_default().to_owned(),
            application: cell(2).unwrap_or_default().to_owned(),
        };
        if backend.pid == 0 || backend.start.is_empty() {
            return Err(TargetError::new(
                Code::TargetRefused,
                format!("{}: the server does not tell who our backend is", self.display),
            ));
        }
        let Some(schema) = cell(3) else {
            return Err(TargetError::new(
                Code::DatabaseMissing,
                format!("{}: the search path names no schema that exists", self.display),
            )
            .help("create the schema, or name one for the target"));
        };
        let place = VersionPlace {
            schema: schema.to_owned(),
            name: self.spec.version_table.name.clone(),
            exists: cell(4) == Some("t"),
        };
        Ok((backend, place))
    }

    /// The schema of the version table, where it is given.
    pub(super) fn version_schema(&self) -> Option<&str> {
        self.spec.version_table.schema.as_deref().or(self.spec.schema.as_deref())
    }
}

/// What to set on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    /// Nothing.
    None,
    /// What work sessions have (rule R6).
    Work,
}

/// A backend's start time as text that no `TimeZone` or `DateStyle` changes.
pub(super) fn start_text(column: &str) -> String {
    format!("pg_catalog.to_char({column} AT TIME ZONE 'UTC','YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
}
