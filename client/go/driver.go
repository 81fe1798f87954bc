package migrated

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"migrated.internal/client/go/migratedv1"
)

// connector gives connections of a step, which are all its one session.
type connector struct{ session *session }

// Connect is of driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return &connection{c.session}, nil }

// Driver is of driver.Connector.
func (c connector) Driver() driver.Driver { return stepDriver{} }

type stepDriver struct{}

// Open is of driver.Driver.
func (stepDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("migrated: the database of a step is given to a revision's body; it is not opened by a name")
}

type connection struct{ session *session }

var (
	_ driver.ConnBeginTx        = (*connection)(nil)
	_ driver.ConnPrepareContext = (*connection)(nil)
	_ driver.ExecerContext      = (*connection)(nil)
	_ driver.QueryerContext     = (*connection)(nil)
	_ driver.NamedValueChecker  = (*connection)(nil)
	_ driver.StmtExecContext    = (*statement)(nil)
	_ driver.StmtQueryContext   = (*statement)(nil)

	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
)

// Close is of driver.Conn; the session stays.
func (c *connection) Close() error { return nil }

// CheckNamedValue is of driver.NamedValueChecker.
func (c *connection) CheckNamedValue(value *driver.NamedValue) error {
	if value.Name != "" {
		return fmt.Errorf("migrated: the parameter %q has a name, but placeholders have numbers", value.Name)
	}
	encoded, err := encodeValue(value.Value, c.session.step.Dialect)
	if err != nil {
		return err
	}
	value.Value = encoded
	return nil
}

func (c *connection) execute(ctx context.Context, text string, values []driver.NamedValue) (*rows, error) {
	sent := make([]*migratedv1.SqlValue, len(values))
	for i, value := range values {
		encoded, ok := value.Value.(*migratedv1.SqlValue)
		if !ok {
			return nil, fmt.Errorf("migrated: the parameter %d was not checked", value.Ordinal)
		}
		sent[i] = encoded
	}
	return c.session.execute(ctx, text, sent)
}

// QueryContext is of driver.QueryerContext.
func (c *connection) QueryContext(ctx context.Context, text string, values []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.execute(ctx, text, values)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// ExecContext is of driver.ExecerContext. Rows that the statement gives are let pass.
func (c *connection) ExecContext(ctx context.Context, text string, values []driver.NamedValue) (driver.Result, error) {
	rows, err := c.execute(ctx, text, values)
	if err != nil {
		return nil, err
	}
	c.session.mutex.Lock()
	defer c.session.mutex.Unlock()
	for rows.last == nil {
		rows.ready = nil
		if err := rows.take(ctx); err != nil {
			return nil, err
		}
	}
	return result{rows.last}, rows.err
}

// Prepare is of driver.Conn.
func (c *connection) Prepare(text string) (driver.Stmt, error) { return &statement{c, text}, nil }

// PrepareContext is of driver.ConnPrepareContext. The daemon is asked when the statement is executed.
func (c *connection) PrepareContext(_ context.Context, text string) (driver.Stmt, error) {
	return c.Prepare(text)
}

// Begin is of driver.Conn.
func (c *connection) Begin() (driver.Tx, error) {
	return c.BeginTx(context.Background(), driver.TxOptions{})
}

// BeginTx is of driver.ConnBeginTx: it joins the step's transaction.
func (c *connection) BeginTx(_ context.Context, options driver.TxOptions) (driver.Tx, error) {
	if options.ReadOnly || sql.IsolationLevel(options.Isolation) != sql.LevelDefault {
		return nil, errors.New("migrated: the step's transaction has begun already; its isolation cannot be chosen")
	}
	c.session.mutex.Lock()
	defer c.session.mutex.Unlock()
	c.session.joined++
	return joined{c.session}, c.session.closed
}

// joined is the step's transaction, as who began one within it has it.
type joined struct{ session *session }

// Commit is of driver.Tx.
func (j joined) Commit() error {
	j.session.mutex.Lock()
	defer j.session.mutex.Unlock()
	j.session.joined--
	return j.session.closed
}

// Rollback is of driver.Tx.
func (j joined) Rollback() error {
	j.session.rollBack()
	return nil
}

type statement struct {
	connection *connection
	text       string
}

// Close is of driver.Stmt.
func (s *statement) Close() error { return nil }

// NumInput is of driver.Stmt: the daemon counts.
func (s *statement) NumInput() int { return -1 }

// CheckNamedValue is of driver.NamedValueChecker.
func (s *statement) CheckNamedValue(value *driver.NamedValue) error {
	return s.connection.CheckNamedValue(value)
}

// ExecContext is of driver.StmtExecContext.
func (s *statement) ExecContext(ctx context.Context, values []driver.NamedValue) (driver.Result, error) {
	return s.connection.ExecContext(ctx, s.text, values)
}

// QueryContext is of driver.StmtQueryContext.
func (s *statement) QueryContext(ctx context.Context, values []driver.NamedValue) (driver.Rows, error) {
	return s.connection.QueryContext(ctx, s.text, values)
}

var errContextless = errors.New("migrated: a statement is executed with a context")

// Exec is of driver.Stmt; database/sql uses ExecContext.
func (s *statement) Exec([]driver.Value) (driver.Result, error) { return nil, errContextless }

// Query is of driver.Stmt; database/sql uses QueryContext.
func (s *statement) Query([]driver.Value) (driver.Rows, error) { return nil, errContextless }

type result struct{ last *migratedv1.StatementAnswer }

// LastInsertId is of driver.Result.
func (r result) LastInsertId() (int64, error) {
	if r.last.LastRowId == nil {
		return 0, errors.New("migrated: the engine told no key; on PostgreSQL use RETURNING")
	}
	return r.last.GetLastRowId(), nil
}

// RowsAffected is of driver.Result.
func (r result) RowsAffected() (int64, error) {
	if r.last.RowCount == nil {
		return 0, errors.New("migrated: the engine did not tell how many rows it changed")
	}
	return int64(r.last.GetRowCount()), nil
}
