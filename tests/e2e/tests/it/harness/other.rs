//! Somebody else's session in a database: an application, or a person in a shell.

use super::{Database, Engine, mariadb};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A shell that stays connected, with whatever transaction it is in.
#[derive(Debug)]
pub(crate) struct Other {
    shell: Child,
    lines: Lines<BufReader<ChildStdout>>,
    engine: Engine,
}

impl Other {
    /// Connects and executes SQL.
    pub(crate) fn does(database: &Database, sql: &str) -> Other {
        let mut shell = match database.engine {
            Engine::Mariadb => {
                let server = mariadb().expect("it made the database");
                server.client(&database.name).expect("it is installed")
            }
            _ => {
                let mut shell = Command::new("psql");
                shell.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", &database.url()]);
                shell
            }
        };
        shell.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("it is installed");
        let lines = BufReader::new(shell.stdout.take().expect("piped")).lines();
        let mut other = Other { shell, lines, engine: database.engine };
        other.also(sql);
        other
    }

    /// Executes more, to its end: what it answered, a line a row.
    #[track_caller]
    pub(crate) fn also(&mut self, sql: &str) -> Vec<String> {
        self.begins(sql);
        self.answers()
    }

    /// Executes more, and waits for nothing.
    #[track_caller]
    pub(crate) fn begins(&mut self, sql: &str) {
        let mark = match self.engine {
            Engine::Mariadb => format!("SELECT '{DONE}';"),
            _ => format!("\\echo {DONE}"),
        };
        writeln!(self.shell.stdin.as_mut().expect("piped"), "{sql};\n{mark}").expect("it reads");
    }

    /// Waits for the end of what was begun: what it answered, a line a row.
    #[track_caller]
    pub(crate) fn answers(&mut self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            match self.lines.next() {
                Some(Ok(line)) if line == DONE => return told,
                Some(Ok(line)) => told.push(line),
                Some(Err(_)) | None => panic!("the shell ended: {told:?}"),
            }
        }
    }

    /// Ends it, and with it its transaction.
    pub(crate) fn ends(mut self) {
        drop(self.shell.stdin.take());
        self.shell.wait().expect("the shell ends with its input");
    }
}

/// What no row of a test is.
const DONE: &str = "-- done --";

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}
