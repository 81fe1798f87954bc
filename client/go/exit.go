package migrated

import "migrated.internal/client/go/migratedv1"

// ExitCode returns the code that migratectl would end with because of this failure (docs/deploy.md, "Exit codes"), for
// programs that a script decides by.
func (e *Error) ExitCode() int {
	switch e.RunState {
	case migratedv1.RunState_RUN_STATE_PARTIAL, migratedv1.RunState_RUN_STATE_UNKNOWN:
		return exitPartial
	case migratedv1.RunState_RUN_STATE_FAILED, migratedv1.RunState_RUN_STATE_CANCELLED:
		// What refuses a run before its first statement is the same refusal as without a run; from there on the
		// migration has failed.
		begun := e.Applied > 0 || e.SQL.GetStatementIndex() > 0
		switch code := exitOf(e.Reason); code {
		case exitFailure, exitUsage:
			if begun || isNoRefusal(e.Reason) {
				return exitFailedClean
			}
			return code
		case exitUnreachable:
			return exitFailedClean
		default:
			return code
		}
	}
	return exitOf(e.Reason)
}

const (
	exitFailure     = 1
	exitUsage       = 2
	exitFailedClean = 4
	exitPartial     = 5
	exitLocked      = 6
	exitDeadline    = 7
	exitAccess      = 8
	exitUnreachable = 9
	exitChanged     = 12
	exitInterrupted = 130
)

func exitOf(reason Reason) int {
	switch reason {
	case ReasonLockWaitExpired, ReasonLockTimeout, ReasonLockLost:
		return exitLocked
	case ReasonDeadlinePassed:
		return exitDeadline
	case ReasonUnauthenticated, ReasonPermissionDenied, ReasonAdHocURLRefused:
		return exitAccess
	case ReasonDaemonUnreachable, ReasonStreamLost, ReasonShuttingDown, ReasonEmbeddedStart, ReasonRunInterrupted:
		return exitUnreachable
	case ReasonChangedRevision, ReasonChangedPartial:
		return exitChanged
	case ReasonTargetPartial, ReasonOutcomeUnknown:
		return exitPartial
	case ReasonConfigInvalid:
		return exitUsage
	case ReasonInterrupted:
		return exitInterrupted
	}
	return exitFailure
}

// isNoRefusal tells what only happens to a run that is under way.
func isNoRefusal(reason Reason) bool {
	switch reason {
	case "", ReasonStatementFailed, ReasonVersionRowsChanged, ReasonConnectionLost, ReasonCancelled,
		ReasonExecutorMissing, ReasonExecutorLost, ReasonExecutorFailed:
		return true
	}
	// A run that ended without a failure is known by its state alone.
	return reason == stateReason(migratedv1.RunState_RUN_STATE_FAILED)
}
