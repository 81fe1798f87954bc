//! Failures: what the daemon's status, a run's failure or the client itself has to say, in one shape.

mod bare;

use crate::exit::{self, Exit};
use bare::from_bare_status;
use migrated_proto::v1::{Failure, RunState, SqlError};
use prost::Message as _;
use std::collections::BTreeMap;
use std::path::Path;
use tonic::Status;
use tonic_types::StatusExt as _;

/// A result of this crate. The error is boxed, since it is far larger than what it replaces.
pub type Result<T> = std::result::Result<T, Box<Error>>;

/// A failure, ready to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Error {
    /// Stable number, as `MG1001`; empty where the peer told none.
    pub code: String,
    /// Reason in UPPER_SNAKE.
    pub reason: String,
    /// The cause in one line.
    pub message: String,
    /// The revision concerned.
    pub revision: String,
    /// Where in which file.
    pub place: Option<Place>,
    /// What state the target, or the run, is in.
    pub state: String,
    /// The next command, or what to do.
    pub next: String,
    /// What the database said.
    pub sql: Option<SqlError>,
    /// Every dynamic part of the message.
    pub metadata: BTreeMap<String, String>,
    /// How the program ends because of it.
    pub exit: ExitOrFailure,
}

/// An [`Exit`] that is [`Exit::Failure`] unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitOrFailure(pub Exit);

impl Default for ExitOrFailure {
    fn default() -> Self {
        ExitOrFailure(Exit::Failure)
    }
}

/// A place in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, as the manifest names it or as the user wrote it.
    pub path: String,
    /// Line from 1; 0 where it is not known.
    pub line: u32,
    /// Column in characters from 1; 0 where it is not known.
    pub column: u32,
}

/// The codes that the client itself gives. They stand beside the daemon's in `docs/errors/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// The daemon cannot be reached.
    DaemonUnreachable,
    /// A configuration file, variable or flag that cannot be used.
    ConfigInvalid,
    /// The stream was lost while the run goes on.
    StreamLost,
    /// A local file or folder cannot be read or written.
    LocalFile,
    /// The embedded daemon could not be started.
    EmbeddedStart,
    /// A question that only a terminal can answer.
    NeedsTerminal,
}

/// What is said of the state where a peer says nothing: a daemon always does, a proxy never.
const UNTOLD: &str = "not told; `migratectl current` shows where the target stands";
const NOTHING_EXECUTED: &str = "no target was touched: nothing was executed";

impl Own {
    /// Every code, in order.
    pub const ALL: [Own; 6] = [
        Own::DaemonUnreachable,
        Own::ConfigInvalid,
        Own::StreamLost,
        Own::LocalFile,
        Own::EmbeddedStart,
        Own::NeedsTerminal,
    ];

    /// Number and reason.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Own::DaemonUnreachable => ("MG7001", "DAEMON_UNREACHABLE"),
            Own::ConfigInvalid => ("MG7002", "CONFIG_INVALID"),
            Own::StreamLost => ("MG7003", "STREAM_LOST"),
            Own::LocalFile => ("MG7004", "LOCAL_FILE"),
            Own::EmbeddedStart => ("MG7005", "EMBEDDED_START"),
            Own::NeedsTerminal => ("MG7006", "NEEDS_TERMINAL"),
        }
    }

    /// State and next command where a failure of this kind says nothing more exact; the daemon says the same.
    const fn advice(self) -> (&'static str, &'static str) {
        match self {
            Own::DaemonUnreachable => {
                (NOTHING_EXECUTED, "check the address and that the daemon runs, then repeat the command")
            }
            Own::ConfigInvalid => (NOTHING_EXECUTED, "correct it; `migratectl config` shows what applies"),
            Own::StreamLost => (
                "not known from here: `migratectl current` shows where the target stands",
                "`migratectl runs list`, then `migratectl runs watch RUN`",
            ),
            Own::LocalFile => (
                "no target is involved",
                "see that the path exists and can be read and written, then repeat the command",
            ),
            Own::EmbeddedStart => (NOTHING_EXECUTED, "`migratectl daemon logs` shows what it said"),
            Own::NeedsTerminal => (NOTHING_EXECUTED, "repeat the command with --yes, or in a terminal"),
        }
    }

    /// A failure of this kind.
    pub fn error(self, message: impl Into<String>) -> Box<Error> {
        let ((code, reason), (state, next)) = (self.names(), self.advice());
        Box::new(Error {
            code: code.into(),
            reason: reason.into(),
            message: message.into(),
            state: state.into(),
            next: next.into(),
            exit: ExitOrFailure(exit::of_reason(reason)),
            ..Error::default()
        })
    }
}

impl Error {
    /// A file or folder of the user that cannot be used.
    pub fn file(path: &Path, doing: &str, cause: &std::io::Error) -> Box<Error> {
        Own::LocalFile.error(format!("cannot {doing} {}: {cause}", path.display()))
    }

    /// Says what to do next.
    #[must_use]
    pub fn next(mut self: Box<Self>, next: impl Into<String>) -> Box<Self> {
        self.next = next.into();
        self
    }

    /// Says what state things are in.
    #[must_use]
    pub fn state(mut self: Box<Self>, state: impl Into<String>) -> Box<Self> {
        self.state = state.into();
        self
    }

    /// Fills in what a peer left out, so that every failure says what state things are in and what to do.
    fn told(mut self: Box<Self>) -> Box<Self> {
        if self.state.is_empty() {
            self.state = UNTOLD.into();
        }
        if self.next.is_empty() {
            self.next = match self.code.as_str() {
                "" => "repeat the command; if it happens again, look into the daemon's log".into(),
                code => format!("read docs/errors/{code}.md"),
            };
        }
        self
    }

    /// How the program ends because of this failure.
    pub fn exit(&self) -> Exit {
        self.exit.0
    }

    /// Reads a gRPC status: `google.rpc.ErrorInfo` and `migrated.v1.SqlError` of its details, or, from a peer that
    /// sends neither (a proxy, or nobody), what the canonical code says.
    pub fn from_status(status: &Status) -> Box<Error> {
        let Some(info) = status.get_details_error_info() else { return from_bare_status(status) };
        let mut metadata: BTreeMap<String, String> = info.metadata.into_iter().collect();
        let mut take = |key: &str| metadata.remove(key).unwrap_or_default();
        let (code, state, next) = (take("code"), take("state"), take("next"));
        let place = metadata.get("path").filter(|p| !p.is_empty()).map(|path| Place {
            path: path.clone(),
            line: number(&metadata, "line"),
            column: number(&metadata, "column"),
        });
        let sql = sql_detail(status.details());
        Box::new(Error {
            exit: ExitOrFailure(exit::of_reason(&info.reason)),
            code,
            reason: info.reason,
            message: status.message().into(),
            revision: metadata.get("revision").cloned().unwrap_or_default(),
            place: nearest(place, sql.as_ref().and_then(place_of)),
            state,
            next,
            sql,
            metadata,
        })
        .told()
    }

    /// A failure that an answer carries.
    pub fn from_failure(failure: &Failure) -> Box<Error> {
        let failure = failure.clone();
        Box::new(Error {
            exit: ExitOrFailure(exit::of_reason(&failure.reason)),
            code: failure.code,
            reason: failure.reason,
            message: failure.message,
            revision: failure.revision,
            place: failure.sql.as_ref().and_then(place_of),
            state: failure.state,
            next: failure.next,
            sql: failure.sql,
            metadata: BTreeMap::new(),
        })
        .told()
    }

    /// The failure that ended a run in `state`, after `applied` revisions.
    pub fn from_run(state: RunState, failure: Option<&Failure>, applied: u32) -> Box<Error> {
        let exit = exit::of_run(state, failure, applied);
        let failure = failure.cloned().unwrap_or_default();
        let message = if failure.message.is_empty() {
            format!("the run ended as {}", state_name(state))
        } else {
            failure.message
        };
        Box::new(Error {
            exit: ExitOrFailure(exit),
            reason: if failure.reason.is_empty() { state_name(state).into() } else { failure.reason },
            code: failure.code,
            message,
            revision: failure.revision,
            place: failure.sql.as_ref().and_then(place_of),
            state: failure.state,
            next: failure.next,
            sql: failure.sql,
            metadata: BTreeMap::new(),
        })
        .told()
    }
}

impl From<Status> for Box<Error> {
    fn from(status: Status) -> Self {
        Error::from_status(&status)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}: {}", self.code, self.reason, self.message)
    }
}

impl std::error::Error for Error {}

/// The state's name without the enum's prefix, as `FAILED`.
pub fn state_name(state: RunState) -> &'static str {
    state.as_str_name().trim_start_matches("RUN_STATE_")
}

fn number(metadata: &BTreeMap<String, String>, key: &str) -> u32 {
    metadata.get(key).and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// The file is often named beside the message and the line in the detail: whichever knows a line is shown.
fn nearest(named: Option<Place>, detailed: Option<Place>) -> Option<Place> {
    match (named, detailed) {
        (Some(named), Some(detailed)) => Some(if named.line == 0 { detailed } else { named }),
        (named, detailed) => named.or(detailed),
    }
}

fn place_of(sql: &SqlError) -> Option<Place> {
    let place = Place { path: sql.path.clone(), line: sql.line, column: sql.column_number };
    (!place.path.is_empty()).then_some(place)
}

fn sql_detail(details: &[u8]) -> Option<SqlError> {
    let status = tonic_types::Status::decode(details).ok()?;
    let any = status.details.iter().find(|any| any.type_url.ends_with("/migrated.v1.SqlError"))?;
    SqlError::decode(any.value.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;
    use tonic_types::ErrorDetails;

    #[test]
    fn error_info_becomes_code_state_next_and_place() {
        let metadata = [
            ("code", "MG1103"),
            ("state", "nothing was done"),
            ("next", "add the header"),
            ("path", "migrations/a.sql"),
            ("line", "1"),
        ];
        let metadata = metadata.map(|(k, v)| (k.to_string(), v.to_string()));
        let details = ErrorDetails::with_error_info("FILE_NO_HEADER", "migrated", metadata);
        let status = Status::with_error_details(Code::InvalidArgument, "no `-- revision:` header", details);
        let error = Error::from_status(&status);
        assert_eq!((error.code.as_str(), error.reason.as_str()), ("MG1103", "FILE_NO_HEADER"));
        assert_eq!((error.state.as_str(), error.next.as_str()), ("nothing was done", "add the header"));
        assert_eq!(error.place, Some(Place { path: "migrations/a.sql".into(), line: 1, column: 0 }));
        assert_eq!(error.exit(), Exit::Failure);
    }

    #[test]
    fn the_sql_detail_is_read_beside_the_error_info() {
        let sql =
            SqlError { sqlstate: "42601".into(), path: "m/a.sql".into(), line: 7, ..SqlError::default() };
        let details =
            ErrorDetails::with_error_info("STATEMENT_FAILED", "migrated", [("code".into(), "MG4005".into())]);
        let status = Status::with_error_details(Code::Aborted, "syntax error", details);
        let mut raw = tonic_types::Status::decode(status.details()).expect("details are a google.rpc.Status");
        raw.details.push(prost_any(&sql));
        let status = Status::with_details(Code::Aborted, "syntax error", raw.encode_to_vec().into());
        let error = Error::from_status(&status);
        assert_eq!(error.sql, Some(sql));
        assert_eq!(error.place.expect("the detail has a path").line, 7);
    }

    #[test]
    fn a_path_without_a_line_does_not_hide_the_line_of_the_detail() {
        let place = |line| Some(Place { path: "m/a.sql".into(), line, column: 0 });
        assert_eq!(nearest(place(0), place(7)), place(7));
        assert_eq!(nearest(place(3), place(7)), place(3));
        assert_eq!(nearest(place(0), None), place(0));
        assert_eq!(nearest(None, place(7)), place(7));
    }

    fn prost_any(sql: &SqlError) -> prost_types::Any {
        prost_types::Any {
            type_url: "type.googleapis.com/migrated.v1.SqlError".into(),
            value: sql.encode_to_vec(),
        }
    }

    #[test]
    fn a_peer_without_details_is_judged_by_the_canonical_code() {
        let table = [
            (Code::Unavailable, "DAEMON_UNREACHABLE", 9),
            (Code::Unauthenticated, "UNAUTHENTICATED", 8),
            (Code::PermissionDenied, "PERMISSION_DENIED", 8),
            (Code::DeadlineExceeded, "DEADLINE_PASSED", 7),
            (Code::Unimplemented, "UNIMPLEMENTED", 1),
            (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", 1),
        ];
        for (code, reason, number) in table {
            let error = Error::from_status(&Status::new(code, "x"));
            assert_eq!((error.reason.as_str(), error.exit().number()), (reason, number));
            assert!(!error.state.is_empty() && !error.next.is_empty(), "{reason}");
        }
    }
}
