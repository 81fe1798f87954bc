package migrated

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"migrated.internal/client/go/migratedv1"
)

// BodyFunc is what a revision does in one direction. The database is that of the step: what is executed there is part
// of the daemon's transaction, which the daemon commits, together with the version rows, when the function returns nil,
// and rolls back when it returns an error.
//
// The context ends when the step does, by a cancel of the run, a lost connection, or the end of the caller's own
// context. After a lock timeout or a deadlock the daemon may ask for the same step again: the function is then called
// again, from its beginning.
//
// What the database is and is not, [Step] tells.
type BodyFunc func(ctx context.Context, db *sql.DB) error

// Body is a revision of the client form that is written in Go.
type Body struct {
	// Up is executed by an upgrade.
	Up BodyFunc
	// Down is executed by a downgrade. Where it is nil, a downgrade over the revision fails.
	Down BodyFunc
}

// Bodies are the revisions that a program can execute, by their full ids. The folder has a file of the client form for
// each (docs/revision-files.md), which may be the Go file itself that adds the body.
type Bodies map[string]Body

// Add adds the body of a revision. It panics where there is one already: two files claim the same id.
func (b Bodies) Add(revision string, body Body) {
	if _, there := b[revision]; there {
		panic(fmt.Sprintf("migrated: the revision %s has two bodies", revision))
	}
	b[revision] = body
}

// WithBodies has the client execute revisions that are written in Go: each run that [Client.Upgrade] or
// [Client.Downgrade] begins or joins, when it comes to such a revision. That happens while the run's events are read, by
// [Run.Wait] or in the loop over [Run.Events]; once begun it goes on until the run ends, even where the loop is left.
//
// For such a run the context means more than watching: where it ends in the middle of a body, the step is rolled back
// and the run fails.
func WithBodies(bodies Bodies) Option { return func(s *settings) { s.bodies = bodies } }

// InTx makes a BodyFunc of a function that wants a transaction.
func InTx(body func(ctx context.Context, tx *sql.Tx) error) BodyFunc {
	return func(ctx context.Context, db *sql.DB) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		if err := body(ctx, tx); err != nil {
			// Why the body failed is what counts: the step fails in any case.
			_ = tx.Rollback()
			return err
		}
		return tx.Commit()
	}
}

// Step is what a body is told about itself; [StepFrom] has it.
//
// The database that a body is given is a database/sql.DB like any other, with these particulars. All of its connections
// are the step's one session: statements take turns, and rows that are still to come when another statement is executed
// are read into memory first. Placeholders are the engine's own, $1 on PostgreSQL and ? elsewhere, and a text holds one
// statement. BEGIN, COMMIT and ROLLBACK as text are refused by the daemon; SAVEPOINT, RELEASE and ROLLBACK TO are
// executed.
//
// BeginTx joins the step's transaction. Commit of a joined one does nothing: the daemon commits at the end of the body.
// Rollback of a joined one makes the step fail, even where the body returns nil, and no statement is executed after it.
// A savepoint takes back a part.
//
// A statement whose context ends while it runs is cancelled in the database by breaking off the step: the run fails.
type Step struct {
	// Revision is the revision's id.
	Revision string
	// Direction is up or down.
	Direction migratedv1.Direction
	// Path is the revision's file within the folder.
	Path string
	// Source is that file as the run has it.
	Source []byte
	// Dialect is postgresql, mysql (MariaDB too) or sqlite.
	Dialect string
	// Server is the engine and its version, as `PostgreSQL 15.4`.
	Server string
	// Attempt counts from 1.
	Attempt int
	// Transactional tells whether the step is one transaction. If not, each statement takes effect by itself and is
	// journalled (docs/engine.md).
	Transactional bool
	// Rows are the version rows before the step.
	Rows []string
}

type stepKey struct{}

// StepFrom returns the step that a body's context belongs to; false outside of a body.
func StepFrom(ctx context.Context) (Step, bool) {
	step, ok := ctx.Value(stepKey{}).(Step)
	return step, ok
}

func stepOf(said *migratedv1.StepToExecute) Step {
	return Step{
		Revision: said.GetRevision(), Direction: said.GetDirection(), Path: said.GetPath(), Source: said.GetSource(),
		Dialect: said.GetDialect(), Server: said.GetServer(), Attempt: int(said.GetAttempt()),
		Transactional: said.GetTransactional(), Rows: slices.Clone(said.GetRows()),
	}
}

// of returns the function for a step.
func (b Bodies) of(step Step) (BodyFunc, error) {
	body, known := b[step.Revision]
	if !known {
		return nil, fmt.Errorf("this program has no body for the revision %s", step.Revision)
	}
	run, name := body.Up, "Up"
	if step.Direction == migratedv1.Direction_DIRECTION_DOWN {
		run, name = body.Down, "Down"
	}
	if run == nil {
		return nil, fmt.Errorf("the body of the revision %s has no %s", step.Revision, name)
	}
	return run, nil
}
