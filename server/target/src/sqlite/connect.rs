//! Opening a file with the settings that SQLite's own shell would show (rule R6).

use super::backend::{self, Registration};
use super::cancel::{INSTRUCTIONS, Interrupt};
use super::error::refused;
use super::place::Place;
use crate::{Backend, TargetError};
use migrated_core::Code;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use std::sync::Arc;
use std::time::Duration;

/// How a file is opened.
pub(super) struct Opening<'a> {
    pub(super) place: &'a Place,
    /// `PRAGMA foreign_keys`: the driver and its build of SQLite turn it on, the shell does not.
    pub(super) foreign_keys: bool,
    /// How long SQLite itself waits for another connection's lock.
    pub(super) busy_timeout: Duration,
    /// Whether a missing file is created.
    pub(super) create: bool,
    /// The run, for the backend's name.
    pub(super) run: &'a str,
}

/// An open file.
pub(super) struct Opened {
    pub(super) conn: SqliteConnection,
    pub(super) backend: Backend,
    pub(super) interrupt: Arc<Interrupt>,
}

/// Opens the file and hangs the cancel flag on it.
pub(super) async fn open(opening: &Opening<'_>) -> Result<Opened, TargetError> {
    let place = opening.place;
    place.look()?;
    let options = SqliteConnectOptions::new()
        .filename(place.real())
        .create_if_missing(opening.create)
        .foreign_keys(opening.foreign_keys)
        .busy_timeout(bounded(opening.busy_timeout))
        .disable_statement_logging();
    let connect = |e: sqlx::Error| refused(&e, "opening the database", place);
    let mut conn = SqliteConnection::connect_with(&options).await.map_err(|e| could_not_open(e, place))?;

    let interrupt = Interrupt::new();
    let (backend, registration) = backend::register(opening.run, &interrupt);
    let mut handle = conn.lock_handle().await.map_err(connect)?;
    // The connection owns the closure, and with it the registration: it goes when the connection is closed,
    // which may be later than when the session is dropped.
    handle.set_progress_handler(INSTRUCTIONS, move || goes_on(&registration));
    let gate = Arc::clone(&interrupt);
    handle.set_commit_hook(move || gate.may_commit());
    drop(handle);
    Ok(Opened { conn, backend, interrupt })
}

fn goes_on(registration: &Registration) -> bool {
    !registration.interrupt.stops()
}

/// SQLite counts its timeout in a C int of milliseconds.
fn bounded(timeout: Duration) -> Duration {
    timeout.min(Duration::from_millis(i32::MAX as u64))
}

fn could_not_open(error: sqlx::Error, place: &Place) -> TargetError {
    let unreadable = place.missing_rights();
    if unreadable.is_empty() || error.as_database_error().is_none() {
        return refused(&error, "opening the database", place);
    }
    TargetError::new(
        Code::TargetPermission,
        format!("{} cannot be opened; no right to {}", place.shown(), unreadable.join(", nor to ")),
    )
    .help("the user that migrated runs as must be able to read and write the file and its folder")
}

#[cfg(test)]
mod tests {
    use super::super::query;
    use super::{Opening, Place, open};
    use sqlx::Row;
    use std::path::Path;
    use std::process::Command;
    use std::time::Duration;

    /// No settings: they do something, or list names.
    const COMMANDS: &[&str] = &[
        "collation_list",
        "compile_options",
        "database_list",
        "foreign_key_check",
        "function_list",
        "incremental_vacuum",
        "integrity_check",
        "module_list",
        "optimize",
        "pragma_list",
        "quick_check",
        "shrink_memory",
        "stats",
        "table_list",
        "wal_checkpoint",
    ];

    fn shell(file: &Path, sql: &str) -> String {
        let output = Command::new("sqlite3").arg("-batch").arg(file).arg(sql).output().expect("sqlite3 runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    /// Rule R6: whatever pragma can be read, a work session shows what the shell shows.
    #[tokio::test]
    async fn a_session_looks_like_the_shells() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("app.db");
        shell(&file, "CREATE TABLE t(a)");
        let names = shell(&file, "SELECT name FROM pragma_pragma_list ORDER BY 1");
        let names: Vec<_> = names.lines().filter(|name| !COMMANDS.contains(name)).collect();
        assert!(names.len() > 40 && names.contains(&"foreign_keys"), "{names:?}");
        let secure = shell(&file, "SELECT sqlite_compileoption_used('SECURE_DELETE')");

        let place = Place::new(&file).expect("an absolute path");
        let busy_timeout = Duration::from_millis(1234);
        let opening = Opening { place: &place, foreign_keys: false, busy_timeout, create: false, run: "r" };
        let mut opened = open(&opening).await.expect("opens");
        let mut different = Vec::new();
        for name in names {
            let theirs = shell(&file, &format!("PRAGMA {name}"));
            let rows = query::rows(&mut opened.conn, format!("PRAGMA {name}")).await.expect(name);
            let ours: Vec<String> = rows.iter().map(|row| row.get_unchecked(0)).collect();
            let known = match name {
                // Ours to set (rule R13).
                "busy_timeout" => ours == ["1234"],
                // How this machine's shell was built, which is not SQLite's own default.
                "secure_delete" => secure == "1" && ours == ["0"],
                // SQLite 3.45 raised the default.
                "max_page_count" => theirs == "1073741823" && ours == ["4294967294"],
                _ => false,
            };
            if ours.join("\n") != theirs && !known {
                different.push(format!("{name}: shell {theirs:?}, ours {ours:?}"));
            }
        }
        super::super::close(opened.conn).await;
        assert!(different.is_empty(), "{different:#?}");
    }
}
