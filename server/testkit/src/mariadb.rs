//! MariaDB.

use crate::guard::{Account, Guard, run};
use crate::{StartError, find, free_port};
use std::path::PathBuf;
use std::process::Command;

const ACCOUNT: Account = Account::new("mysql");
const USER: &str = "tester";
const PASSWORD: &str = "sesame-open-1";

/// A private MariaDB server with a user who may do everything.
#[derive(Debug)]
pub struct Mariadb {
    guard: Guard,
    folder: PathBuf,
    port: u16,
}

impl Mariadb {
    /// Starts one.
    ///
    /// # Errors
    /// Where MariaDB is not installed or does not start.
    pub fn start() -> Result<Mariadb, StartError> {
        Mariadb::start_with(&[])
    }

    /// Starts one with further options of `mariadbd`.
    ///
    /// # Errors
    /// Where MariaDB is not installed or does not start.
    pub fn start_with(more: &[&str]) -> Result<Mariadb, StartError> {
        let install = find::program("mariadb-install-db")?;
        let program = find::program("mariadbd")?;
        let folder = ACCOUNT.folder()?;
        let data = format!("--datadir={}", folder.join("data").display());
        // A server that starts removes the temporary tables that it finds: those of another one, in a folder that they
        // share.
        let temporary = format!("--tmpdir={}", folder.display());
        let install_arguments = [
            "--no-defaults",
            &data,
            &temporary,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ];
        run(ACCOUNT.command(install).args(install_arguments).current_dir(&folder))?;
        let script = format!(
            "printf '%s\\n' \"CREATE USER IF NOT EXISTS {USER}@'%' IDENTIFIED BY '{PASSWORD}';\" \
             \"GRANT ALL ON *.* TO {USER}@'%' WITH GRANT OPTION;\" > init.sql"
        );
        run(ACCOUNT.command("sh").args(["-c", &script]).current_dir(&folder))?;
        let port = free_port()?;
        let program = program.display().to_string();
        let options = [
            format!("--socket={}", folder.join("s").display()),
            format!("--pid-file={}", folder.join("pid").display()),
            temporary,
            format!("--port={port}"),
            format!("--init-file={}", folder.join("init.sql").display()),
        ];
        let mut server = vec![program.as_str(), "--no-defaults", &data];
        server.extend(options.iter().map(String::as_str));
        server.extend(["--bind-address=127.0.0.1", "--innodb-flush-log-at-trx-commit=0", "--skip-log-bin"]);
        server.extend(more);
        let guard = ACCOUNT.serve(&folder, "KILL", "ready for connections", &server)?;
        Ok(Mariadb { guard, folder, port })
    }

    /// The URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("mysql://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// The URL of a database through the Unix socket.
    pub fn socket_url(&self, database: &str) -> String {
        format!(
            "mysql://{USER}:{PASSWORD}@localhost/{database}?unix_socket={}",
            self.folder.join("s").display()
        )
    }

    /// Ends the server by a signal (`TERM`; `KILL` for a crash), starts it again and waits until it is ready.
    ///
    /// # Errors
    /// Where it does not start again.
    pub fn restart(&self, signal: &str) -> Result<(), StartError> {
        self.guard.restart(signal)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a database for another account.
    pub fn url_as(&self, user: &str, password: &str, database: &str) -> String {
        format!("mysql://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// The shell, connected to a database, one line a row, cells joined by tabs; each line is flushed.
    ///
    /// # Errors
    /// Where the shell is not installed.
    pub fn client(&self, database: &str) -> Result<Command, StartError> {
        let mut shell = Command::new(find::program("mariadb")?);
        shell
            .args(["--no-defaults", "-BNn", "-h127.0.0.1", "--protocol=tcp"])
            .arg(format!("-P{}", self.port))
            .args(["-u", USER])
            .arg(format!("-p{PASSWORD}"))
            .arg(database);
        Ok(shell)
    }

    /// Runs SQL with the shell and gives its output: one line a row, cells joined by tabs.
    ///
    /// # Errors
    /// Where the shell is missing or a statement fails; what it said is in the error.
    pub fn shell(&self, database: &str, sql: &str) -> Result<String, StartError> {
        let output = run(self.client(database)?.args(["-e", sql]))?;
        Ok(output.trim_end().to_owned())
    }
}
