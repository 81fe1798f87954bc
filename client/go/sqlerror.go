package migrated

import (
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"migrated.internal/client/go/migratedv1"
)

// SQLError is a statement of a revision's body that failed. Find it with errors.As; below it is the daemon's [*Error],
// with code and reason. The step goes on: the body decides. On PostgreSQL the transaction is aborted then, and only
// ROLLBACK TO SAVEPOINT mends it.
type SQLError struct {
	// SQLState is the SQLSTATE, or the engine's own number where it has none (SQLite). Empty where the daemon refused
	// the statement, and no database saw it.
	SQLState string
	// Message is the primary message.
	Message string
	// Detail and Hint are what the database added.
	Detail, Hint string
	// Schema, Table, Column and Constraint name what is concerned, where the database tells.
	Schema, Table, Column, Constraint string
	// Statement is the statement as it was sent.
	Statement string
	// Place is the line of the revision's file that executed it, where that file is the Go file itself.
	Place Place

	failure *Error
}

// Error returns the message with its SQLSTATE.
func (e *SQLError) Error() string {
	if e.SQLState == "" {
		return e.failure.Error()
	}
	return e.Message + " (SQLSTATE " + e.SQLState + ")"
}

// Unwrap returns the daemon's whole answer.
func (e *SQLError) Unwrap() error { return e.failure }

// statementFailed makes the error of a statement.
func statementFailed(said *migratedv1.Failure, text string, step Step) *SQLError {
	told := said.GetSql()
	e := &SQLError{
		SQLState: told.GetSqlstate(), Message: told.GetMessage(), Detail: told.GetDetail(), Hint: told.GetHint(),
		Schema: told.GetSchema(), Table: told.GetTable(), Column: told.GetColumn(), Constraint: told.GetConstraint(),
		Statement: text, Place: Place{Path: step.Path, Line: int(lineIn(step.Path))}, failure: fromFailure(said),
	}
	if e.Message == "" {
		e.Message = said.GetMessage()
	}
	return e
}

// fromFailure makes an error of what stands in a run's log, or in an answer.
func fromFailure(said *migratedv1.Failure) *Error {
	e := &Error{
		Code: said.GetCode(), Reason: Reason(said.GetReason()), Message: said.GetMessage(), Revision: said.GetRevision(),
		State: said.GetState(), Next: said.GetNext(), SQL: said.GetSql(), Place: placeOf(said.GetSql(), Place{}), detailed: true,
	}
	return e.told()
}

// lineIn finds the innermost line of a revision's file on the stack; 0 where that file is none of Go's.
func lineIn(file string) uint32 {
	if !strings.HasSuffix(file, ".go") {
		return 0
	}
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	for {
		frame, more := frames.Next()
		if filepath.Base(frame.File) == path.Base(file) {
			return uint32(frame.Line)
		}
		if !more {
			return 0
		}
	}
}
