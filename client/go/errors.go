package migrated

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"migrated.internal/client/go/migratedv1"
)

// Reason says in UPPER_SNAKE why something failed. It is itself an error, so that errors.Is tells one failure from
// another:
//
//	if errors.Is(err, migrated.ReasonMultipleHeads) { … }
type Reason string

// Error returns the reason itself.
func (r Reason) Error() string { return string(r) }

// Reasons of failures that have no code, since no daemon and no migratectl tells them.
const (
	// ReasonInterrupted means that the context ended while the daemon was at work. A run goes on.
	ReasonInterrupted Reason = "INTERRUPTED"
	// ReasonUnimplemented means that who answers does not know the call: a daemon of another release, or no daemon at
	// all. The message tells which.
	ReasonUnimplemented Reason = "UNIMPLEMENTED"
	// ReasonClientTooOld means that the daemon answered what this release of the client does not know.
	ReasonClientTooOld Reason = "CLIENT_TOO_OLD"
)

// Place is a place in a revision file.
type Place struct {
	// Path is the file, as the manifest names it. Empty where no file is concerned.
	Path string
	// Line counts from 1; 0 where it is not known.
	Line int
	// Column counts characters from 1; 0 where it is not known.
	Column int
}

// String writes the place as path:line:column, as far as it is known.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.Path
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.Path, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.Path, p.Line, p.Column)
	}
}

// Error is every failure of this package: a refusal by the daemon, a run that did not succeed, a daemon that cannot be
// reached, a folder that cannot be read. Find it with errors.As; decide by its Reason.
type Error struct {
	// Code is the stable number, as MG4005. docs/errors has a page for each. Empty where the peer told none.
	Code string
	// Reason says why, in UPPER_SNAKE.
	Reason Reason
	// Message is the cause in one line.
	Message string
	// Revision is the revision concerned, if one is.
	Revision string
	// Place is where in which file.
	Place Place
	// State says what state the target, or the run, is in.
	State string
	// Next is the next command, or what to do.
	Next string
	// SQL is what the database said; nil where it said nothing.
	SQL *migratedv1.SqlError
	// Metadata holds every dynamic part of the message.
	Metadata map[string]string
	// RunID is the run that failed, or that goes on unwatched; empty where there is none.
	RunID string
	// RunState is how the run ended; unspecified where no run ended.
	RunState migratedv1.RunState
	// Applied counts the revisions that the run applied before it failed.
	Applied int

	cause error
	// Whether the peer sent details: only a daemon does, a proxy or a transport never.
	detailed bool
}

// Error returns code, reason and message.
func (e *Error) Error() string {
	return strings.TrimPrefix(fmt.Sprintf("%s %s: %s", e.Code, string(e.Reason), e.Message), " ")
}

// Detail returns all that a person needs, in several lines: the failure, the place, what the database said, the state
// of the target, the next command, and the page about it.
func (e *Error) Detail() string {
	var out strings.Builder
	out.WriteString(e.Error())
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&out, "\n%s: %s", name, text)
		}
	}
	line("at", e.Place.String())
	if sql := e.SQL; sql != nil {
		line("statement", sql.GetStatement())
		line("database", strings.TrimSpace(sql.GetSqlstate()+" "+sql.GetMessage()))
		line("detail", sql.GetDetail())
		line("hint", sql.GetHint())
	}
	line("state", e.State)
	line("next", e.Next)
	if e.Code != "" {
		line("docs", "docs/errors/"+e.Code+".md")
	}
	return out.String()
}

// Is tells whether target is the Reason of this failure.
func (e *Error) Is(target error) bool {
	reason, ok := target.(Reason)
	return ok && reason == e.Reason
}

// Unwrap returns what lies below: the gRPC status, the error of the context, the error of the file system.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus returns the status that the failure came as, so that status.FromError and status.Code see it; a failure
// that came in no status is UNKNOWN.
func (e *Error) GRPCStatus() *status.Status {
	var below interface{ GRPCStatus() *status.Status }
	if e.cause != nil && errors.As(e.cause, &below) {
		return below.GRPCStatus()
	}
	return status.New(codes.Unknown, e.Error())
}

// Retryable tells whether the same call may succeed later without anybody's doing: the daemon was not reached, is
// going away, or somebody held a lock for too long.
func (e *Error) Retryable() bool {
	switch e.Reason {
	case ReasonDaemonUnreachable, ReasonStreamLost, ReasonShuttingDown, ReasonLockWaitExpired, ReasonLockTimeout:
		return true
	}
	return false
}

const (
	untold          = "not told; `migratectl current` shows where the target stands"
	nothingExecuted = "no target was touched: nothing was executed"
)

// own makes a failure that the client itself finds, with what migratectl says of it.
func own(reason Reason, format string, args ...any) *Error {
	e := &Error{Code: numbers[reason], Reason: reason, Message: fmt.Sprintf(format, args...)}
	switch reason {
	case ReasonDaemonUnreachable:
		e.State, e.Next = nothingExecuted, "check the address and that the daemon runs, then try again"
	case ReasonConfigInvalid:
		e.State, e.Next = nothingExecuted, "correct it; `migratectl config` shows what applies"
	case ReasonStreamLost:
		e.State = "not known from here: `migratectl current` shows where the target stands"
		e.Next = "`migratectl runs list`, then `migratectl runs watch RUN`"
	case ReasonLocalFile:
		e.State = "no target is involved"
		e.Next = "see that the path exists and can be read and written, then try again"
	case ReasonEmbeddedStart:
		e.State, e.Next = nothingExecuted, "`migratectl daemon logs` shows what it said"
	}
	return e
}

func (e *Error) because(cause error) *Error {
	e.cause = cause
	return e
}

func (e *Error) next(format string, args ...any) *Error {
	e.Next = fmt.Sprintf(format, args...)
	return e
}

func (e *Error) state(format string, args ...any) *Error {
	e.State = fmt.Sprintf(format, args...)
	return e
}

// told fills in what a peer left out, so that every failure says what state things are in and what to do.
func (e *Error) told() *Error {
	if e.State == "" {
		e.State = untold
	}
	if e.Next == "" {
		e.Next = "try again; if it happens again, look into the daemon's log"
		if e.Code != "" {
			e.Next = "read docs/errors/" + e.Code + ".md"
		}
	}
	return e
}

// interrupted is the failure of a call whose context ended.
func interrupted(ctx error) *Error {
	if errors.Is(ctx, context.DeadlineExceeded) {
		return own(ReasonDeadlinePassed, "the context's deadline passed before the daemon answered").
			because(ctx).state("not known from here: %s", "`migratectl current` shows where the target stands").
			next("try again with more time")
	}
	return own(ReasonInterrupted, "cancelled before the daemon answered").
		because(ctx).state("not known from here: %s", "`migratectl current` shows where the target stands").
		next("`migratectl runs list` shows whether a run began")
}
