//! The daemon's configuration: one section a file, each with its keys, defaults and checks.
//!
//! Defaults < file < `MIGRATED_*` variables < flags; see [`source`]. `docs/configuration.md` lists every key and is
//! compared with the structs by a test.

pub(crate) mod access;
pub(crate) mod database_url;
pub(crate) mod databases;
pub(crate) mod embedded;
pub(crate) mod limits;
pub(crate) mod listen;
pub(crate) mod projects;
pub(crate) mod reach;
pub(crate) mod reference;
pub(crate) mod runs;
pub(crate) mod schema;
pub(crate) mod scratch;
pub(crate) mod show;
pub(crate) mod source;
pub(crate) mod store;
pub(crate) mod telemetry;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
pub(crate) mod value;

pub(crate) use source::{Sources, load};

schema::section! {
    /// The whole configuration.
    Config {
        /// Where the daemon answers, and what a connection may do.
        listen: listen::Listen = listen::Listen::default(),
        /// TLS on every TCP address; Unix sockets stay as they are. The files are read again on SIGHUP.
        tls: tls::Tls = tls::Tls::default(),
        /// Who may call. Where there are tokens, every TCP call but the health check needs one. A Unix socket is known
        /// by its peer's user id and needs none.
        access: access::Access = access::Access::default(),
        /// The revision store: the daemon's own database, a SQLite file of one daemon or a PostgreSQL database of several.
        store: store::Store = store::Store::default(),
        /// Projects.
        projects: projects::Projects = projects::Projects::default(),
        /// Database servers, each under a name.
        connections: databases::Connections = databases::Connections::default(),
        /// Targets, each under a name, and the policy on those that have none.
        targets: databases::Targets = databases::Targets::default(),
        /// Where a desired schema is tried before it is compared with a target.
        scratch: scratch::Scratch = scratch::Scratch::default(),
        /// How migrations are executed.
        runs: runs::Runs = runs::Runs::default(),
        /// Limits. A request beyond one is refused with LIMIT_EXCEEDED; nothing is cut off silently.
        limits: limits::Limits = limits::Limits::default(),
        /// Logs and traces. Neither ever holds SQL parameters or secrets.
        telemetry: telemetry::Telemetry = telemetry::Telemetry::default(),
        /// The daemon that `migratectl` starts for itself. Elsewhere it has no effect.
        embedded: embedded::Embedded = embedded::Embedded::default(),
    }
}

impl Config {
    /// Everything that cannot work or must not, in the order of the sections.
    pub(crate) fn validate(&self) -> Problems {
        let mut problems = Problems::default();
        self.listen.validate(self, &mut problems);
        self.tls.validate(&mut problems);
        self.access.validate(&mut problems);
        self.store.validate(&mut problems);
        databases::validate(self, &mut problems);
        self.scratch.validate(self, &mut problems);
        self.runs.validate(&mut problems);
        self.limits.validate(&mut problems);
        self.telemetry.validate(&mut problems);
        problems
    }
}

/// What is wrong with a configuration, each with the key that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems(pub(crate) Vec<String>);

impl Problems {
    /// Adds one.
    pub(crate) fn add(&mut self, key: &str, message: impl std::fmt::Display) {
        self.0.push(format!("{key}: {message}"));
    }
}

impl std::fmt::Display for Problems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}
