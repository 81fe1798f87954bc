//! The engines' own shells, on private servers that end with the test.
#![expect(clippy::disallowed_methods, reason = "the shells are what is tested here")]

use migrated_core::DialectName;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a shell did.
pub(crate) struct Ran {
    pub(crate) ok: bool,
    /// What it printed, errors included.
    pub(crate) said: String,
}

/// A shell on a server.
pub(crate) trait Shell {
    fn dialect(&self) -> DialectName;
    /// Makes an empty database.
    fn database(&self, name: &str) -> String;
    /// Runs a script, stopping at the first error.
    fn run(&self, database: &str, script: &str) -> Ran;
    /// Runs a script with a client that goes on after errors.
    fn run_on(&self, database: &str, script: &str) -> Ran;
    /// Everything in a database.
    fn dump(&self, database: &str) -> String;

    /// Runs one statement, which must work.
    fn query(&self, database: &str, sql: &str) -> String {
        let ran = self.run(database, &format!("{sql};"));
        assert!(ran.ok, "{}", ran.said);
        ran.said.trim().into()
    }
}

fn feed(command: &mut Command, input: &str) -> Ran {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the shell starts");
    // A shell that stops early closes its input; what it says then is what counts.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("the shell ends");
    let said = [output.stdout, output.stderr].concat();
    Ran { ok: output.status.success(), said: String::from_utf8_lossy(&said).into_owned() }
}

/// The program's path, or a skip that is told; under CI a missing program is a failure.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn program(name: &str, folders: &[&str]) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let found =
        folders.iter().copied().chain(path.split(':')).map(|f| Path::new(f).join(name)).find(|p| p.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").is_err(), "{name} is not installed");
        eprintln!("SKIPPED: {name} is not installed");
    }
    found
}

/// A server of our own, stopped when the test ends.
struct Server {
    child: Child,
    folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked rather than killed: a killed PostgreSQL leaves its shared memory behind.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

pub(crate) struct Sqlite {
    shell: PathBuf,
    folder: tempfile::TempDir,
}

pub(crate) fn sqlite() -> Option<Sqlite> {
    let shell = program("sqlite3", &[])?;
    Some(Sqlite { shell, folder: tempfile::tempdir().expect("a folder") })
}

impl Shell for Sqlite {
    fn dialect(&self) -> DialectName {
        DialectName::Sqlite
    }

    fn database(&self, name: &str) -> String {
        let path = self.folder.path().join(format!("{name}.db"));
        std::fs::write(&path, b"").expect("writable");
        path.to_str().expect("text").into()
    }

    fn run(&self, database: &str, script: &str) -> Ran {
        feed(Command::new(&self.shell).current_dir(self.folder.path()).args(["-bail", database]), script)
    }

    fn run_on(&self, database: &str, script: &str) -> Ran {
        feed(Command::new(&self.shell).current_dir(self.folder.path()).arg(database), script)
    }

    fn dump(&self, database: &str) -> String {
        self.query(database, "SELECT 1") + &feed(Command::new(&self.shell).args([database, ".dump"]), "").said
    }
}

pub(crate) struct Postgres {
    psql: PathBuf,
    dump: PathBuf,
    server: Server,
}

/// Runs as another user where we are root, which PostgreSQL refuses to be run by.
fn unprivileged(program: &Path) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if !root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups"]).arg(program);
    command
}

pub(crate) fn postgres() -> Option<Postgres> {
    let versions = ["18", "17", "16", "15", "14", "13"].map(|v| format!("/usr/lib/postgresql/{v}/bin"));
    let folders = versions.each_ref().map(String::as_str);
    let (psql, dump) = (program("psql", &folders)?, program("pg_dump", &folders)?);
    let (initdb, postgres) = (program("initdb", &folders)?, program("postgres", &folders)?);
    let folder = tempfile::tempdir().expect("a folder");
    open_to_all(folder.path());
    let data = folder.path().join("data");
    let made = unprivileged(&initdb).args(["-A", "trust", "-U", "postgres", "-N", "-D"]).arg(&data).output();
    assert!(made.expect("initdb starts").status.success(), "initdb works");
    let mut command = unprivileged(&postgres);
    command
        .arg("-D")
        .arg(&data)
        .args(["-c", "listen_addresses=", "-c", "fsync=off", "-k"])
        .arg(folder.path());
    let server = start(&mut command, "ready to accept connections", folder);
    Some(Postgres { psql, dump, server })
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("ours");
}

/// Starts a server and reads what it says until it is ready; what it says later is read and dropped, so that it never
/// waits for us.
fn start(command: &mut Command, ready: &str, folder: tempfile::TempDir) -> Server {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the server starts");
    let mut lines = std::io::BufReader::new(child.stderr.take().expect("piped")).lines();
    let mut said = Vec::new();
    let answers = lines.by_ref().map_while(Result::ok).any(|line| {
        let found = line.contains(ready);
        said.push(line);
        found
    });
    let server = Server { child, folder };
    assert!(answers, "{}", said.join("\n"));
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    server
}

impl Postgres {
    fn client(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(["-U", "postgres", "-h"]).arg(self.server.folder.path());
        command
    }
}

impl Shell for Postgres {
    fn dialect(&self) -> DialectName {
        DialectName::Postgres
    }

    fn database(&self, name: &str) -> String {
        self.query("postgres", &format!("CREATE DATABASE {name}"));
        name.into()
    }

    fn run(&self, database: &str, script: &str) -> Ran {
        // -f keeps psql's exit status apart for errors in the script.
        feed(self.client(&self.psql).args(["-XAtq", "-d", database, "-f", "-"]), script)
    }

    fn run_on(&self, database: &str, script: &str) -> Ran {
        let other_client: String =
            script.lines().filter(|l| !l.starts_with('\\')).map(|l| format!("{l}\n")).collect();
        feed(self.client(&self.psql).args(["-XAtq", "-d", database]), &other_client)
    }

    fn query(&self, database: &str, sql: &str) -> String {
        let ran = self.run(database, &format!("\\set ON_ERROR_STOP on\n{sql};"));
        assert!(ran.ok, "{}", ran.said);
        ran.said.trim().into()
    }

    fn dump(&self, database: &str) -> String {
        let text = feed(self.client(&self.dump).args(["-d", database]), "").said;
        text.lines().filter(|l| !l.starts_with('\\')).collect()
    }
}

pub(crate) struct Mysql {
    client: PathBuf,
    dump: PathBuf,
    server: Server,
}

pub(crate) fn mysql() -> Option<Mysql> {
    let (client, dump) = (program("mariadb", &[])?, program("mariadb-dump", &[])?);
    let (install, mariadbd) = (program("mariadb-install-db", &[])?, program("mariadbd", &["/usr/sbin"])?);
    let folder = tempfile::tempdir().expect("a folder");
    let data = format!("--datadir={}", folder.path().join("data").display());
    let user = std::env::var("USER").unwrap_or_else(|_| "root".into());
    let made = Command::new(install)
        .args(["--no-defaults", &data, "--auth-root-authentication-method=normal", &format!("--user={user}")])
        .output();
    assert!(made.expect("mariadb-install-db starts").status.success(), "mariadb-install-db works");
    let mut command = Command::new(mariadbd);
    command
        .args(["--no-defaults", &data, "--skip-networking", &format!("--user={user}")])
        .arg(format!("--socket={}", folder.path().join("s").display()))
        .arg(format!("--tmpdir={}", folder.path().display()));
    let server = start(&mut command, "ready for connections", folder);
    Some(Mysql { client, dump, server })
}

impl Mysql {
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let socket = self.server.folder.path().join("s");
        command.arg("--no-defaults").arg("-uroot").arg(format!("--socket={}", socket.display()));
        command
    }
}

impl Shell for Mysql {
    fn dialect(&self) -> DialectName {
        DialectName::Mysql
    }

    fn database(&self, name: &str) -> String {
        self.query("", &format!("CREATE DATABASE {name}"));
        name.into()
    }

    fn run(&self, database: &str, script: &str) -> Ran {
        feed(self.command(&self.client).args(["-N", "-B", database]), script)
    }

    fn run_on(&self, database: &str, script: &str) -> Ran {
        feed(self.command(&self.client).args(["-N", "-B", "--force", database]), script)
    }

    fn dump(&self, database: &str) -> String {
        feed(self.command(&self.dump).args(["--skip-comments", database]), "").said
    }
}
