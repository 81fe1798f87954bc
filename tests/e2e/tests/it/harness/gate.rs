//! A gate at which a revision stops until the test lets it on.

use super::{Database, Engine, LONG, mariadb};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// The advisory lock that the gate is made of on PostgreSQL, where its number is one of the database only. On MariaDB
/// it is a row of a table in a database of its own: who waits for a named lock and is cancelled is told nothing of it.
const KEY: u32 = 4_242;

/// Who waits at the gate of the database that is asked: `pg_locks` shows the locks of all of them.
const WAITING: &str = "pg_locks WHERE locktype = 'advisory' AND objid = 4242 AND NOT granted AND database = \
                       (SELECT oid FROM pg_database WHERE datname = current_database())";

/// A lock in the database that the test holds: a revision with [`Gate::stop`] in it waits there.
#[derive(Debug)]
pub(crate) struct Gate {
    session: Child,
    engine: Engine,
    name: String,
}

impl Gate {
    /// The engines that have locks for a revision to wait at.
    pub(crate) const ENGINES: &[Engine] = &[Engine::Postgres, Engine::Mariadb];

    /// The statements that stop at the gate.
    pub(crate) fn stop(database: &Database) -> String {
        match database.engine {
            Engine::Mariadb => {
                let name = name(database);
                format!("SET innodb_lock_wait_timeout = 600;\nUPDATE {name}.gate SET passed = passed + 1;")
            }
            _ => {
                format!("SELECT set_config('lock_timeout', '0', true);\nSELECT pg_advisory_xact_lock({KEY});")
            }
        }
    }

    /// Shuts the gate.
    pub(crate) fn shut(database: &Database) -> Gate {
        let name = name(database);
        let (mut shell, shut) = match database.engine {
            Engine::Mariadb => {
                let shell =
                    mariadb().expect("it made the database").client("mysql").expect("it is installed");
                let row = "(passed integer) ENGINE=InnoDB SELECT 0 AS passed";
                let made = format!("CREATE DATABASE {name};\nCREATE TABLE {name}.gate {row};");
                let held =
                    format!("START TRANSACTION;\nSELECT * FROM {name}.gate FOR UPDATE;\nSELECT 'shut';");
                (shell, format!("{made}\n{held}"))
            }
            _ => {
                let mut shell = Command::new("psql");
                shell.args(["-XqAt", "-d", &database.url()]);
                (shell, format!("SELECT pg_advisory_lock({KEY});\n\\echo shut"))
            }
        };
        let mut session =
            shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the shell is installed");
        let stdin = session.stdin.as_mut().expect("piped");
        writeln!(stdin, "{shut}").expect("it reads");
        let told = BufReader::new(session.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert!(told.into_iter().any(|line| line == "shut"), "the gate is ours");
        Gate { session, engine: database.engine, name }
    }

    /// Waits until somebody stands at the gate.
    pub(crate) fn reached(&self, database: &Database) {
        if self.engine == Engine::Postgres {
            database.sql(&format!(
                "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM {WAITING}) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
            ));
            return;
        }
        let until = Instant::now() + LONG;
        // The server itself pauses between two looks.
        while database.sql(&format!("{}; DO SLEEP(0.02)", self.waiting())).is_empty() {
            assert!(Instant::now() < until, "nobody comes to the gate");
        }
    }

    /// Ends the session that stands at the gate, as an administrator would.
    pub(crate) fn kill_who_waits(&self, database: &Database) {
        match self.engine {
            Engine::Mariadb => {
                let waits = database.sql(&self.waiting());
                database.sql(&format!("KILL CONNECTION {waits}"));
            }
            _ => {
                database.sql(&format!("SELECT pg_terminate_backend(pid) FROM {WAITING}"));
            }
        }
    }

    /// Asks MariaDB who waits. (Its list of transactions is a copy that grows old while it is asked often.)
    fn waiting(&self) -> String {
        format!("SELECT id FROM information_schema.processlist WHERE info LIKE 'UPDATE {}.gate%'", self.name)
    }

    /// Opens the gate, for good.
    pub(crate) fn open(mut self) {
        drop(self.session.stdin.take());
        self.session.wait().expect("the shell ends with its input");
    }
}

/// The database of the gate on MariaDB.
fn name(database: &Database) -> String {
    format!("gate_{}", database.name)
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.session.kill();
        let _ = self.session.wait();
    }
}
