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
