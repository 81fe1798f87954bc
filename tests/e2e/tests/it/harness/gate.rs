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

    /// A statement that commits by itself and stops at the gate (MariaDB): it makes a column of that name.
    pub(crate) fn stop_alone(database: &Database, column: &str) -> String {
        format!("ALTER TABLE {}.gate ADD {column} integer", name(database))
    }

    /// The columns of the gate's table (MariaDB), joined by commas.
    pub(crate) fn columns(database: &Database) -> String {
        database.sql(&format!(
            "SELECT group_concat(column_name ORDER BY ordinal_position) FROM information_schema.columns \
             WHERE table_schema = '{}' AND table_name = 'gate'",
            name(database)
        ))
    }

    /// A statement that stops at a gate of [`Gate::shut_in_rehearsals`].
    pub(crate) fn stop_in_rehearsals(database: &Database) -> String {
        match database.engine {
            Engine::Mariadb => format!("DO GET_LOCK('{}', 600);", name(database)),
            _ => Gate::stop(database),
        }
    }

    /// Shuts a gate for rehearsals: on MariaDB a named lock, for these touch no other database.
    pub(crate) fn shut_in_rehearsals(database: &Database) -> Gate {
        let Engine::Mariadb = database.engine else { return Gate::shut(database) };
        let name = name(database);
        let shell = mariadb().expect("it made the database").client("mysql").expect("it is installed");
        Gate::held(database, shell, &format!("DO GET_LOCK('{name}', 0);\nSELECT 'shut';"))
    }

    /// Shuts the gate.
    pub(crate) fn shut(database: &Database) -> Gate {
        let name = name(database);
        let (shell, shut) = match database.engine {
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
        Gate::held(database, shell, &shut)
    }

    /// Shuts it with a session of a shell.
    fn held(database: &Database, mut shell: Command, shut: &str) -> Gate {
        let name = name(database);
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
        self.reached_by_another(database, "");
    }

    /// Waits until a session other than that one stands at the gate (MariaDB): its number.
    pub(crate) fn reached_by_another(&self, database: &Database, one: &str) -> String {
        let until = Instant::now() + LONG;
        loop {
            // The server itself pauses between two looks.
            let waits = database.sql(&format!("{}; DO SLEEP(0.02)", self.waiting()));
            if !waits.is_empty() && waits != one {
                return waits;
            }
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
        format!(
            "SELECT id FROM information_schema.processlist \
             WHERE info LIKE 'UPDATE {0}.gate%' OR info LIKE 'ALTER TABLE {0}.gate%' \
             OR info LIKE 'DO GET\\_LOCK(''{0}''%' AND state = 'User lock'",
            self.name
        )
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
