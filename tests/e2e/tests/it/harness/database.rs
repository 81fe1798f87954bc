//! Databases: one of its own for each test, on servers that all tests share.

use migrated_testkit::{Mariadb, Postgres, PostgresOptions, StartError, present};
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// What speaks SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
    Mariadb,
}

impl Engine {
    /// The engines on which everything has to work.
    pub(crate) const ALL: &[Engine] = &[Engine::Sqlite, Engine::Postgres, Engine::Mariadb];

    /// Its name in the names of snapshots.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
            Engine::Mariadb => "mariadb",
        }
    }
}

static POSTGRES: LazyLock<Result<Postgres, StartError>> = LazyLock::new(Postgres::of_environment);
static MARIADB: LazyLock<Result<Mariadb, StartError>> = LazyLock::new(Mariadb::start);
static COUNT: AtomicU32 = AtomicU32::new(0);

/// An empty database.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) engine: Engine,
    /// Its name; for SQLite the file's.
    pub(crate) name: String,
    folder: tempfile::TempDir,
    /// The PostgreSQL that no other test uses, where it is on one.
    own: Option<Postgres>,
}

/// The PostgreSQL that all tests share.
pub(crate) fn postgres() -> Option<&'static Postgres> {
    present(POSTGRES.as_ref())
}

/// The MariaDB that all tests share.
pub(crate) fn mariadb() -> Option<&'static Mariadb> {
    present(MARIADB.as_ref())
}

impl Database {
    /// A new one, where the server is there.
    pub(crate) fn new(engine: Engine) -> Option<Database> {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("e2e_{}_{number}", std::process::id());
        let folder = tempfile::tempdir().expect("a folder");
        let name = match engine {
            Engine::Sqlite => "app.db".to_owned(),
            Engine::Postgres => {
                postgres()?.psql("postgres", &format!("CREATE DATABASE {name}")).expect("created");
                name
            }
            Engine::Mariadb => {
                let make = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
                mariadb()?.shell("mysql", &make).expect("created");
                name
            }
        };
        Some(Database { engine, name, folder, own: None })
    }

    /// A new one on a PostgreSQL that no other test uses, and that may be killed.
    pub(crate) fn on_a_server_of_its_own() -> Option<Database> {
        let started = Postgres::start(&PostgresOptions::default());
        present(started.as_ref())?;
        let folder = tempfile::tempdir().expect("a folder");
        Some(Database { engine: Engine::Postgres, name: "postgres".to_owned(), folder, own: started.ok() })
    }

    /// The PostgreSQL that it is on.
    fn postgres(&self) -> &Postgres {
        self.own.as_ref().unwrap_or_else(|| postgres().expect("it made this"))
    }

    /// The URL for `migratectl.toml`.
    pub(crate) fn url(&self) -> String {
        match self.engine {
            Engine::Sqlite => format!("sqlite:///{}", self.file().display()),
            Engine::Postgres => self.postgres().url(&self.name),
            Engine::Mariadb => mariadb().expect("it made this").url(&self.name),
        }
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Runs SQL with the engine's own shell: one line a row, cells joined by `|` (tabs on MariaDB).
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.try_sql(sql).unwrap_or_else(|why| panic!("{sql}: {why}"))
    }

    /// As [`Database::sql`], for SQL that may fail: what the shell said of it.
    pub(crate) fn try_sql(&self, sql: &str) -> Result<String, String> {
        match self.engine {
            Engine::Sqlite => {
                let mut shell = Command::new("sqlite3");
                let answer = shell.args(["-bail", "-cmd", ".timeout 20000"]).arg(self.file()).arg(sql);
                let answer = answer.output().expect("sqlite3 is installed");
                match answer.status.success() {
                    true => Ok(String::from_utf8_lossy(&answer.stdout).trim_end().to_owned()),
                    false => Err(String::from_utf8_lossy(&answer.stderr).into_owned()),
                }
            }
            Engine::Postgres => self.postgres().psql(&self.name, sql).map_err(|e| e.to_string()),
            Engine::Mariadb => {
                mariadb().expect("it made this").shell(&self.name, sql).map_err(|e| e.to_string())
            }
        }
    }

    /// Removes it from its server, for tests that make hundreds.
    pub(crate) fn removed(self) {
        let name = &self.name;
        match self.engine {
            Engine::Sqlite => {}
            Engine::Postgres => {
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                self.postgres().psql("postgres", &drop).expect("removed");
            }
            Engine::Mariadb => {
                let drop = format!("DROP DATABASE {name}");
                mariadb().expect("it made this").shell("mysql", &drop).expect("removed");
            }
        }
    }

    /// Everything in it, schema and rows, as the engine's own tool writes it; what changes from call to call is left
    /// out, and so is an empty journal, which means nothing.
    pub(crate) fn dump(&self) -> String {
        let mut tool = match self.engine {
            Engine::Sqlite if !self.file().exists() => return String::new(),
            Engine::Sqlite => {
                let mut tool = Command::new("sqlite3");
                tool.arg(self.file()).arg(".dump");
                tool
            }
            Engine::Postgres => {
                let mut tool = Command::new("pg_dump");
                tool.args(["--inserts", "--no-owner", "-d", &self.url()]);
                tool
            }
            Engine::Mariadb => {
                let mut tool = self.mariadb_dump();
                let journal = "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() \
                               AND table_name = 'migrated_journal'";
                if self.sql(journal) == "1" && self.sql("SELECT count(*) FROM migrated_journal") == "0" {
                    tool.arg(format!("--ignore-table={}.migrated_journal", self.name));
                }
                tool.arg(&self.name);
                tool
            }
        };
        let text = output(&mut tool);
        let kept = |line: &&str| !line.starts_with("--") && !line.starts_with('\\') && !line.is_empty();
        text.lines().filter(kept).map(|line| format!("{line}\n")).collect()
    }

    /// Its schema without rows and without the version table, as the engine's own tool writes it.
    pub(crate) fn schema(&self) -> String {
        let mut tool = match self.engine {
            Engine::Sqlite => {
                let mut tool = Command::new("sqlite3");
                tool.arg(self.file()).arg(".schema --nosys");
                tool
            }
            Engine::Postgres => {
                let mut tool = Command::new("pg_dump");
                tool.args(["-s", "--no-owner", "-T", "alembic_version", "-d", &self.url()]);
                tool
            }
            Engine::Mariadb => {
                let mut tool = self.mariadb_dump();
                tool.args([
                    "--no-data",
                    &format!("--ignore-table={}.alembic_version", self.name),
                    &self.name,
                ]);
                tool
            }
        };
        output(&mut tool)
    }

    fn mariadb_dump(&self) -> Command {
        let server = mariadb().expect("it made this");
        let mut tool = Command::new("mariadb-dump");
        tool.args(["--no-defaults", "--skip-comments", "--skip-dump-date", "-h127.0.0.1", "-utester"]);
        tool.args(["-psesame-open-1", &format!("-P{}", server.port())]);
        tool
    }
}

fn output(tool: &mut Command) -> String {
    let answer = tool.output().expect("the tool is installed");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    String::from_utf8_lossy(&answer.stdout).into_owned()
}
