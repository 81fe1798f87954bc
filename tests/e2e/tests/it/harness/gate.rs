//! A gate at which a revision stops until the test lets it on.

use super::Database;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

/// The advisory lock that the gate is made of. Its number is one of the test's database only.
const KEY: u32 = 4_242;

/// A lock on PostgreSQL that the test holds: a revision with [`Gate::STOP`] in it waits there.
#[derive(Debug)]
pub(crate) struct Gate {
    session: Child,
}

impl Gate {
    /// The statements that stop at the gate.
    pub(crate) const STOP: &str =
        "SELECT set_config('lock_timeout', '0', true);\nSELECT pg_advisory_xact_lock(4242);";

    /// Shuts the gate.
    pub(crate) fn shut(database: &Database) -> Gate {
        let mut session = Command::new("psql")
            .args(["-XqAt", "-d", &database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("psql is installed");
        let stdin = session.stdin.as_mut().expect("piped");
        writeln!(stdin, "SELECT pg_advisory_lock({KEY});\n\\echo shut").expect("it reads");
        let told = BufReader::new(session.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert!(told.into_iter().any(|line| line == "shut"), "the gate is ours");
        Gate { session }
    }

    /// Waits until somebody stands at the gate.
    pub(crate) fn reached(&self, database: &Database) {
        database.sql(&format!(
            "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = {KEY} \
             AND NOT granted) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$"
        ));
    }

    /// Opens the gate, for good.
    pub(crate) fn open(mut self) {
        drop(self.session.stdin.take());
        self.session.wait().expect("psql ends with its input");
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.session.kill();
        let _ = self.session.wait();
    }
}
