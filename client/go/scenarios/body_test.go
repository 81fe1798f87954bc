//go:build linux || darwin

package scenarios

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"

	migrated "migrated.internal/client/go"
)

// writeBodies writes the files of the revisions that are executed here, and returns what executes them.
func (p *project) writeBodies(all map[string]body) migrated.Bodies {
	bodies := migrated.Bodies{}
	for id, body := range all {
		p.write(map[string]string{"migrations/" + id + ".rev.go": fmt.Sprintf(
			"// revision: %s\n// down_revision: %s\n\npackage migrations\n", id, body.DownRevision)})
		bodies.Add(id, migrated.Body{Up: doing(body.Up), Down: doing(body.Down)})
	}
	return bodies
}

// doing makes a body of what the list says.
func doing(all []does) migrated.BodyFunc {
	return func(ctx context.Context, db *sql.DB) error {
		for _, one := range all {
			if one.Raise != "" {
				return errors.New(one.Raise)
			}
			if err := one.do(ctx, db); err != nil {
				return fmt.Errorf("%s: %w", one.SQL, err)
			}
		}
		return nil
	}
}

func (one does) do(ctx context.Context, db *sql.DB) error {
	if one.Rows != nil {
		return one.read(ctx, db)
	}
	result, err := db.ExecContext(ctx, one.text(ctx), one.Parameters...)
	if one.Fails {
		if err == nil {
			return errors.New("it did not fail")
		}
		return nil
	}
	if err != nil || one.Count == nil {
		return err
	}
	count, err := result.RowsAffected()
	if err == nil && count != *one.Count {
		err = fmt.Errorf("%d rows, not %d", count, *one.Count)
	}
	return err
}

// text is the statement with the engine's placeholders.
func (one does) text(ctx context.Context) string {
	step, _ := migrated.StepFrom(ctx)
	if step.Dialect != "postgresql" {
		return one.SQL
	}
	parts := strings.Split(one.SQL, "?")
	text := parts[0]
	for i, part := range parts[1:] {
		text += fmt.Sprintf("$%d%s", i+1, part)
	}
	return text
}

func (one does) read(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, one.text(ctx), one.Parameters...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	found := [][]any{}
	for rows.Next() {
		row, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			places[i] = &row[i]
		}
		if err := rows.Scan(places...); err != nil {
			return err
		}
		for i := range row {
			if number, ok := row[i].(int64); ok {
				row[i] = int(number)
			}
		}
		found = append(found, row)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if !reflect.DeepEqual(found, one.Rows) {
		return fmt.Errorf("%v, not %v", found, one.Rows)
	}
	return nil
}
