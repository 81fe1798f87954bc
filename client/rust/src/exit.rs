//! The exit codes. They are frozen: scripts decide by them.

use migrated_proto::v1::RunState;

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

/// The exit code of a run that ended in `state`, with the code and reason of its failure.
///
/// A target that a person must look at wins over every reason; a reason with a code of its own wins over "failed";
/// faults of the graph and of revision files (`MG1…`) are plain failures, since nothing was tried.
pub fn of_run(state: RunState, code: &str, reason: &str) -> Exit {
    match state {
        RunState::Succeeded => Exit::Done,
        RunState::Partial | RunState::Unknown => Exit::Partial,
        RunState::Failed | RunState::Cancelled => match of_reason(reason) {
            Exit::Failure if code.starts_with("MG1") => Exit::Failure,
            Exit::Failure | Exit::Usage | Exit::Unreachable => Exit::FailedClean,
            own => own,
        },
        RunState::Unspecified | RunState::Queued | RunState::Locking | RunState::Running => Exit::Failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_run_is_judged_by_its_state_first() {
        let table = [
            (RunState::Succeeded, "", "", 0),
            (RunState::Failed, "MG4005", "STATEMENT_FAILED", 4),
            (RunState::Failed, "MG4001", "TARGET_UNREACHABLE", 4),
            (RunState::Failed, "MG1001", "UNKNOWN_REVISION", 1),
            (RunState::Failed, "MG5004", "LOCK_WAIT_EXPIRED", 6),
            (RunState::Failed, "MG5003", "DEADLINE_PASSED", 7),
            (RunState::Failed, "MG5001", "CHANGED_REVISION", 12),
            (RunState::Failed, "MG5006", "RUN_INTERRUPTED", 4),
            (RunState::Failed, "MG5007", "SHUTTING_DOWN", 4),
            (RunState::Cancelled, "MG5002", "CANCELLED", 4),
            (RunState::Cancelled, "MG5003", "DEADLINE_PASSED", 7),
            (RunState::Cancelled, "MG4009", "TARGET_PARTIAL", 5),
            (RunState::Partial, "MG4005", "STATEMENT_FAILED", 5),
            (RunState::Partial, "MG5003", "DEADLINE_PASSED", 5),
            (RunState::Unknown, "MG4011", "OUTCOME_UNKNOWN", 5),
        ];
        for (state, code, reason, number) in table {
            assert_eq!(of_run(state, code, reason).number(), number, "{state:?} {reason}");
        }
    }
}
