//! PostgreSQL.

use crate::guard::{Account, Guard, run};
use crate::{StartError, find, free_port};
use std::path::{Path, PathBuf};
use std::process::Command;

const ACCOUNT: Account = Account::new("postgres");

/// The superuser's password on private servers.
const PASSWORD: &str = "sesame/open#1";

/// How a private server is to be.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// Whether it waits for the disk; only measuring needs that.
    pub durable: bool,
    /// Further settings, `name=value`.
    pub settings: Vec<String>,
    /// Certificate and key files: the server then takes TLS. It gets copies that belong to it.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Lines of `pg_hba.conf` that go before all others.
    pub access: Vec<String>,
}

/// A PostgreSQL server with a superuser: a private one, or one that somebody else runs.
#[derive(Debug)]
pub struct Postgres {
    guard: Option<Guard>,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Private {
        folder: PathBuf,
        port: u16,
    },
    /// URL without database, URL's options with their question mark.
    Foreign(String, String),
}

impl Postgres {
    /// The server that `MIGRATED_TEST_POSTGRES` names (a URL of a superuser), else a private one.
    ///
    /// # Errors
    /// Where PostgreSQL is not installed or does not start.
    pub fn of_environment() -> Result<Postgres, StartError> {
        match std::env::var("MIGRATED_TEST_POSTGRES") {
            Ok(url) if !url.is_empty() => {
                let (url, options) = url.split_once('?').map_or((url.as_str(), ""), |(url, o)| (url, o));
                let after_scheme = url.find("://").map_or(0, |at| at + 3);
                let end = url[after_scheme..].find('/').map_or(url.len(), |at| after_scheme + at);
                let options = if options.is_empty() { String::new() } else { format!("?{options}") };
                Ok(Postgres { guard: None, place: Place::Foreign(url[..end].to_owned(), options) })
            }
            _ => Postgres::start(&PostgresOptions::default()),
        }
    }

    /// Starts a private server.
    ///
    /// # Errors
    /// Where PostgreSQL is not installed or does not start.
    pub fn start(options: &PostgresOptions) -> Result<Postgres, StartError> {
        let mut last = None;
        // Somebody else may take the port between finding and using it.
        for _ in 0..3 {
            match Postgres::start_once(options) {
                Err(StartError::Failed { program, output }) if output.contains("already in use") => {
                    last = Some(StartError::Failed { program, output });
                }
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| StartError::Missing("a free port".into())))
    }

    fn start_once(options: &PostgresOptions) -> Result<Postgres, StartError> {
        let folder = ACCOUNT.folder()?;
        let initdb = find::program("initdb")?;
        let program = find::program("postgres")?;
        let data = folder.join("data");
        let script = format!(
            "umask 077; printf %s {PASSWORD:?} > pw && exec {} -D data -U postgres -A scram-sha-256 --pwfile=pw \
             -E UTF8 --locale=C --no-sync --no-instructions",
            initdb.display()
        );
        run(ACCOUNT.command("sh").args(["-c", &script]).current_dir(&folder))?;
        let port = free_port()?;
        let fsync = if options.durable { "on" } else { "off" };
        let mut settings = vec![
            format!("port={port}"),
            "listen_addresses=127.0.0.1".into(),
            format!("unix_socket_directories={}", folder.display()),
            "max_connections=200".into(),
            format!("fsync={fsync}"),
            format!("full_page_writes={fsync}"),
            // Readiness is told by a LOG message.
            "log_min_messages=log".into(),
        ];
        if let Some((certificate, key)) = &options.tls {
            copy_in(certificate, &folder, "server.crt")?;
            copy_in(key, &folder, "server.key")?;
            settings.push("ssl=on".into());
            settings.push(format!("ssl_cert_file={}", folder.join("server.crt").display()));
            settings.push(format!("ssl_key_file={}", folder.join("server.key").display()));
        }
        if !options.access.is_empty() {
            let mut script = String::from("rest=$(cat data/pg_hba.conf); { ");
            for line in &options.access {
                script.push_str(&format!("echo '{}'; ", line.replace('\'', "")));
            }
            script.push_str("echo \"$rest\"; } > data/pg_hba.conf");
            run(ACCOUNT.command("sh").args(["-c", &script]).current_dir(&folder))?;
        }
        settings.extend(options.settings.iter().cloned());
        let (program, data) = (program.display().to_string(), data.display().to_string());
        let mut server = vec![program.as_str(), "-D", &data];
        for setting in &settings {
            server.extend(["-c", setting]);
        }
        let guard = ACCOUNT.serve(&folder, "QUIT", "ready to accept connections", &server)?;
        Ok(Postgres { guard: Some(guard), place: Place::Private { folder, port } })
    }

    /// Ends a private server by a signal (`INT` for a fast shutdown, `QUIT` for an immediate one), starts it again and
    /// waits until it is ready.
    ///
    /// # Errors
    /// Where it does not start again, or is not a private one.
    pub fn restart(&self, signal: &str) -> Result<(), StartError> {
        match &self.guard {
            Some(guard) => guard.restart(signal),
            None => Err(StartError::Missing("a private PostgreSQL".into())),
        }
    }

    /// The superuser's URL of a database.
    pub fn url(&self, database: &str) -> String {
        match &self.place {
            Place::Private { port, .. } => {
                format!("postgresql://postgres:{}@127.0.0.1:{port}/{database}", encoded_password())
            }
            Place::Foreign(url, options) => format!("{url}/{database}{options}"),
        }
    }

    /// The URL of a database for another role.
    pub fn url_as(&self, role: &str, password: &str, database: &str) -> String {
        match &self.place {
            Place::Private { port, .. } => {
                format!("postgresql://{role}:{password}@127.0.0.1:{port}/{database}")
            }
            Place::Foreign(url, options) => {
                let (scheme, authority) = url.split_once("://").unwrap_or(("postgresql", url));
                let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
                format!("{scheme}://{role}:{password}@{host}/{database}{options}")
            }
        }
    }

    /// The superuser's URL of a database through the Unix socket of a private server.
    pub fn socket_url(&self, database: &str) -> Option<String> {
        match &self.place {
            Place::Private { folder, port } => Some(format!(
                "postgresql://postgres:{}@/{database}?host={}&port={port}",
                encoded_password(),
                folder.display()
            )),
            Place::Foreign(..) => None,
        }
    }

    /// The port of a private server.
    pub fn port(&self) -> Option<u16> {
        match &self.place {
            Place::Private { port, .. } => Some(*port),
            Place::Foreign(..) => None,
        }
    }

    /// The superuser's password of a private server.
    pub fn password(&self) -> Option<&'static str> {
        matches!(self.place, Place::Private { .. }).then_some(PASSWORD)
    }

    /// Runs SQL with psql and gives its output: one line a row, cells joined by `|`.
    ///
    /// # Errors
    /// Where psql is missing or a statement fails; what psql said is in the error.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, StartError> {
        psql(&self.url(database), sql)
    }
}

/// Runs SQL with psql against any URL, as [`Postgres::psql`] does.
///
/// # Errors
/// Where psql is missing or a statement fails.
pub fn psql(url: &str, sql: &str) -> Result<String, StartError> {
    let program = find::program("psql")?;
    let output = run(Command::new(program)
        .args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
        .env("LC_ALL", "C")
        .env_remove("PGOPTIONS"))?;
    Ok(output.trim_end().to_owned())
}

fn encoded_password() -> String {
    PASSWORD.replace('/', "%2F").replace('#', "%23")
}

/// Copies a file into a folder of the server's account: PostgreSQL insists on owning its key.
fn copy_in(file: &Path, folder: &Path, name: &str) -> Result<(), StartError> {
    let text = std::fs::read_to_string(file)?;
    let mut command = ACCOUNT.command("sh");
    command.args(["-c", "umask 077; printf %s \"$0\" > \"$1\"", &text, name]).current_dir(folder);
    run(&mut command).map(drop)
}
