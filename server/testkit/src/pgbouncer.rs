//! pgbouncer in front of a private PostgreSQL.

use crate::guard::{Account, Guard, run};
use crate::{Postgres, StartError, find, free_port};

const ACCOUNT: Account = Account::new("postgres");

/// A pgbouncer.
#[derive(Debug)]
pub struct Pgbouncer {
    _guard: Guard,
    port: u16,
}

impl Pgbouncer {
    /// Starts one in front of `server`. `mode` is its `pool_mode`; `settings` are further lines of its section
    /// `[pgbouncer]`.
    ///
    /// # Errors
    /// Where pgbouncer is not installed or does not start, or `server` is not a private one.
    pub fn start(server: &Postgres, mode: &str, settings: &[&str]) -> Result<Pgbouncer, StartError> {
        let program = find::program("pgbouncer")?;
        let (Some(backend), Some(password)) = (server.port(), server.password()) else {
            return Err(StartError::Missing("a private PostgreSQL".into()));
        };
        let folder = ACCOUNT.folder()?;
        let port = free_port()?;
        let configuration = format!(
            "[databases]\n* = host=127.0.0.1 port={backend} user=postgres password={password}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {mode}\nverbose = 0\n{}\n",
            settings.join("\n")
        );
        let script = "umask 077; printf '%s' \"$0\" > pgbouncer.ini";
        run(ACCOUNT.command("sh").args(["-c", script, &configuration]).current_dir(&folder))?;
        let program = program.display().to_string();
        let guard = ACCOUNT.serve(&folder, "INT", "process up", &[&program, "pgbouncer.ini"])?;
        Ok(Pgbouncer { _guard: guard, port })
    }

    /// The URL of a database through it.
    pub fn url(&self, database: &str) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/{database}", self.port)
    }
}
