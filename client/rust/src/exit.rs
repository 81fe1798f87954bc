//! The exit codes. They are frozen: scripts decide by them.

use migrated_proto::v1::{Failure, RunState};

/// How the program ends, as `docs/verbs/README.md` lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, or nothing to do.
    Done = 0,
    /// Any other failure.
    Failure = 1,
    /// The command line or the configuration cannot be used.
    Usage = 2,
    /// `check`, `current --check-heads`, `diff --exit-code`: there is a difference.
    Difference = 3,
    /// The migration failed or was cancelled; the target is clean.
    FailedClean = 4,
    /// The target is partly changed, or its state is unknown.
    Partial = 5,
    /// A lock, or another run, was in the way.
    Locked = 6,
    /// A deadline passed.
    Deadline = 7,
    /// Not authenticated, or not permitted.
    Access = 8,
    /// The daemon was not reached, or the stream was lost while the run goes on.
    Unreachable = 9,
    /// Lint or a policy refused it.
    Refused = 11,
    /// A revision's content changed after it was applied.
    Changed = 12,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Exit; 13] = [
        Exit::Done,
        Exit::Failure,
        Exit::Usage,
        Exit::Difference,
        Exit::FailedClean,
        Exit::Partial,
        Exit::Locked,
        Exit::Deadline,
        Exit::Access,
        Exit::Unreachable,
        Exit::Refused,
        Exit::Changed,
        Exit::Interrupted,
    ];

    /// The number that the process ends with.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// The exit code of a reason, outside of a run. Reasons that are not listed are plain failures.
pub fn of_reason(reason: &str) -> Exit {
    match reason {
        "LOCK_WAIT_EXPIRED" | "LOCK_TIMEOUT" | "LOCK_LOST" => Exit::Locked,
        "DEADLINE_PASSED" => Exit::Deadline,
        "UNAUTHENTICATED" | "PERMISSION_DENIED" | "AD_HOC_URL_REFUSED" => Exit::Access,
        "DAEMON_UNREACHABLE" | "STREAM_LOST" | "SHUTTING_DOWN" | "EMBEDDED_START" | "RUN_INTERRUPTED" => {
            Exit::Unreachable
        }
        "CHANGED_REVISION" | "CHANGED_PARTIAL" => Exit::Changed,
        "TARGET_PARTIAL" | "OUTCOME_UNKNOWN" => Exit::Partial,
        "CONFIG_INVALID" => Exit::Usage,
        _ => Exit::Failure,
    }
}

/// The exit code of a run that ended in `state` because of `failure`, after `applied` revisions.
///
/// A target that a person must look at wins over every reason; a reason with a code of its own wins over the rest.
/// Then it matters whether a statement was sent: what refuses a run before its first one is the same refusal as without
/// a run, and from there on the migration has failed. Some reasons are never refusals, and a run whose end was read was
/// not out of reach.
pub fn of_run(state: RunState, failure: Option<&Failure>, applied: u32) -> Exit {
    let reason = failure.map_or("", |f| f.reason.as_str());
    let begun =
        applied > 0 || failure.and_then(|f| f.sql.as_ref()).is_some_and(|sql| sql.statement_index > 0);
    match state {
        RunState::Succeeded => Exit::Done,
        RunState::Partial | RunState::Unknown => Exit::Partial,
        RunState::Failed | RunState::Cancelled => match of_reason(reason) {
            Exit::Failure | Exit::Usage if begun || is_no_refusal(reason) => Exit::FailedClean,
            Exit::Unreachable => Exit::FailedClean,
            own => own,
        },
        RunState::Unspecified | RunState::Queued | RunState::Locking | RunState::Running => Exit::Failure,
    }
}

/// What only happens to a run that is under way.
fn is_no_refusal(reason: &str) -> bool {
    matches!(
        reason,
        "" | "STATEMENT_FAILED"
            | "VERSION_ROWS_CHANGED"
            | "CONNECTION_LOST"
            | "CANCELLED"
            | "EXECUTOR_MISSING"
            | "EXECUTOR_LOST"
            | "EXECUTOR_FAILED"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use migrated_proto::v1::SqlError;

    #[test]
    fn the_numbers_are_the_frozen_ones() {
        let numbers: Vec<u8> = Exit::ALL.iter().map(|e| e.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 130]);
    }

    #[test]
    fn a_reason_alone_decides_outside_of_a_run() {
        let table = [
            ("UNKNOWN_REVISION", 1),
            ("FILE_NO_HEADER", 1),
            ("TARGET_UNREACHABLE", 1),
            ("TARGET_NOT_FOUND", 1),
            ("LOCK_WAIT_EXPIRED", 6),
            ("LOCK_TIMEOUT", 6),
            ("DEADLINE_PASSED", 7),
            ("UNAUTHENTICATED", 8),
            ("PERMISSION_DENIED", 8),
            ("DAEMON_UNREACHABLE", 9),
            ("STREAM_LOST", 9),
            ("EMBEDDED_START", 9),
            ("CHANGED_REVISION", 12),
            ("TARGET_PARTIAL", 5),
            ("CONFIG_INVALID", 2),
            ("SOMETHING_NEW", 1),
        ];
        for (reason, number) in table {
            assert_eq!(of_reason(reason).number(), number, "{reason}");
        }
    }

    fn failure(reason: &str, statement: u32) -> Failure {
        let sql = SqlError { statement_index: statement, ..SqlError::default() };
        Failure { reason: reason.into(), sql: (statement > 0).then_some(sql), ..Failure::default() }
    }

    #[test]
    fn a_run_is_judged_by_its_state_first() {
        let table = [
            (RunState::Succeeded, "", 0),
            (RunState::Failed, "", 4),
            (RunState::Failed, "STATEMENT_FAILED", 4),
            (RunState::Failed, "LOCK_WAIT_EXPIRED", 6),
            (RunState::Failed, "DEADLINE_PASSED", 7),
            (RunState::Failed, "CHANGED_REVISION", 12),
            (RunState::Failed, "RUN_INTERRUPTED", 4),
            (RunState::Failed, "SHUTTING_DOWN", 4),
            (RunState::Cancelled, "CANCELLED", 4),
            (RunState::Cancelled, "DEADLINE_PASSED", 7),
            (RunState::Cancelled, "TARGET_PARTIAL", 5),
            (RunState::Partial, "STATEMENT_FAILED", 5),
            (RunState::Partial, "DEADLINE_PASSED", 5),
            (RunState::Unknown, "OUTCOME_UNKNOWN", 5),
        ];
        for (state, reason, number) in table {
            assert_eq!(of_run(state, Some(&failure(reason, 0)), 0).number(), number, "{state:?} {reason}");
        }
        assert_eq!(of_run(RunState::Failed, None, 0), Exit::FailedClean);
    }

    #[test]
    fn a_refusal_is_one_until_the_first_statement() {
        for reason in
            ["UNKNOWN_REVISION", "ID_TOO_LONG", "TARGET_UNREACHABLE", "TARGET_PERMISSION", "INTERNAL"]
        {
            let exit =
                |statement, applied| of_run(RunState::Failed, Some(&failure(reason, statement)), applied);
            assert_eq!((exit(0, 0), of_reason(reason)), (Exit::Failure, Exit::Failure), "{reason}");
            assert_eq!((exit(1, 0), exit(0, 1)), (Exit::FailedClean, Exit::FailedClean), "{reason}");
        }
    }
}
