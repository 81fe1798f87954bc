//! Section `scratch`: where a desired schema is tried.

use super::schema::section;
use super::{Config, Problems};

section! {
    /// Where scratch databases are made, in which an engine itself reads a desired schema. They are dropped afterwards.
    /// SQLite needs nothing: its scratch database is a temporary file.
    Scratch {
        /// Name of a connection to a PostgreSQL server where migrated may make and drop databases. Its version should be
        /// that of the targets.
        postgresql: Option<String> = None,
        /// The same for MySQL or MariaDB.
        mysql: Option<String> = None,
        /// Makes them on the target's own server where that runs on this machine and no other is named above. An
        /// embedded daemon does.
        beside_target: bool = false,
    }
}

impl Scratch {
    /// Finds what cannot work.
    pub(crate) fn validate(&self, config: &Config, problems: &mut Problems) {
        for (key, name) in [("scratch.postgresql", &self.postgresql), ("scratch.mysql", &self.mysql)] {
            if let Some(name) = name
                && !config.connections.0.contains_key(name)
            {
                problems.add(key, format!("there is no connection {name:?}: add [connections.{name}]"));
            }
        }
    }
}
