package migrated

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"strings"

	"migrated.internal/client/go/migratedv1"
)

// rows are what a statement of a step gives. They come while they are read, a part of about 64 KiB at a time.
type rows struct {
	session   *session
	ctx       context.Context
	statement uint64
	text      string
	columns   []*migratedv1.ResultColumn

	// The first answer, and the one that completed the statement.
	first, last *migratedv1.StatementAnswer
	ready       []*migratedv1.ResultRow
	err         error
}

// take reads the next answer. The session is held.
func (r *rows) take(ctx context.Context) error {
	answer, err := r.session.answer(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.session.streaming = nil
		}
		return err
	}
	if r.first == nil {
		r.first = answer
	}
	r.ready = append(r.ready, answer.GetRows()...)
	if answer.GetComplete() {
		r.last = answer
		r.session.streaming = nil
		if failed := answer.GetFailure(); failed != nil {
			r.err = statementFailed(failed, r.text, r.session.step)
			return r.err
		}
	}
	return nil
}

// takeAll reads what is still to come, so that another statement can be sent. What goes wrong in it, its reader is told.
func (r *rows) takeAll(ctx context.Context) error {
	for r.last == nil {
		if err := r.take(ctx); err != nil && r.err == nil {
			return err
		}
	}
	return nil
}

// letGo has the daemon drop what is still to come, as far as it has not come yet. The session is held.
func (r *rows) letGo() error {
	r.ready = nil
	if r.last != nil {
		return r.err
	}
	r.session.stop(r.statement)
	for r.last == nil {
		if err := r.take(r.session.ctx); err != nil {
			return err
		}
		r.ready = nil
	}
	return nil
}

// Columns is of driver.Rows.
func (r *rows) Columns() []string {
	names := make([]string, len(r.columns))
	for i, column := range r.columns {
		names[i] = column.GetName()
	}
	return names
}

// Next is of driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	r.session.mutex.Lock()
	defer r.session.mutex.Unlock()
	for len(r.ready) == 0 {
		switch {
		case r.err != nil:
			return r.err
		case r.last != nil:
			return io.EOF
		}
		if err := r.take(r.ctx); err != nil {
			return err
		}
	}
	row := r.ready[0]
	r.ready[0], r.ready = nil, r.ready[1:]
	if len(row.GetValues()) != len(dest) {
		return own(ReasonInternal, "a row of %d values came for %d columns", len(row.GetValues()), len(dest)).told()
	}
	for i, value := range row.GetValues() {
		dest[i] = decodeValue(value, r.session.step.Dialect, r.columns[i].GetTypeName())
	}
	return nil
}

// Close is of driver.Rows.
func (r *rows) Close() error {
	r.session.mutex.Lock()
	defer r.session.mutex.Unlock()
	if r.session.closed == errStepEnded {
		return nil
	}
	err := r.letGo()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// ColumnTypeDatabaseTypeName is of driver.RowsColumnTypeDatabaseTypeName: the type's name in upper case, of an array with
// an underline in front.
func (r *rows) ColumnTypeDatabaseTypeName(index int) string {
	return strings.ToUpper(r.columns[index].GetTypeName())
}

var scanTypes = map[string]reflect.Type{}

func init() {
	for kind, names := range map[any]string{
		int64(0):   "INT2 INT4 INT8 OID TINYINT SMALLINT MEDIUMINT INT INTEGER BIGINT YEAR",
		uint64(0):  "BIGINT UNSIGNED",
		float64(0): "FLOAT4 FLOAT8 FLOAT DOUBLE REAL",
		false:      "BOOL",
	} {
		all := []string{names}
		if names != "BIGINT UNSIGNED" {
			all = strings.Fields(names)
		}
		for _, name := range all {
			scanTypes[name] = reflect.TypeOf(kind)
		}
	}
	for _, name := range []string{"BYTEA", "JSON", "JSONB", "BLOB", "TINYBLOB", "MEDIUMBLOB", "LONGBLOB", "BINARY", "VARBINARY"} {
		scanTypes[name] = reflect.TypeFor[[]byte]()
	}
	for _, name := range []string{"DATE", "TIMESTAMP", "TIMESTAMPTZ", "DATETIME"} {
		scanTypes[name] = timeType
	}
}

// ColumnTypeScanType is of driver.RowsColumnTypeScanType. SQLite's values have types of their own, whatever their column
// was declared with: there it is any.
func (r *rows) ColumnTypeScanType(index int) reflect.Type {
	if r.session.step.Dialect == "sqlite" {
		return reflect.TypeFor[any]()
	}
	if known, ok := scanTypes[r.ColumnTypeDatabaseTypeName(index)]; ok {
		return known
	}
	return reflect.TypeFor[string]()
}
